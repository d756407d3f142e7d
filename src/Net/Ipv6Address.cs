using System;
using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Overlay.Net;

/// <summary>An IPv6 address without a zone. The default value is <c>::</c>, which names no host.</summary>
/// <param name="Value">The address as a number: the first group of the text is the top 16 bits.</param>
public readonly record struct Ipv6Address(UInt128 Value)
{
    private const int GroupCount = 8;

    private static readonly SearchValues<char> s_addressCharacters = SearchValues.Create("0123456789abcdefABCDEF:.");

    /// <summary>Whether it is <c>::</c>, which stands for "any" and for "none".</summary>
    public bool IsUnspecified => Value == 0;

    /// <summary>The address <paramref name="count"/> after this one; after the highest comes <c>::</c>.</summary>
    public static Ipv6Address operator +(Ipv6Address address, UInt128 count) => new(address.Value + count);

    /// <summary>Reads an IPv6 address without zone or brackets.</summary>
    /// <param name="text">For example <c>fc00::1</c>.</param>
    /// <param name="address"><c>::</c> when the text is refused.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out Ipv6Address address)
    {
        address = default;
        // IPAddress also takes a zone, brackets and a port, none of which is part of an address here.
        if (text.ContainsAnyExcept(s_addressCharacters)
            || !IPAddress.TryParse(text, out IPAddress? parsed)
            || parsed.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[16];
        parsed.TryWriteBytes(bytes, out _);
        address = new Ipv6Address(BinaryPrimitives.ReadUInt128BigEndian(bytes));
        return true;
    }

    /// <summary>As <see cref="TryParse"/>, for text that is known to be an address.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static Ipv6Address Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out Ipv6Address address) ? address : throw new FormatException($"not an IPv6 address: {text}");

    /// <summary>
    /// The canonical text (RFC 5952, section 4): lower case, the longest run of zero groups as <c>::</c>.
    /// </summary>
    public override string ToString()
    {
        Span<ushort> groups = stackalloc ushort[GroupCount];
        for (int i = 0; i < GroupCount; i++)
        {
            groups[i] = (ushort)(Value >> (112 - 16 * i));
        }

        (int runStart, int runLength) = LongestZeroRun(groups);
        var text = new StringBuilder();
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
