using System;
using System.Globalization;

namespace Overlay.Lease;

/// <summary>
/// An IPv4 address with a prefix length, such as 10.5.34.0/24. Host bits are kept until <see cref="Masked"/>.
/// </summary>
/// <param name="Address">Host byte order: 10.1.2.3 is 0x0A010203.</param>
/// <param name="Length">Prefix length in bits, 0 to 32.</param>
public readonly record struct Ipv4Prefix(uint Address, int Length)
{
    /// <summary>Length bits set from the top; 0 for length 0.</summary>
    public uint Mask => MaskOf(Length);

    /// <summary>The network address, host byte order: the lowest address of the prefix.</summary>
    public uint First => Address & Mask;

    /// <summary>The highest address of the prefix, host byte order.</summary>
    public uint Last => First | ~Mask;

    /// <summary>Whether the address has no host bits.</summary>
    public bool IsMasked => Address == First;

    /// <summary>The same prefix without host bits.</summary>
    public Ipv4Prefix Masked() => new(First, Length);

    /// <summary>Whether an address, host byte order, lies inside.</summary>
    public bool Contains(uint address) => (address & Mask) == First;

    /// <summary>Whether the whole of another prefix lies inside; a prefix contains itself.</summary>
    public bool Contains(Ipv4Prefix other) => other.Length >= Length && Contains(other.Address);

    /// <summary>
    /// Whether the two share an address. Prefixes nest or are disjoint, so one then contains the other.
    /// </summary>
    public bool Overlaps(Ipv4Prefix other) => Contains(other) || other.Contains(this);

    /// <summary>Reads <c>10.5.0.0/16</c>. Host bits are accepted and kept.</summary>
    /// <returns>False when the address is not a strict dotted quad or the length is not a decimal number from 0 to
    /// 32.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out Ipv4Prefix prefix)
    {
        prefix = default;
        int slash = text.IndexOf('/');
        if (slash < 0
            || !TryParseAddress(text[..slash], out uint address)
            || !int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int length)
            || length > 32)
        {
            return false;
        }

        prefix = new Ipv4Prefix(address, length);
        return true;
    }

    /// <summary>
    /// Reads a strict dotted quad: four decimal numbers of 0 to 255 without leading zeros (as Go's net.ParseIP).
    /// </summary>
    /// <param name="text">For example <c>10.1.2.3</c>; no blanks.</param>
    /// <param name="address">Host byte order; 0 when the text is refused.</param>
    public static bool TryParseAddress(ReadOnlySpan<char> text, out uint address)
    {
        address = 0;
        uint result = 0;
        for (int octet = 0; octet < 4; octet++)
        {
            int end = octet < 3 ? text.IndexOf('.') : text.Length;
            if (end is < 1 or > 3 || (end > 1 && text[0] == '0'))
            {
                return false;
            }

            uint value = 0;
            foreach (char digit in text[..end])
            {
                if (!char.IsAsciiDigit(digit))
                {
                    return false;
                }

                value = value * 10 + (uint)(digit - '0');
            }

            if (value > 255)
            {
                return false;
            }

            result = (result << 8) | value;
            text = octet < 3 ? text[(end + 1)..] : default;
        }

        address = result;
        return true;
    }

    /// <summary>The dotted quad of an address in host byte order.</summary>
    public static string Format(uint address) =>
        $"{address >> 24}.{(address >> 16) & 0xFF}.{(address >> 8) & 0xFF}.{address & 0xFF}";

    /// <summary>For example <c>10.5.0.0/16</c>, with host bits if there are any.</summary>
    public override string ToString() => $"{Format(Address)}/{Length}";

    // A shift by 32 is a shift by 0 in C#, hence the case of its own.
    internal static uint MaskOf(int length) => length == 0 ? 0 : uint.MaxValue << (32 - length);
}
