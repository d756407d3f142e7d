using System;
using System.Buffers.Binary;
using Overlay.Linux;
using Overlay.Testing;

namespace Overlay.Netns.Tests.Support;

/// <summary>Packets as a kernel hands them on unfinished: checksum open, perhaps uncut.</summary>
internal static class CraftedFrame
{
    private const int HeaderChecksumOffset = 10, TcpChecksumOffset = 16, UdpChecksumOffset = 6;

    /// <summary>A packet behind its virtio-net header.</summary>
    /// <param name="packet">Complete; it is not changed.</param>
    /// <param name="segmentBytes">Payload of each segment; 0 for a packet that is not to be cut.</param>
    /// <param name="hasEcn">The mark that stands for CWR.</param>
    internal static byte[] Of(byte[] packet, int segmentBytes, bool hasEcn = false)
    {
        byte[] frame = new byte[VirtioNetHeader.Bytes + packet.Length];
        Span<byte> open = frame.AsSpan(VirtioNetHeader.Bytes);
        packet.CopyTo(open);
        bool isTcp = packet[9] == PacketBuilder.Tcp;
        int ip = HeaderBytes(packet);
        int checksum = isTcp ? TcpChecksumOffset : UdpChecksumOffset;
        BinaryPrimitives.WriteUInt16BigEndian(open[(ip + checksum)..], PseudoHeaderSum(packet));
        new VirtioNetHeader(
            NeedsChecksum: true,
            HasReceiveInfo: false,
            segmentBytes == 0 ? SegmentationType.None : isTcp ? SegmentationType.TcpV4 : SegmentationType.UdpL4,
            hasEcn,
            HeaderBytes: (ushort)(packet.Length - PayloadBytes(packet)),
            (ushort)segmentBytes,
            ChecksumStart: (ushort)ip,
            ChecksumOffset: (ushort)checksum).Write(frame);
        return frame;
    }

    /// <summary>Bytes after the transport header.</summary>
    internal static int PayloadBytes(byte[] packet)
    {
        int ip = HeaderBytes(packet);
        return packet.Length - ip - (packet[9] == PacketBuilder.Tcp ? (packet[ip + 12] >> 4) * 4 : 8);
    }

    /// <summary>The same packet with another time to live.</summary>
    internal static byte[] WithTimeToLive(byte[] packet, int timeToLive)
    {
        byte[] other = (byte[])packet.Clone();
        other[8] = (byte)timeToLive;
        PacketBuilder.FixHeaderChecksum(other);
        return other;
    }

    /// <summary>Changes the last word of the payload so that the transport checksum comes out as zero.</summary>
    /// <param name="packet">TCP or UDP with an even payload of 2 bytes or more.</param>
    internal static byte[] WithChecksumZero(byte[] packet)
    {
        byte[] other = (byte[])packet.Clone();
        Span<byte> last = other.AsSpan(other.Length - 2);
        last.Clear();
        PacketBuilder.FixTransportChecksum(other);
        int field = HeaderBytes(other) + (other[9] == PacketBuilder.Tcp ? TcpChecksumOffset : UdpChecksumOffset);
        other.AsSpan(field, 2).CopyTo(last);
        PacketBuilder.FixTransportChecksum(other);
        return other;
    }

    /// <summary>
    /// The packet with the ID set to 0 when it may not be fragmented: then no receiver looks at it (RFC 6864).
    /// </summary>
    internal static byte[] WithoutIdleId(byte[] packet)
    {
        byte[] other = (byte[])packet.Clone();
        if ((other[6] & 0x40) != 0)
        {
            other.AsSpan(4, 2).Clear();
            PacketBuilder.FixHeaderChecksum(other);
        }

        return other;
    }

    /// <summary>Where two packets differ, in words.</summary>
    internal static string Difference(byte[] expected, byte[] actual)
    {
        int at = expected.AsSpan().CommonPrefixLength(actual);
        return $"{actual.Length} bytes instead of {expected.Length}, byte {at} differs "
            + $"(the header checksum is at {HeaderChecksumOffset})\n"
            + $"{Convert.ToHexString(expected.AsSpan(0, Math.Min(120, expected.Length)))} expected\n"
            + $"{Convert.ToHexString(actual.AsSpan(0, Math.Min(120, actual.Length)))}";
    }

    private static int HeaderBytes(byte[] packet) => (packet[0] & 15) * 4;

    private static ushort PseudoHeaderSum(byte[] packet)
    {
        int sum = packet[9] + packet.Length - HeaderBytes(packet);
        for (int i = 12; i < 20; i += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(i));
        }

        sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)((sum & 0xFFFF) + (sum >> 16));
    }
}
