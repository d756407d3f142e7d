using System;
using System.Buffers;
using System.Globalization;
using Overlay.Net;

namespace Overlay.Lease;

/// <summary>
/// The name of a lease: <c>10.5.34.0-24</c>, or with an IPv6 subnet <c>10.5.34.0-24&amp;fc00:0:0:1::-64</c> (flannel
/// pkg/subnet/subnet.go MakeSubnetKey and ParseSubnetKey).
/// </summary>
/// <param name="Subnet">As written: alignment is not checked. Length 0 to 31.</param>
/// <param name="Ipv6Subnet">Null when the key has no IPv6 part; length 0 to 127.</param>
public readonly record struct SubnetKey(Ipv4Prefix Subnet, Ipv6Prefix? Ipv6Subnet = null)
{
    // The key keeps the length in 5 bits, and in 7 for IPv6: a /32 has no key.
    private const int LongestIpv4 = 31;
    private const int LongestIpv6 = 127;

    private static readonly SearchValues<char> s_ipv6Characters = SearchValues.Create("0123456789abcdef:");
    private static readonly SearchValues<char> s_ipv4Characters = SearchValues.Create("0123456789.");

    /// <summary>
    /// Reads the end of a key; whatever stands before the four octets is taken for a path and ignored.
    /// </summary>
    /// <returns>False when the end is not a subnet. Upper-case hexadecimal is refused. Between octets only a dot is
    /// taken, where flannel takes any character for the second and third.</returns>
    public static bool TryParse(ReadOnlySpan<char> key, out SubnetKey subnetKey)
    {
        subnetKey = default;
        ReadOnlySpan<char> rest = key;
        if (!TryTakeLength(ref rest, out int length))
        {
            return false;
        }

        Ipv6Prefix? ipv6Subnet = null;
        int ampersand = rest.LastIndexOf('&');
        if (ampersand >= 0 && !rest[(ampersand + 1)..].ContainsAnyExcept(s_ipv6Characters))
        {
            if (length > LongestIpv6 || !Ipv6Address.TryParse(rest[(ampersand + 1)..], out Ipv6Address ipv6))
            {
                return false;
            }

            ipv6Subnet = new Ipv6Prefix(ipv6, length);
            rest = rest[..ampersand];
            if (!TryTakeLength(ref rest, out length))
            {
                return false;
            }
        }

        if (length > LongestIpv4 || !Ipv4Address.TryParse(LastFourOctets(rest), out Ipv4Address address))
        {
            return false;
        }

        subnetKey = new SubnetKey(new Ipv4Prefix(address, length), ipv6Subnet);
        return true;
    }

    /// <summary>The key, without any path.</summary>
    public string Format()
    {
        string ipv4 = $"{Subnet.Address}-{Subnet.Length}";
        return Ipv6Subnet is { } ipv6 ? $"{ipv4}&{ipv6.Address}-{ipv6.Length}" : ipv4;
    }

    /// <inheritdoc cref="Format"/>
    public override string ToString() => Format();

    // Removes "-24" from the end.
    private static bool TryTakeLength(ref ReadOnlySpan<char> rest, out int length)
    {
        length = 0;
        int dash = rest.LastIndexOf('-');
        if (dash < 0
            || !int.TryParse(rest[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out length))
        {
            return false;
        }

        rest = rest[..dash];
        return true;
    }

    private static ReadOnlySpan<char> LastFourOctets(ReadOnlySpan<char> text)
    {
        int start = text.LastIndexOfAnyExcept(s_ipv4Characters) + 1;
        ReadOnlySpan<char> octets = text[start..];
        while (octets.Count('.') > 3)
        {
            octets = octets[(octets.IndexOf('.') + 1)..];
        }

        return octets;
    }
}
