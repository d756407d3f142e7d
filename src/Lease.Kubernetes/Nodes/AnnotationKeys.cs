using System;

namespace Overlay.Lease.Kubernetes.Nodes;

/// <summary>
/// The names of the annotations in which hosts tell each other of their leases, below one prefix (flannel
/// pkg/subnet/kube/annotations.go).
/// </summary>
public sealed class AnnotationKeys
{
    /// <summary>flannel's prefix.</summary>
    public const string DefaultPrefix = "flannel.alpha.coreos.com";

    /// <summary>What <see cref="Managed"/> says of a node whose daemon keeps its lease in its annotations.</summary>
    public const string IsManaged = "true";

    internal const string ManagedSuffix = "kube-subnet-manager", TypeSuffix = "backend-type";
    internal const string DataSuffix = "backend-data", V6DataSuffix = "backend-v6-data";
    internal const string PublicIpSuffix = "public-ip", PublicIpv6Suffix = "public-ipv6";
    internal const string OverwriteSuffix = "public-ip-overwrite", NodePublicIpSuffix = "node-public-ip";

    private AnnotationKeys(string prefix) => Prefix = prefix;

    /// <summary>What every name begins with; ends with a slash or a dash.</summary>
    public string Prefix { get; }

    /// <summary>Written: <see cref="IsManaged"/>. Nodes without it have no lease.</summary>
    public string Managed => $"{Prefix}{ManagedSuffix}";

    /// <summary>Written: the backend; empty for udp.</summary>
    public string Type => $"{Prefix}{TypeSuffix}";

    /// <summary>Written: what the backend publishes, as JSON; <c>null</c> for nothing.</summary>
    public string Data => $"{Prefix}{DataSuffix}";

    /// <summary>The same for IPv6.</summary>
    public string V6Data => $"{Prefix}{V6DataSuffix}";

    /// <summary>Written: the address that peers send to.</summary>
    public string PublicIp => $"{Prefix}{PublicIpSuffix}";

    /// <summary>The same for IPv6.</summary>
    public string PublicIpv6 => $"{Prefix}{PublicIpv6Suffix}";

    /// <summary>Read: what is written as <see cref="PublicIp"/> in place of the host's own, for a host behind
    /// NAT.</summary>
    public string PublicIpOverwrite => $"{Prefix}{OverwriteSuffix}";

    /// <summary>Read at the start: used like <c>--public-ip</c>, and goes before it.</summary>
    public string NodePublicIp => $"{Prefix}{NodePublicIpSuffix}";

    /// <summary>Reads <c>--kube-annotation-prefix</c>.</summary>
    /// <param name="text">A dotted name, with or without a slash and a part behind it.</param>
    /// <param name="keys">Null when it is refused.</param>
    /// <param name="problem">Why, in stock's words; null when it is not.</param>
    public static bool TryParse(string text, out AnnotationKeys? keys, out string? problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash != text.LastIndexOf('/'))
        {
            (keys, problem) = (null, "subnet/kube: prefix can contain at most single slash");
            return false;
        }

        string prefix = slash < 0 ? $"{text}/" : text;
        if (prefix[^1] is not '/' and not '-')
        {
            prefix += "-";
        }

        int end = prefix.IndexOf('/', StringComparison.Ordinal);
        if (!IsDottedName(prefix.AsSpan(0, end)) || !IsPart(prefix.AsSpan(end + 1)))
        {
            (keys, problem) = (null, "subnet/kube: prefix must be in a format: fqdn/[0-9a-z-_]*");
            return false;
        }

        (keys, problem) = (new AnnotationKeys(prefix), null);
        return true;
    }

    /// <summary>As <see cref="TryParse"/>, for text that is known to be a prefix.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static AnnotationKeys Parse(string text) =>
        TryParse(text, out AnnotationKeys? keys, out string? problem) && keys is not null
            ? keys
            : throw new FormatException(problem);

    // Labels of letters, digits and dashes, no dash at an end, and two of them at least: org is none (K8S-8).
    private static bool IsDottedName(ReadOnlySpan<char> name)
    {
        int labels = 0;
        foreach (Range range in name.Split('.'))
        {
            ReadOnlySpan<char> label = name[range];
            labels++;
            if (label.IsEmpty || label[0] == '-' || label[^1] == '-' || !IsOf(label, "-"))
            {
                return false;
            }
        }

        return labels > 1;
    }

    private static bool IsPart(ReadOnlySpan<char> part) => IsOf(part, "-_");

    private static bool IsOf(ReadOnlySpan<char> text, ReadOnlySpan<char> more)
    {
        foreach (char letter in text)
        {
            if (!char.IsAsciiLetterLower(letter) && !char.IsAsciiDigit(letter) && !more.Contains(letter))
            {
                return false;
            }
        }

        return true;
    }
}
