using System;
using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Overlay.Lease;

/// <summary>An IPv6 address with a prefix length. Leases carry it; nothing here forwards IPv6.</summary>
/// <param name="Address">Host byte order: the first group of the text is the top 16 bits.</param>
/// <param name="Length">Prefix length in bits, 0 to 128.</param>
public readonly record struct Ipv6Prefix(UInt128 Address, int Length)
{
    private const int GroupCount = 8;

    private static readonly SearchValues<char> s_addressCharacters = SearchValues.Create("0123456789abcdefABCDEF:.");

    /// <summary>Length bits set from the top; 0 for length 0.</summary>
    public UInt128 Mask => Length == 0 ? 0 : UInt128.MaxValue << (128 - Length);

    /// <summary>The network address: the lowest address of the prefix.</summary>
    public UInt128 First => Address & Mask;

    /// <summary>The highest address of the prefix.</summary>
    public UInt128 Last => First | ~Mask;

    /// <summary>The same prefix without host bits.</summary>
    public Ipv6Prefix Masked() => new(First, Length);

    /// <summary>Whether an address lies inside.</summary>
    public bool Contains(UInt128 address) => (address & Mask) == First;

    /// <summary>Whether the whole of another prefix lies inside; a prefix contains itself.</summary>
    public bool Contains(Ipv6Prefix other) => other.Length >= Length && Contains(other.Address);

    /// <summary>Whether the two share an address.</summary>
    public bool Overlaps(Ipv6Prefix other) => Contains(other) || other.Contains(this);

    /// <summary>Reads <c>fc00::/48</c>. Host bits are accepted and kept; IPv4 text is refused.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Ipv6Prefix prefix)
    {
        prefix = default;
        int slash = text.IndexOf('/');
        if (slash < 0
            || !TryParseAddress(text[..slash], out UInt128 address)
            || !int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int length)
            || length > 128)
        {
            return false;
        }

        prefix = new Ipv6Prefix(address, length);
        return true;
    }

    /// <summary>Reads an IPv6 address without zone or brackets.</summary>
    /// <param name="text">For example <c>fc00::1</c>.</param>
    /// <param name="address">0 when the text is refused.</param>
    public static bool TryParseAddress(ReadOnlySpan<char> text, out UInt128 address)
    {
        address = 0;
        // IPAddress also takes a zone, brackets and a port, none of which is part of an address here.
        if (text.ContainsAnyExcept(s_addressCharacters)
            || !IPAddress.TryParse(text, out IPAddress? parsed)
            || parsed.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[16];
        parsed.TryWriteBytes(bytes, out _);
        address = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return true;
    }

    /// <summary>
    /// The canonical text (RFC 5952, section 4): lower case, the longest run of zero groups as <c>::</c>.
    /// </summary>
    public static string Format(UInt128 address)
    {
        Span<ushort> groups = stackalloc ushort[GroupCount];
        for (int i = 0; i < GroupCount; i++)
        {
            groups[i] = (ushort)(address >> (112 - 16 * i));
        }

        (int runStart, int runLength) = LongestZeroRun(groups);
        StringBuilder text = new();
        for (int i = 0; i < GroupCount; i++)
        {
            if (i == runStart)
            {
                text.Append("::");
                i += runLength - 1;
                continue;
            }

            if (text.Length > 0 && text[^1] != ':')
            {
                text.Append(':');
            }

            text.Append(CultureInfo.InvariantCulture, $"{groups[i]:x}");
        }

        return text.ToString();
    }

    /// <summary>For example <c>fc00::/48</c>.</summary>
    public override string ToString() => $"{Format(Address)}/{Length}";

    // A single zero group is written as 0 (RFC 5952, section 4.2.2); the first of equal runs wins (4.2.3).
    private static (int Start, int Length) LongestZeroRun(ReadOnlySpan<ushort> groups)
    {
        (int Start, int Length) best = (-1, 1);
        int start = 0;
        for (int i = 0; i <= GroupCount; i++)
        {
            if (i < GroupCount && groups[i] == 0)
            {
                continue;
            }

            if (i - start > best.Length)
            {
                best = (start, i - start);
            }

            start = i + 1;
        }

        return best;
    }
}
