using System;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Segmentation;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.Overlays;

namespace Overlay.Router.Tests.Segmentation;

public sealed class PartialChecksumTests
{
    [Fact]
    public void Every_open_checksum_of_TCP_and_UDP_is_completed_and_nothing_else_changes()
    {
        const int Seed = 29;
        var random = new Random(Seed);
        for (int round = 0; round < 5_000; round++)
        {
            byte[] payload = new byte[random.Next(1_500)];
            random.NextBytes(payload);
            var source = new Ipv4Address((uint)random.Next());
            byte[] complete = random.Next(2) == 0
                ? PacketBuilder.UdpPacket(source, PeerPod, 53, (ushort)random.Next(65_536), payload)
                : PacketBuilder.TcpPacket(
                    source, PeerPod, 80, 81, (uint)random.Next(), 7, 0x18, payload,
                    new byte[4 * random.Next(11)], ipOptions: new byte[4 * random.Next(11)]);
            (byte[] open, VirtioNetHeader header) = Open(complete);
            Assert.True(PartialChecksum.TryComplete(header, open), $"seed {Seed}, round {round}: refused");
            Assert.True(
                complete.AsSpan().SequenceEqual(open), $"seed {Seed}, round {round}: {Convert.ToHexString(open)}");
        }
    }

    [Fact]
    public void A_checksum_that_comes_out_as_zero_is_written_as_all_ones_for_TCP_too_as_the_kernel_does_it()
    {
        int udpZeros = 0;
        int tcpZeros = 0;
        for (int i = 0; i < 65_536; i++)
        {
            byte[] payload = [(byte)(i >> 8), (byte)i];
            // the builder has it as all ones already
            byte[] udp = PacketBuilder.UdpPacket(OurPod, PeerPod, 53, 9_999, payload);
            byte[] tcp = PacketBuilder.TcpPacket(OurPod, PeerPod, 53, 9_999, 1, 2, 0x10, payload);
            foreach (byte[] complete in (byte[][])[udp, tcp])
            {
                (byte[] open, VirtioNetHeader header) = Open(complete);
                Span<byte> expected = complete.AsSpan(header.ChecksumStart + header.ChecksumOffset, 2);
                tcpZeros += complete == tcp && expected.SequenceEqual<byte>([0, 0]) ? 1 : 0;
                udpZeros += complete == udp && expected.SequenceEqual<byte>([0xFF, 0xFF]) ? 1 : 0;
                if (expected.SequenceEqual<byte>([0, 0]))
                {
                    expected.Fill(0xFF);
                }

                Assert.True(PartialChecksum.TryComplete(header, open));
                Assert.Equal(complete, open);
            }
        }

        Assert.True(
            udpZeros > 0 && tcpZeros > 0, $"{udpZeros} checksums of UDP and {tcpZeros} of TCP came out as zero");
    }

    [Fact]
    public void The_checksum_of_a_packet_within_a_packet_is_completed()
    {
        byte[] inner = PacketBuilder.TcpPacket(PeerPod, OurPod, 3, 4, 5, 6, 0x18, [7, 8, 9]);
        (byte[] open, VirtioNetHeader header) = Open(inner);
        byte[] outer = PacketBuilder.Ipv4(OurPod, PeerPod, protocol: 4, payload: open); // IP in IP
        Assert.True(PartialChecksum.TryComplete(header with { ChecksumStart = 40 }, outer));
        Assert.Equal(PacketBuilder.Ipv4(OurPod, PeerPod, protocol: 4, payload: inner), outer);
    }

    [Fact]
    public void A_complete_packet_stays_as_it_is()
    {
        byte[] packet = PacketBuilder.UdpPacket(OurPod, PeerPod, 1, 2, [3]);
        byte[] before = [.. packet];
        Assert.True(PartialChecksum.TryComplete(default, packet));
        Assert.Equal(before, packet);
    }

    [Theory]
    [InlineData(0, 6)]
    [InlineData(19, 6)] // inside the IP header
    [InlineData(20, 10)] // one byte of the field, and none after it
    [InlineData(20, 9)]
    [InlineData(28, 1)]
    [InlineData(65_535, 65_535)]
    [InlineData(20, 65_535)]
    [InlineData(65_535, 6)]
    public void A_checksum_outside_the_transport_is_refused(ushort start, ushort offset)
    {
        byte[] packet = PacketBuilder.UdpPacket(OurPod, PeerPod, 1, 2, [3]);
        byte[] before = [.. packet];
        (_, VirtioNetHeader header) = Open(packet);
        Assert.False(
            PartialChecksum.TryComplete(header with { ChecksumStart = start, ChecksumOffset = offset }, packet));
        Assert.False(PartialChecksum.TryComplete(header with { HasReceiveInfo = true }, packet));
        Assert.Equal(before, packet);
        Assert.True(PartialChecksum.TryComplete(header with { ChecksumOffset = 7 }, packet)); // the last two bytes
    }

    // As the kernel hands it over: the field holds the sum of the pseudo-header, not inverted.
    private static (byte[] Packet, VirtioNetHeader Header) Open(byte[] complete)
    {
        byte[] packet = [.. complete];
        VirtioNetHeader header = SegmentOracle.Describe(packet, 0) with { Type = SegmentationType.None };
        int sum = packet[9] + packet.Length - header.ChecksumStart;
        for (int i = 12; i < 20; i += 2)
        {
            sum += (packet[i] << 8) + packet[i + 1];
        }

        sum = (sum & 0xFFFF) + (sum >> 16);
        sum = (sum & 0xFFFF) + (sum >> 16);
        packet[header.ChecksumStart + header.ChecksumOffset] = (byte)(sum >> 8);
        packet[header.ChecksumStart + header.ChecksumOffset + 1] = (byte)sum;
        return (packet, header);
    }
}
