using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;

namespace Overlay.Lease.Etcd.Client;

/// <summary>The text of <c>--etcd-endpoints</c>: URLs with commas between them, as flannel takes them.</summary>
public static class EtcdEndpointList
{
    /// <summary>Reads it. Spaces around a URL, a slash after it and a URL given twice are forgiven.</summary>
    /// <param name="text">For example <c>https://10.0.0.1:2379,https://10.0.0.2:2379</c>.</param>
    /// <param name="endpoints">One or more, in their order, all with the same scheme.</param>
    /// <param name="problem">One line: what is wrong with which URL, and what it should look like.</param>
    public static bool TryParse(
        string text,
        [NotNullWhen(true)] out IReadOnlyList<Uri>? endpoints,
        [NotNullWhen(false)] out string? problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        endpoints = null;
        List<Uri> found = [];
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!TryParseOne(part, out Uri? endpoint, out problem))
            {
                return false;
            }

            if (found.Count > 0 && found[0].Scheme != endpoint.Scheme)
            {
                problem = $"etcd endpoint {part}: all endpoints must be http or all https, and the first is "
                    + $"{found[0].Scheme}";
                return false;
            }

            if (!found.Contains(endpoint))
            {
                found.Add(endpoint);
            }
        }

        endpoints = found;
        problem = null;
        return true;
    }

    private static bool TryParseOne(
        string part, [NotNullWhen(true)] out Uri? endpoint, [NotNullWhen(false)] out string? problem)
    {
        endpoint = null;
        if (part.Contains('@'))
        {
            // Not shown: what stands before it may be a password.
            problem = "etcd endpoint with \"@\": must not hold user and password; use --etcd-username and "
                + "--etcd-password-file";
            return false;
        }

        // Without a port a URL means 80 or 443, where no etcd listens.
        bool isEndpoint = part.Contains("://", StringComparison.Ordinal)
            && Uri.TryCreate(part, UriKind.Absolute, out endpoint)
            && endpoint.Scheme is "http" or "https"
            && part.TrimEnd('/').EndsWith($":{endpoint.Port}", StringComparison.Ordinal)
            && endpoint.PathAndQuery == "/";
        problem = isEndpoint
            ? null
            : $"etcd endpoint \"{part}\": must look like http://10.0.0.1:2379 or https://etcd.example:2379";
        return isEndpoint;
    }
}
