using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Overlay.Net;

/// <summary>An IPv4 address. The default value is 0.0.0.0, which names no host.</summary>
/// <param name="Value">
/// The address as a number in host order, whatever the machine's: 10.1.2.3 is 0x0A010203, so that addresses that
/// follow each other are numbers that do. For arithmetic and tables; packets and kernel structures have the other
/// order, which <see cref="Read"/> and <see cref="Write"/> convert.
/// </param>
public readonly record struct Ipv4Address(uint Value) : IComparable<Ipv4Address>
{
    /// <summary>Bytes of an address in a packet.</summary>
    public const int ByteCount = 4;

    /// <summary>127.0.0.1.</summary>
    public static Ipv4Address Loopback => new(0x7F000001);

    /// <summary>Whether it is 0.0.0.0, which stands for "any" and for "none".</summary>
    public bool IsUnspecified => Value == 0;

    /// <summary>
    /// Whether it names many hosts: a group in 224.0.0.0/4, or 255.255.255.255, everybody on the link. An address of
    /// 240.0.0.0/4, once reserved, names one host to Linux since 2.6.25 (include/linux/in.h).
    /// </summary>
    public bool IsMulticastOrBroadcast
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Value >> 28 == 0xE || Value == uint.MaxValue;
    }

    /// <summary>
    /// Whether one host can be reached by it from others: not where <see cref="IsMulticastOrBroadcast"/>, and not in
    /// 0.0.0.0/8 or 127.0.0.0/8, which are "this network" and the host itself (RFC 1122, section 3.2.1.3).
    /// </summary>
    public bool IsUnicast
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Value >> 24 is not 0 and not 127 && !IsMulticastOrBroadcast;
    }

    /// <summary>The address <paramref name="count"/> after this one; after 255.255.255.255 comes 0.0.0.0.</summary>
    public static Ipv4Address operator +(Ipv4Address address, uint count) => new(address.Value + count);

    /// <summary>By number, as all four comparisons.</summary>
    public static bool operator <(Ipv4Address left, Ipv4Address right) => left.Value < right.Value;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >(Ipv4Address left, Ipv4Address right) => left.Value > right.Value;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator <=(Ipv4Address left, Ipv4Address right) => left.Value <= right.Value;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >=(Ipv4Address left, Ipv4Address right) => left.Value >= right.Value;

    /// <summary>Reads an address as it stands in a packet: four bytes in network order (RFC 791, appendix B).</summary>
    /// <param name="bytes">At least <see cref="ByteCount"/>; what follows is not looked at.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer.</exception>
    public static Ipv4Address Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt32BigEndian(bytes));

    /// <summary>Writes the address as it stands in a packet: four bytes in network order.</summary>
    /// <param name="bytes">At least <see cref="ByteCount"/>; what follows is left as it is.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer.</exception>
    public void Write(Span<byte> bytes) => BinaryPrimitives.WriteUInt32BigEndian(bytes, Value);

    /// <summary>
    /// Reads a strict dotted quad: four decimal numbers of 0 to 255 without leading zeros (as Go's net.ParseIP).
    /// </summary>
    /// <param name="text">For example <c>10.1.2.3</c>; no blanks.</param>
    /// <param name="address">0.0.0.0 when the text is refused.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out Ipv4Address address)
    {
        address = default;
        uint result = 0;
        for (int octet = 0; octet < ByteCount; octet++)
        {
            int end = octet < ByteCount - 1 ? text.IndexOf('.') : text.Length;
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
            text = octet < ByteCount - 1 ? text[(end + 1)..] : default;
        }

        address = new Ipv4Address(result);
        return true;
    }

    /// <summary>As <see cref="TryParse"/>, for text that is known to be an address.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static Ipv4Address Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out Ipv4Address address) ? address : throw new FormatException($"not an IPv4 address: {text}");

    /// <inheritdoc/>
    public int CompareTo(Ipv4Address other) => Value.CompareTo(other.Value);

    /// <summary>The dotted quad.</summary>
    public override string ToString() =>
        $"{Value >> 24}.{(Value >> 16) & 0xFF}.{(Value >> 8) & 0xFF}.{Value & 0xFF}";
}
