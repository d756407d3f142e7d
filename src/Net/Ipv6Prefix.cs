using System;
using System.Globalization;

namespace Overlay.Net;

/// <summary>
/// An IPv6 address with a prefix length, such as fc00::/48. Host bits are kept until <see cref="Masked"/>.
/// </summary>
/// <param name="Address">An address of the prefix, not necessarily the first.</param>
/// <param name="Length">Prefix length in bits, 0 to 128.</param>
public readonly record struct Ipv6Prefix(Ipv6Address Address, int Length)
{
    /// <summary>The netmask as a number: Length bits set from the top; 0 for length 0.</summary>
    public UInt128 Mask => MaskOf(Length);

    /// <summary>The network address: the lowest address of the prefix.</summary>
    public Ipv6Address First => new(Address.Value & Mask);

    /// <summary>The highest address of the prefix.</summary>
    public Ipv6Address Last => new(Address.Value | ~Mask);

    /// <summary>Whether the address has no host bits.</summary>
    public bool IsMasked => Address == First;

    /// <summary>The netmask of a prefix length of 0 to 128, as a number.</summary>
    // A shift by 128 is a shift by 0 in C#, hence the case of its own.
    public static UInt128 MaskOf(int length) => length == 0 ? 0 : UInt128.MaxValue << (128 - length);

    /// <summary>The same prefix without host bits.</summary>
    public Ipv6Prefix Masked() => new(First, Length);

    /// <summary>Whether an address lies inside.</summary>
    public bool Contains(Ipv6Address address) => ((address.Value ^ Address.Value) & Mask) == 0;

    /// <summary>Whether the whole of another prefix lies inside; a prefix contains itself.</summary>
    public bool Contains(Ipv6Prefix other) => other.Length >= Length && Contains(other.Address);

    /// <summary>Whether the two share an address.</summary>
    public bool Overlaps(Ipv6Prefix other) => Contains(other) || other.Contains(this);

    /// <summary>Reads <c>fc00::/48</c>. Host bits are accepted and kept; IPv4 text is refused.</summary>
    /// <param name="text">For example <c>fc00::/48</c>; no blanks.</param>
    /// <param name="prefix"><c>::/0</c> when the text is refused.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out Ipv6Prefix prefix)
    {
        prefix = default;
        int slash = text.IndexOf('/');
        if (slash < 0
            || !Ipv6Address.TryParse(text[..slash], out Ipv6Address address)
            || !int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int length)
            || length > 128)
        {
            return false;
        }

        prefix = new Ipv6Prefix(address, length);
        return true;
    }

    /// <summary>As <see cref="TryParse"/>, for text that is known to be a prefix.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static Ipv6Prefix Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out Ipv6Prefix prefix) ? prefix : throw new FormatException($"not an IPv6 prefix: {text}");

    /// <summary>For example <c>fc00::/48</c>, with host bits if there are any.</summary>
    public override string ToString() => $"{Address}/{Length}";
}
