namespace Overlay.Lab.Tests;

/// <summary>Frame 59 of the literature's capture, rebuilt from the fields that its decoded form shows.</summary>
/// <remarks>
/// The 56 data bytes are not shown. The ICMP checksum fixes their sum, which is all that any field depends on: zeros
/// and one word that makes the checksum come out.
/// </remarks>
internal static class SeedFrames
{
    internal const int EthernetBytes = 14, OuterEnd = 34, UdpEnd = 42, InnerEnd = 62, FrameBytes = 126;

    internal static byte[] Frame59()
    {
        byte[] icmp = [0x08, 0x00, 0x45, 0x1d, 0x06, 0x00, 0x00, 0x20, .. new byte[56]];
        // 0x0800 + 0x451d + 0x0600 + 0x0020 + data = 0xffff
        Write(icmp, 8, 0xffff - 0x0800 - 0x451d - 0x0600 - 0x0020);
        return
        [
            0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0x00, 0x0d, 0x3a, 0xa3, 0xfa, 0xd5, 0x08, 0x00,
            .. Ipv4(112, 0x3db7, 0x4000, 64, 17, 0xa49c, [172, 16, 0, 5], [172, 16, 0, 4]),
            0x20, 0x5d, 0x20, 0x5d, 0x00, 0x5c, 0x58, 0x97,
            .. Ipv4(84, 0x3fd8, 0x4000, 62, 1, 0xe5d5, [10, 244, 1, 14], [10, 244, 0, 6]),
            .. icmp,
        ];
    }

    /// <summary>Frame 60, the reply: received, so with its UDP checksum complete.</summary>
    internal static byte[] Frame60()
    {
        byte[] icmp = [0x00, 0x00, 0x4d, 0x1d, 0x06, 0x00, 0x00, 0x20, .. new byte[56]];
        Write(icmp, 8, 0xffff - 0x4d1d - 0x0600 - 0x0020);
        return
        [
            0x00, 0x0d, 0x3a, 0xa3, 0xfa, 0xd5, 0xa0, 0x3d, 0x6f, 0x01, 0x0f, 0xef, 0x08, 0x00,
            .. Ipv4(112, 0x4cbe, 0x4000, 64, 17, 0x9595, [172, 16, 0, 4], [172, 16, 0, 5]),
            0x20, 0x5d, 0x20, 0x5d, 0x00, 0x5c, 0x66, 0x52,
            .. Ipv4(84, 0xd317, 0x0000, 62, 1, 0x9296, [10, 244, 0, 6], [10, 244, 1, 14]),
            .. icmp,
        ];
    }

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

    private static void Write(byte[] bytes, int offset, int value)
    {
        bytes[offset] = (byte)(value >> 8);
        bytes[offset + 1] = (byte)value;
    }
}
