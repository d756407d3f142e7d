using System;
using System.Globalization;

namespace Overlay.Net;

/// <summary>
/// An Ethernet address of 48 bits (IEEE 802). The default value is 00:00:00:00:00:00, which names no interface.
/// </summary>
/// <param name="Value">The address as a number, whose highest byte of six is the first on the wire.</param>
public readonly record struct MacAddress(ulong Value)
{
    /// <summary>Bytes of an address in a frame.</summary>
    public const int ByteCount = 6;

    // Both in the first octet (IEEE 802, section 8.2).
    private const ulong GroupBit = 0x01UL << 40;
    private const ulong LocalBit = 0x02UL << 40;
    private const ulong Bits = (1UL << 48) - 1;

    /// <summary>Whether it can be the address of one interface: neither a group's nor all zeros.</summary>
    public bool IsUnicast => Value != 0 && (Value & GroupBit) == 0;

    /// <summary>The nearest address that is locally administered and not a group's.</summary>
    public MacAddress AsLocal() => new((Value & Bits & ~GroupBit) | LocalBit);

    /// <summary>Reads an address as it stands in a frame.</summary>
    /// <param name="bytes">At least <see cref="ByteCount"/>; what follows is not looked at.</param>
    public static MacAddress Read(ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        foreach (byte octet in bytes[..ByteCount])
        {
            value = (value << 8) | octet;
        }

        return new MacAddress(value);
    }

    /// <summary>Writes it as it stands in a frame.</summary>
    /// <param name="bytes">At least <see cref="ByteCount"/>; the first are written.</param>
    public void Write(Span<byte> bytes)
    {
        for (int i = 0; i < ByteCount; i++)
        {
            bytes[i] = (byte)(Value >> (8 * (ByteCount - 1 - i)));
        }
    }

    /// <summary>
    /// Reads <c>0a:1b:2c:3d:4e:5f</c>, <c>0a-1b-2c-3d-4e-5f</c> or <c>0a1b.2c3d.4e5f</c>, capitals or not: what Go's
    /// net.ParseMAC takes of this length.
    /// </summary>
    /// <param name="text">No blanks.</param>
    /// <param name="address">All zeros when the text is refused.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out MacAddress address)
    {
        address = default;
        (char separator, int digits) = text.Length switch
        {
            17 when text[2] is ':' or '-' => (text[2], 2),
            14 when text[4] == '.' => ('.', 4),
            _ => ('\0', 0),
        };
        if (digits == 0)
        {
            return false;
        }

        ulong value = 0;
        for (int start = 0; start < text.Length; start += digits + 1)
        {
            bool isSeparated = start == 0 || text[start - 1] == separator;
            if (!isSeparated || !ushort.TryParse(
                text.Slice(start, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture,
                out ushort group))
            {
                return false;
            }

            value = (value << (4 * digits)) | group;
        }

        address = new MacAddress(value);
        return true;
    }

    /// <summary>As <see cref="TryParse"/>, for text that is known to be an address.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static MacAddress Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out MacAddress address) ? address : throw new FormatException($"not a MAC address: {text}");

    /// <summary>For example <c>0a:1b:2c:3d:4e:5f</c>.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[ByteCount];
        Write(bytes);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{bytes[0]:x2}:{bytes[1]:x2}:{bytes[2]:x2}:{bytes[3]:x2}:{bytes[4]:x2}:{bytes[5]:x2}");
    }
}
