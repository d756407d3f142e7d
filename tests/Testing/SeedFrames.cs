using System;
using System.Buffers.Binary;

namespace Overlay.Testing;

/// <summary>Four frames of the literature's captures, rebuilt from the fields that their decoded form shows.</summary>
/// <remarks>
/// The 56 data bytes of each ping are not shown. The ICMP checksum fixes their sum, which is all that any other field
/// depends on: the first of them are a word that makes the checksum come out, and the others zeros.
/// </remarks>
public static class SeedFrames
{
    public const int EthernetBytes = 14, OuterEnd = 34, UdpEnd = 42, InnerEnd = 62, FrameBytes = 126;

    public const int VxlanFrameBytes = 148;

    private const int DataBytes = 56;

    // 12:34:56:78:9a:bc is the gateway's, the others are the hosts'.
    private static ReadOnlySpan<byte> Gateway => [0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc];

    private static ReadOnlySpan<byte> Microsoft => [0x00, 0x0d, 0x3a, 0xa3, 0xfa, 0xd5];

    private static ReadOnlySpan<byte> Cisco => [0xa0, 0x3d, 0x6f, 0x01, 0x0f, 0xef];

    private static ReadOnlySpan<byte> Vtep1 => [0x8e, 0xd0, 0xf8, 0x0a, 0x41, 0x19];

    private static ReadOnlySpan<byte> Vtep0 => [0x76, 0x34, 0x2f, 0xc5, 0x51, 0xec];

    /// <summary>A ping in UDP, captured on the sending host, so with a partial UDP checksum.</summary>
    public static byte[] Frame59() =>
    [
        .. Ethernet(Gateway, Microsoft),
        .. Ipv4(112, 0x3db7, 0x4000, 64, 17, 0xa49c, [172, 16, 0, 5], [172, 16, 0, 4]),
        .. Udp(8285, 8285, 92, 0x5897),
        .. Ipv4(84, 0x3fd8, 0x4000, 62, 1, 0xe5d5, [10, 244, 1, 14], [10, 244, 0, 6]),
        .. Echo(8, 0x451d, 1536, 32),
    ];

    /// <summary>Its answer: received, so with its UDP checksum complete.</summary>
    public static byte[] Frame60() =>
    [
        .. Ethernet(Microsoft, Cisco),
        .. Ipv4(112, 0x4cbe, 0x4000, 64, 17, 0x9595, [172, 16, 0, 4], [172, 16, 0, 5]),
        .. Udp(8285, 8285, 92, 0x6652),
        .. Ipv4(84, 0xd317, 0x0000, 62, 1, 0x9296, [10, 244, 0, 6], [10, 244, 1, 14]),
        .. Echo(0, 0x4d1d, 1536, 32),
    ];

    /// <summary>A ping in VXLAN, captured on the sending host.</summary>
    public static byte[] Frame7() =>
    [
        .. Ethernet(Gateway, Microsoft),
        .. Ipv4(134, 0x1171, 0x0000, 64, 17, 0x10cd, [172, 16, 0, 5], [172, 16, 0, 4]),
        .. Udp(38330, 8472, 114, 0x58ad),
        0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00,
        .. Ethernet(Vtep0, Vtep1),
        .. Ipv4(84, 0x2b06, 0x4000, 63, 1, 0xf9b1, [10, 244, 1, 5], [10, 244, 0, 5]),
        .. Echo(8, 0xdfbe, 2560, 103),
    ];

    /// <summary>Its answer.</summary>
    public static byte[] Frame8() =>
    [
        .. Ethernet(Microsoft, Cisco),
        .. Ipv4(134, 0xedfb, 0x0000, 64, 17, 0x3442, [172, 16, 0, 4], [172, 16, 0, 5]),
        .. Udp(56724, 8472, 114, 0xd758),
        0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00,
        .. Ethernet(Vtep1, Vtep0),
        .. Ipv4(84, 0xff42, 0x0000, 63, 1, 0x6575, [10, 244, 0, 5], [10, 244, 1, 5]),
        .. Echo(0, 0xe7be, 2560, 103),
    ];

    private static byte[] Ethernet(ReadOnlySpan<byte> destination, ReadOnlySpan<byte> source) =>
        [.. destination, .. source, 0x08, 0x00];

    private static byte[] Ipv4(
        int totalLength, int identification, int flags, byte ttl, byte protocol, int checksum,
        byte[] source, byte[] destination)
    {
        byte[] header = [0x45, 0, .. new byte[6], ttl, protocol, 0, 0, .. source, .. destination];
        Write(header, 2, totalLength);
        Write(header, 4, identification);
        Write(header, 6, flags);
        Write(header, 10, checksum);
        return header;
    }

    private static byte[] Udp(int source, int destination, int length, int checksum)
    {
        byte[] header = new byte[8];
        Write(header, 0, source);
        Write(header, 2, destination);
        Write(header, 4, length);
        Write(header, 6, checksum);
        return header;
    }

    // All words, the checksum among them, sum to 0xffff (RFC 1071): the first word of the data is what is missing.
    private static byte[] Echo(byte type, int checksum, int identifier, int sequence)
    {
        byte[] message = [type, 0, .. new byte[6 + DataBytes]];
        Write(message, 2, checksum);
        Write(message, 4, identifier);
        Write(message, 6, sequence);
        int sum = (type << 8) + checksum + identifier + sequence;
        Write(message, 8, 0xffff - (sum & 0xffff) - (sum >> 16));
        return message;
    }

    private static void Write(byte[] bytes, int offset, int value) =>
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(offset), (ushort)value);
}
