using System;
using System.Buffers.Binary;
using System.Globalization;

namespace Overlay.Lab.Decoding;

/// <summary>An Ethernet II header (14 bytes, no VLAN tag).</summary>
/// <param name="Destination">As <c>12:34:56:78:9a:bc</c>.</param>
/// <param name="Source">As <c>00:0d:3a:a3:fa:d5</c>.</param>
/// <param name="EtherType">0x0800 is IPv4.</param>
public readonly record struct EthernetFields(string Destination, string Source, ushort EtherType)
{
    /// <summary>Length of an untagged header (IEEE 802.3).</summary>
    public const int HeaderBytes = 14;

    /// <summary>EtherType of IPv4 (linux/if_ether.h ETH_P_IP).</summary>
    public const ushort Ipv4 = 0x0800;

    private const int SourceOffset = 6, EtherTypeOffset = 12, AddressBytes = 6;

    /// <summary>False when <paramref name="frame"/> is shorter than a header.</summary>
    public static bool TryParse(ReadOnlySpan<byte> frame, out EthernetFields fields, out ReadOnlySpan<byte> payload)
    {
        if (frame.Length < HeaderBytes)
        {
            fields = default;
            payload = default;
            return false;
        }

        fields = new EthernetFields(
            Text(frame[..AddressBytes]),
            Text(frame.Slice(SourceOffset, AddressBytes)),
            BinaryPrimitives.ReadUInt16BigEndian(frame[EtherTypeOffset..]));
        payload = frame[HeaderBytes..];
        return true;
    }

    private static string Text(ReadOnlySpan<byte> address) => string.Create(
        CultureInfo.InvariantCulture,
        $"{address[0]:x2}:{address[1]:x2}:{address[2]:x2}:{address[3]:x2}:{address[4]:x2}:{address[5]:x2}");
}
