using System;
using System.Globalization;

namespace Overlay.Net;

/// <summary>
/// An IPv4 address with a prefix length, such as 10.5.34.0/24. Host bits are kept until <see cref="Masked"/>.
/// </summary>
/// <param name="Address">An address of the prefix, not necessarily the first.</param>
/// <param name="Length">Prefix length in bits, 0 to 32.</param>
public readonly record struct Ipv4Prefix(Ipv4Address Address, int Length)
{
    /// <summary>The netmask as a number: Length bits set from the top; 0 for length 0.</summary>
    public uint Mask => MaskOf(Length);

    /// <summary>The network address: the lowest address of the prefix.</summary>
    public Ipv4Address First => new(Address.Value & Mask);

    /// <summary>The highest address of the prefix.</summary>
    public Ipv4Address Last => new(Address.Value | ~Mask);

    /// <summary>Whether the address has no host bits.</summary>
    public bool IsMasked => Address == First;

    /// <summary>The netmask of a prefix length of 0 to 32, as a number.</summary>
    // A shift by 32 is a shift by 0 in C#, hence the case of its own.
    public static uint MaskOf(int length) => length == 0 ? 0 : uint.MaxValue << (32 - length);

    /// <summary>The same prefix without host bits.</summary>
    public Ipv4Prefix Masked() => new(First, Length);

    /// <summary>Whether an address lies inside.</summary>
    public bool Contains(Ipv4Address address) => ((address.Value ^ Address.Value) & Mask) == 0;

    /// <summary>Whether the whole of another prefix lies inside; a prefix contains itself.</summary>
    public bool Contains(Ipv4Prefix other) => other.Length >= Length && Contains(other.Address);

    /// <summary>
    /// Whether the two share an address. Prefixes nest or are disjoint, so one then contains the other.
    /// </summary>
    public bool Overlaps(Ipv4Prefix other) => Contains(other) || other.Contains(this);

    /// <summary>Reads <c>10.5.0.0/16</c>. Host bits are accepted and kept.</summary>
    /// <param name="text">For example <c>10.5.0.0/16</c>; no blanks.</param>
    /// <param name="prefix">0.0.0.0/0 when the text is refused.</param>
    /// <returns>False when the address is not a strict dotted quad or the length is not a decimal number from 0 to
    /// 32.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out Ipv4Prefix prefix)
    {
        prefix = default;
        int slash = text.IndexOf('/');
        if (slash < 0
            || !Ipv4Address.TryParse(text[..slash], out Ipv4Address address)
            || !int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int length)
            || length > 32)
        {
            return false;
        }

        prefix = new Ipv4Prefix(address, length);
        return true;
    }

    /// <summary>As <see cref="TryParse"/>, for text that is known to be a prefix.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static Ipv4Prefix Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out Ipv4Prefix prefix) ? prefix : throw new FormatException($"not an IPv4 prefix: {text}");

    /// <summary>For example <c>10.5.0.0/16</c>, with host bits if there are any.</summary>
    public override string ToString() => $"{Address}/{Length}";
}
