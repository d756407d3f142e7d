using System;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Packets;
using Overlay.Router.Segmentation;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.Overlays;

namespace Overlay.Router.Tests.Segmentation;

public sealed class SuperpacketTests
{
    private const byte Ack = 0x10;
    private const byte Every = 0xFF; // all eight flags

    // RFC 7323: two times no-operation, timestamps.
    private static readonly byte[] s_timestamps = [1, 1, 8, 10, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88];

    // RFC 791: record route with one free place, end of list.
    private static readonly byte[] s_recordRoute = [7, 7, 4, 0, 0, 0, 0, 0];

    [Theory]
    [InlineData(65_000, 1_420)] // a last segment that is shorter
    [InlineData(14_200, 1_420)] // an exact multiple
    [InlineData(1_420, 1_420)] // one segment, full
    [InlineData(1, 1_420)] // one segment, short
    [InlineData(1_421, 1_420)] // a last segment of one byte
    [InlineData(5_000, 1_333)] // odd
    [InlineData(999, 1)]
    [InlineData(65_535 - 20 - 32, 65_535)]
    [InlineData(65_535 - 20 - 32, 32_742)]
    public void TCP_is_cut_by_its_segment_size(int payload, int segment)
    {
        AssertCuts(TcpOf(payload, Ack, s_timestamps), segment);
        AssertCuts(TcpOf(Math.Min(payload, 65_475), Ack), segment);
    }

    [Theory]
    [InlineData(0x11)] // FIN
    [InlineData(0x18)] // PSH
    [InlineData(0x19)]
    [InlineData(0x50)] // ECE
    [InlineData(0x90)] // CWR
    [InlineData(0x30)] // URG
    [InlineData(Every)]
    [InlineData(0)]
    public void Finish_and_push_stay_on_the_last_segment_and_congestion_window_reduced_on_the_first(byte flags)
    {
        AssertCuts(TcpOf(10_000, flags, s_timestamps), 1_420);
        AssertCuts(TcpOf(1_000, flags), 1_420);

        byte[] packet = TcpOf(10_000, flags);
        packet[20 + 12] |= 1; // AE, formerly NS
        packet[20 + 18] = 0x12; // the urgent pointer is copied as it is
        AssertCuts(packet, 1_420);
    }

    [Fact]
    public void The_kernels_mark_of_explicit_congestion_notification_changes_nothing()
    {
        byte[] packet = TcpOf(10_000, Every);
        SegmentOracle.AssertCutsRight(packet, SegmentOracle.Describe(packet, 1_420) with { HasEcn = true }, "ECN");
    }

    [Theory]
    [InlineData(0x4000)] // DF
    [InlineData(0)]
    [InlineData(0x8000)] // reserved: none of our business
    public void Identification_and_sequence_number_count_on_through_their_wrap(ushort fragment)
    {
        byte[] packet = PacketBuilder.TcpPacket(
            OurPod, PeerPod, 1, 2, 0xFFFF_FFF0, 7, Ack, Noise(9_001), s_timestamps, id: 0xFFFD, fragment: fragment);
        AssertCuts(packet, 1_001);
        AssertCuts(PacketBuilder.UdpPacket(OurPod, PeerPod, 1, 2, Noise(9_001), id: 0xFFFD, fragment: fragment), 1_001);
    }

    [Fact]
    public void Every_segment_has_the_options_of_both_headers_and_the_time_to_live_and_type_of_service()
    {
        byte[] longest = new byte[40];
        Array.Fill(longest, (byte)1); // no-operations
        foreach (byte[] ipOptions in (byte[][])[s_recordRoute, longest])
        {
            foreach (byte[] options in (byte[][])[[], s_timestamps, longest])
            {
                byte[] packet = PacketBuilder.TcpPacket(
                    OurPod, PeerPod, 1, 2, 3, 4, Ack, Noise(5_000), options,
                    ttl: 7, typeOfService: 0xB9, ipOptions: ipOptions);
                AssertCuts(packet, 1_399);
            }
        }
    }

    [Theory]
    [InlineData(65_507, 1_444)]
    [InlineData(14_440, 1_444)]
    [InlineData(1_200, 1_200)]
    [InlineData(7, 1_200)]
    [InlineData(2_401, 1_199)]
    public void UDP_is_cut_by_its_segment_size(int payload, int segment) =>
        AssertCuts(PacketBuilder.UdpPacket(OurPod, PeerPod, 53, 9_999, Noise(payload)), segment);

    [Fact]
    public void A_UDP_checksum_that_comes_out_as_zero_is_written_as_all_ones_and_that_of_TCP_stays()
    {
        // Two payload bytes in each segment: among 65,536 there is the one that makes the sum all ones.
        byte[] all = new byte[2 * 30_000];
        for (int half = 0; half < 65_536; half += 30_000)
        {
            for (int i = 0; i < 30_000; i++)
            {
                all[2 * i] = (byte)((half + i) >> 8);
                all[(2 * i) + 1] = (byte)(half + i);
            }

            AssertCuts(PacketBuilder.UdpPacket(OurPod, PeerPod, 53, 9_999, all), 2);
            AssertCuts(PacketBuilder.TcpPacket(OurPod, PeerPod, 53, 9_999, 1, 2, Ack, all), 2);
        }
    }

    [Fact]
    public void What_contradicts_the_packet_is_refused()
    {
        byte[] tcp = TcpOf(5_000, Ack, s_timestamps);
        byte[] udp = PacketBuilder.UdpPacket(OurPod, PeerPod, 1, 2, Noise(5_000));
        foreach (byte[] packet in (byte[][])[tcp, udp])
        {
            VirtioNetHeader right = SegmentOracle.Describe(packet, 1_420);
            Assert.Equal(DropReason.None, Parse(packet, right));
            AssertRefused(packet, right with { NeedsChecksum = false });
            AssertRefused(packet, right with { HasReceiveInfo = true });
            AssertRefused(packet, right with { SegmentBytes = 0 });
            AssertRefused(packet, right with { ChecksumStart = 24 });
            AssertRefused(packet, right with { ChecksumStart = 0 });
            AssertRefused(packet, right with { ChecksumOffset = 14 });
            AssertRefused(packet, right with { ChecksumOffset = (ushort)(packet == tcp ? 6 : 16) });
            AssertRefused(
                packet, right with { Type = packet == tcp ? SegmentationType.UdpL4 : SegmentationType.TcpV4 });
            AssertRefused(packet, right with { Type = SegmentationType.None });
            AssertRefused(packet, right with { Type = SegmentationType.TcpV6 });
            AssertRefused(packet, right with { Type = (SegmentationType)3 }); // UFO
            AssertRefused(packet, right with { Type = right.Type | (SegmentationType)0x20 }); // in a UDP tunnel
            AssertRefused([.. packet, 0], right); // bytes after the packet
            AssertRefused(Altered(packet, 7, 1), right); // a later fragment
            AssertRefused(Altered(packet, 6, 0x20), right); // more fragments
            AssertRefused(Altered(packet, 9, 132), right); // SCTP
        }

        AssertRefused(udp, SegmentOracle.Describe(udp, 1_420) with { HasEcn = true });
        AssertRefused(Altered(tcp, 20 + 12, 0x40), SegmentOracle.Describe(tcp, 1_420)); // a header of 16 bytes
    }

    [Fact]
    public void A_packet_that_ends_before_its_payload_is_refused()
    {
        byte[] options = new byte[40];
        foreach (byte[] packet in (byte[][])[
            PacketBuilder.TcpPacket(OurPod, PeerPod, 1, 2, 3, 4, Ack, [9], options, ipOptions: options),
            PacketBuilder.UdpPacket(OurPod, PeerPod, 1, 2, [9])])
        {
            VirtioNetHeader header = SegmentOracle.Describe(packet, 1_420);
            Assert.Equal(DropReason.None, Parse(packet, header));
            for (int length = (packet[0] & 15) * 4; length < packet.Length; length++)
            {
                byte[] shorter = packet[..length];
                shorter[2] = (byte)(length >> 8);
                shorter[3] = (byte)length;
                AssertRefused(shorter, header);
            }
        }
    }

    private static byte[] TcpOf(int payload, byte flags, byte[]? options = null) =>
        PacketBuilder.TcpPacket(OurPod, PeerPod, 5_201, 40_000, 0x01020304, 0x05060708, flags, Noise(payload), options);

    private static byte[] Noise(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    private static byte[] Altered(byte[] packet, int offset, byte value)
    {
        byte[] altered = [.. packet];
        altered[offset] = value;
        return altered;
    }

    private static void AssertCuts(byte[] packet, int segmentBytes) => SegmentOracle.AssertCutsRight(
        packet, SegmentOracle.Describe(packet, segmentBytes), $"{packet.Length} bytes by {segmentBytes}");

    private static void AssertRefused(byte[] frame, VirtioNetHeader header) =>
        Assert.True(
            Parse(frame, header) == DropReason.BadSuperpacket,
            $"not refused: {header} {Convert.ToHexString(frame.AsSpan(0, 20))}");

    private static DropReason Parse(byte[] frame, VirtioNetHeader header)
    {
        Assert.Equal(DropReason.None, Ipv4Header.Parse(frame, out Ipv4Header packet));
        return Superpacket.Parse(header, packet, frame.Length, out _);
    }
}
