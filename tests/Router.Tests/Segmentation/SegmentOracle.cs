using System;
using System.Collections.Generic;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Packets;
using Overlay.Router.Segmentation;
using Overlay.Testing;
using Xunit;

namespace Overlay.Router.Tests.Segmentation;

/// <summary>
/// What a superpacket must become, built byte by byte from the RFCs, and the comparison with what it does become.
/// </summary>
internal static class SegmentOracle
{
    /// <summary>What the kernel says of a superpacket that is as it should be.</summary>
    public static VirtioNetHeader Describe(byte[] packet, int segmentBytes) => new(
        NeedsChecksum: true,
        HasReceiveInfo: false,
        packet[9] == PacketBuilder.Tcp ? SegmentationType.TcpV4 : SegmentationType.UdpL4,
        HasEcn: false,
        HeaderBytes: 0, // on a read it means nothing
        (ushort)segmentBytes,
        ChecksumStart: (ushort)((packet[0] & 15) * 4),
        ChecksumOffset: (ushort)(packet[9] == PacketBuilder.Tcp ? 16 : 6));

    /// <summary>The segments the wire must see.</summary>
    public static List<byte[]> Segments(byte[] packet, int segmentBytes)
    {
        bool isTcp = packet[9] == PacketBuilder.Tcp;
        int ip = (packet[0] & 15) * 4;
        int headers = ip + (isTcp ? (packet[ip + 12] >> 4) * 4 : 8);
        int id = (packet[4] << 8) + packet[5];
        uint sequence = isTcp ? Read32(packet, ip + 4) : 0;
        List<byte[]> segments = [];
        for (int offset = headers; offset < packet.Length; offset += segmentBytes)
        {
            bool isFirst = offset == headers;
            bool isLast = offset + segmentBytes >= packet.Length;
            int payload = isLast ? packet.Length - offset : segmentBytes;
            byte[] segment = [.. packet[..headers], .. packet[offset..(offset + payload)]];
            Write16(segment, 2, segment.Length);
            Write16(segment, 4, id + segments.Count);
            if (isTcp)
            {
                uint own = sequence + (uint)(offset - headers);
                Write16(segment, ip + 4, (int)(own >> 16));
                Write16(segment, ip + 6, (int)(own & 0xFFFF));
                segment[ip + 13] &= isLast ? (byte)0xFF : (byte)0b1111_0110; // PSH, FIN
                segment[ip + 13] &= isFirst ? (byte)0xFF : (byte)0b0111_1111; // CWR
            }
            else
            {
                Write16(segment, ip + 4, 8 + payload);
            }

            Write16(segment, 10, 0);
            Write16(segment, 10, HeaderChecksum(segment, ip));
            PacketBuilder.FixTransportChecksum(segment);
            segments.Add(segment);
        }

        return segments;
    }

    /// <summary>Cuts the packet both ways and compares everything.</summary>
    /// <param name="packet">Complete; its checksums are spoilt, as nothing may depend on them.</param>
    /// <param name="hint">Said with a failure.</param>
    public static void AssertCutsRight(byte[] packet, VirtioNetHeader header, string hint)
    {
        List<byte[]> expected = Segments(packet, header.SegmentBytes);
        packet[10] ^= 0x5A;
        packet[header.ChecksumStart + header.ChecksumOffset] ^= 0xA5;
        byte[] before = (byte[])packet.Clone();

        Assert.Equal(DropReason.None, Ipv4Header.Parse(packet, out Ipv4Header ip));
        DropReason fault = Superpacket.Parse(header, ip, packet.Length, out Superpacket superpacket);
        Assert.True(fault == DropReason.None, $"{hint}: {fault}");
        Assert.True(
            superpacket.Count == expected.Count, $"{hint}: {superpacket.Count} segments instead of {expected.Count}");
        Assert.True(
            superpacket.LongestPacketBytes == expected[0].Length, $"{hint}: longest {superpacket.LongestPacketBytes}");
        Assert.Equal(header.SegmentBytes, superpacket.SegmentBytes);

        var headers = new SegmentHeaders(superpacket);
        byte[] buffer = new byte[superpacket.HeaderBytes + 1];
        for (int i = 0; i < expected.Count; i++)
        {
            Array.Fill(buffer, (byte)0xEE);
            headers.Write(i, buffer);
            ReadOnlySpan<byte> payload = packet.AsSpan(superpacket.PayloadOffset(i), superpacket.PayloadBytes(i));
            byte[] segment = [.. buffer.AsSpan(0, superpacket.HeaderBytes), .. payload];
            if (!segment.AsSpan().SequenceEqual(expected[i]) || buffer[^1] != 0xEE)
            {
                Assert.Fail(
                    $"{hint}: segment {i} of {expected.Count}:\n{Convert.ToHexString(segment)} instead "
                        + $"of\n{Convert.ToHexString(expected[i])}");
            }
        }

        Assert.True(packet.AsSpan().SequenceEqual(before), $"{hint}: the superpacket was written to");
    }

    public static ushort HeaderChecksum(byte[] packet, int headerBytes)
    {
        int sum = 0;
        for (int i = 0; i < headerBytes; i += 2)
        {
            sum += (packet[i] << 8) + packet[i + 1];
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        return (ushort)~sum;
    }

    private static uint Read32(byte[] bytes, int offset) =>
        ((uint)bytes[offset] << 24)
        + ((uint)bytes[offset + 1] << 16)
        + ((uint)bytes[offset + 2] << 8)
        + bytes[offset + 3];

    private static void Write16(byte[] bytes, int offset, int value)
    {
        bytes[offset] = (byte)(value >> 8);
        bytes[offset + 1] = (byte)value;
    }
}
