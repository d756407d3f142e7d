using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Linq;

namespace Overlay.Lease.Etcd.Client;

/// <summary>
/// The text of <c>--etcd-endpoints</c>: URLs, or hosts with their ports, with commas between them, as flannel takes
/// them.
/// </summary>
public static class EtcdEndpointList
{
    private const string SchemeMark = "://";

    /// <summary>Reads it. Spaces around a URL, a slash after it and a URL given twice are forgiven.</summary>
    /// <param name="text">For example <c>https://10.0.0.1:2379,https://10.0.0.2:2379</c>.</param>
    /// <param name="hasTls">Whether certificates are given, which is what decides over a list without any scheme
    /// (etcd's client/v3/internal/endpoint). Otherwise a host without one takes that of the others.</param>
    /// <param name="endpoints">One or more, in their order, all with the same scheme.</param>
    /// <param name="problem">One line: what is wrong with which URL, and what it should look like.</param>
    public static bool TryParse(
        string text,
        bool hasTls,
        [NotNullWhen(true)] out IReadOnlyList<Uri>? endpoints,
        [NotNullWhen(false)] out string? problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        endpoints = null;
        List<Uri> found = [];
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        string defaultScheme = parts.FirstOrDefault(HasScheme) is { } url
            ? url[..url.IndexOf(SchemeMark, StringComparison.Ordinal)]
            : hasTls ? Uri.UriSchemeHttps : Uri.UriSchemeHttp;
        foreach (string part in parts)
        {
            if (!TryParseOne(part, defaultScheme, out Uri? endpoint, out problem))
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

    /// <summary>An endpoint for messages, always with its port: <c>http://10.0.0.1:2379</c>.</summary>
    internal static string Text(Uri endpoint) => $"{endpoint.Scheme}://{HostAndPort(endpoint)}";

    /// <summary>The same without the scheme.</summary>
    internal static string HostAndPort(Uri endpoint) => $"{endpoint.Host}:{endpoint.Port}";

    private static bool HasScheme(string part) => part.Contains(SchemeMark, StringComparison.Ordinal);

    private static bool TryParseOne(
        string part,
        string defaultScheme,
        [NotNullWhen(true)] out Uri? endpoint,
        [NotNullWhen(false)] out string? problem)
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
        string url = HasScheme(part) ? part : $"{defaultScheme}{SchemeMark}{part}";
        bool isEndpoint = Uri.TryCreate(url, UriKind.Absolute, out endpoint)
            && endpoint.Scheme is "http" or "https"
            && part.TrimEnd('/').EndsWith($":{endpoint.Port}", StringComparison.Ordinal)
            && endpoint.PathAndQuery == "/";
        problem = isEndpoint
            ? null
            : $"etcd endpoint \"{part}\": must look like http://10.0.0.1:2379, https://etcd.example:2379 or "
                + "10.0.0.1:2379";
        return isEndpoint;
    }
}
