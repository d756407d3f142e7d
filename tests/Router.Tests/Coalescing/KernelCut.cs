using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using Overlay.Linux;
using Xunit;

namespace Overlay.Router.Tests.Coalescing;

/// <summary>
/// The receiving side's oracle: what the kernel accepts of a write (virtio_net_hdr_to_skb, include/linux/virtio_net.h)
/// and what its segmentation makes of it (tcp_gso_segment, __udp_gso_segment). Slow, and no code of the product but the
/// header's reader.
/// </summary>
internal static class KernelCut
{
    /// <summary>The packets in one write, after checking that the kernel takes it.</summary>
    public static List<byte[]> Cut(byte[] write)
    {
        var header = VirtioNetHeader.Read(write);
        byte[] packet = write[VirtioNetHeader.Bytes..];
        Assert.True(IsHeaderValid(packet), $"header checksum of {Convert.ToHexString(packet)}");
        Assert.Equal(Word(packet, 2), packet.Length);
        if (header.Type == SegmentationType.None)
        {
            Assert.All(write[..VirtioNetHeader.Bytes], value => Assert.Equal(0, value));
            return [packet];
        }

        bool isTcp = header.Type == SegmentationType.TcpV4;
        int headerBytes = 20 + (isTcp ? packet[32] / 16 * 4 : 8);
        int payload = packet.Length - headerBytes;
        Assert.Equal(isTcp ? 6 : 17, packet[9]);
        Assert.Equal(isTcp ? SegmentationType.TcpV4 : SegmentationType.UdpL4, header.Type);
        Assert.Equal(0x45, packet[0]);
        Assert.True(header.NeedsChecksum && !header.HasReceiveInfo && !header.HasEcn);
        Assert.Equal(20, header.ChecksumStart);
        Assert.Equal(isTcp ? 16 : 6, header.ChecksumOffset);
        Assert.Equal(headerBytes, header.HeaderBytes);
        Assert.True(header.SegmentBytes is not 0 and not 0xFFFF && payload > header.SegmentBytes);
        Assert.True(payload <= header.SegmentBytes * 64);
        Assert.Equal(PseudoSum(packet, packet.Length - 20), Word(packet, 20 + header.ChecksumOffset));
        if (!isTcp)
        {
            Assert.Equal(packet.Length - 20, Word(packet, 24));
        }

        var packets = new List<byte[]>();
        for (int start = 0; start < payload; start += header.SegmentBytes)
        {
            int length = Math.Min(header.SegmentBytes, payload - start);
            bool isLast = start + length == payload;
            byte[] one = [.. packet[..headerBytes], .. packet[(headerBytes + start)..(headerBytes + start + length)]];
            BinaryPrimitives.WriteUInt16BigEndian(one.AsSpan(2), (ushort)one.Length);
            BinaryPrimitives.WriteUInt16BigEndian(one.AsSpan(4), (ushort)(Word(packet, 4) + packets.Count));
            if (isTcp)
            {
                uint sequence = BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(24)) + (uint)start;
                BinaryPrimitives.WriteUInt32BigEndian(one.AsSpan(24), sequence);
                one[33] &= isLast ? (byte)0xFF : (byte)0xF6; // FIN and PSH
            }
            else
            {
                BinaryPrimitives.WriteUInt16BigEndian(one.AsSpan(24), (ushort)(8 + length));
            }

            packets.Add(Sample.Fix(one));
        }

        return packets;
    }

    public static bool IsHeaderValid(byte[] packet) => Sum(packet[..((packet[0] & 15) * 4)], 0) == 0xFFFF;

    /// <summary>
    /// What has to come out again: all of the packet, but for the ID of one that may not be fragmented.
    /// </summary>
    public static string Essence(byte[] packet)
    {
        byte[] copy = [.. packet];
        if ((packet[6] & 0x40) != 0)
        {
            copy[4] = copy[5] = copy[10] = copy[11] = 0;
        }

        return Convert.ToHexString(copy);
    }

    public static int Word(byte[] bytes, int offset) => (bytes[offset] << 8) + bytes[offset + 1];

    private static ushort PseudoSum(byte[] packet, int transportBytes) =>
        Sum([.. packet[12..20], 0, packet[9], (byte)(transportBytes >> 8), (byte)transportBytes], 0);

    private static ushort Sum(byte[] bytes, int sum)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            sum += i % 2 == 0 ? bytes[i] << 8 : bytes[i];
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        return (ushort)sum;
    }
}
