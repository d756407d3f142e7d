using System;
using System.Linq;
using System.Text;
using Overlay.Capture.Packets;
using Overlay.Capture.Text;
using Overlay.Net;
using Overlay.Testing;
using Xunit;

namespace Overlay.Capture.Tests;

public sealed class PacketDecoderTests
{
    private static readonly Ipv4Address s_one = Ipv4Address.Parse("10.0.0.1");
    private static readonly Ipv4Address s_two = Ipv4Address.Parse("10.0.0.2");

    [Theory]
    [InlineData(0)]
    [InlineData(12)]
    [InlineData(19)]
    public void A_datagram_of_at_most_19_bytes_is_a_probe(int length)
    {
        DecodedPacket packet = Raw(SamplePackets.Carrier(new byte[length]));
        Assert.Equal(Encapsulation.Probe, packet.Encapsulation);
        Assert.Equal(PacketFault.None, packet.Fault);
        Assert.False(packet.HasInner);
        Assert.Contains(
            $"overlay probe, length {length}, UDP {length + 8}, ttl 64", Line(packet), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("01019c40", "overlay ping, answer to port 40000, UDP 27, ttl 64")]
    [InlineData("02019c40", "overlay ping answered, release 1.2.3, UDP 27, ttl 64")]
    public void What_overlay_ping_asks_and_is_answered_is_in_words(string kindFormAndPort, string says)
    {
        byte[] data = [.. "OvPg"u8, .. Convert.FromHexString(kindFormAndPort), 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3];
        Assert.Contains(says, Line(Raw(SamplePackets.Carrier(data))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_datagram_of_20_bytes_is_a_packet_or_malformed()
    {
        byte[] shortest = PacketBuilder.Ipv4(s_one, s_two, payload: [], protocol: 253);
        Assert.Equal(Encapsulation.Udp, Raw(SamplePackets.Carrier(shortest)).Encapsulation);

        DecodedPacket zeros = Raw(SamplePackets.Carrier(new byte[20]));
        Assert.Equal((Encapsulation.None, PacketFault.NoPacketInside), (zeros.Encapsulation, zeros.Fault));
        Assert.True(zeros.Fault.IsMalformed());
    }

    [Fact]
    public void The_overlays_port_may_be_another_and_may_be_at_one_end_only()
    {
        byte[] inner = PacketBuilder.Ipv4(s_one, s_two);
        byte[] datagram = PacketBuilder.UdpPacket(s_one, s_two, 40000, 9000, inner);
        Assert.False(Raw(datagram).HasInner);
        Assert.True(new PacketDecoder(9000).Decode(LinkType.Raw, datagram, datagram.Length).HasInner);
        Assert.True(new PacketDecoder(40000).Decode(LinkType.Raw, datagram, datagram.Length).HasInner);
    }

    [Fact]
    public void Vxlan_is_told_by_either_of_its_ports_or_a_third_at_the_receiver()
    {
        byte[] vxlan = [0x08, 0, 0, 0, 0, 0, 7, 0, .. SamplePackets.ArpRequest("10.0.0.1", "10.0.0.2")];
        foreach (ushort port in (ushort[])[8472, 4789])
        {
            DecodedPacket packet = Raw(PacketBuilder.UdpPacket(s_one, s_two, 50000, port, vxlan));
            Assert.Equal((Encapsulation.Vxlan, 7), (packet.Encapsulation, packet.Vxlan.Vni));
            Assert.Equal(s_two, packet.Inner.Arp.Target);
        }

        foreach (ushort own in (ushort[])[7000, PacketDecoder.DefaultPort])
        {
            byte[] datagram = PacketBuilder.UdpPacket(s_one, s_two, 50000, own, vxlan);
            Assert.NotEqual(Encapsulation.Vxlan, Raw(datagram).Encapsulation);
            var decoder = new PacketDecoder(vxlanPort: own);
            Assert.Equal(7, decoder.Decode(LinkType.Raw, datagram, datagram.Length).Vxlan.Vni);
        }

        Assert.False(Raw(PacketBuilder.UdpPacket(s_one, s_two, 8472, 50000, vxlan)).HasInner);
        vxlan[0] = 0;
        Assert.Equal(
            PacketFault.NoVxlanHeader, Raw(PacketBuilder.UdpPacket(s_one, s_two, 50000, 8472, vxlan)).Fault);
    }

    [Fact]
    public void A_train_has_a_line_for_each_of_its_packets()
    {
        byte[] Inner(byte last, int length) => PacketBuilder.UdpPacket(s_one, s_two, 1000, last, new byte[length]);
        DecodedPacket packet = Raw(SamplePackets.Carrier([.. Inner(1, 40), .. Inner(2, 40), .. Inner(3, 7)]));
        Assert.Equal((3, PacketFault.None), (packet.InnerCount, packet.Fault));
        string[] lines = Line(packet).TrimEnd('\n').Split('\n');
        Assert.Contains("train of 3", lines[0], StringComparison.Ordinal);
        Assert.Equal(["10.0.0.2.1:", "10.0.0.2.2:", "10.0.0.2.3:"], lines[1..].Select(line => line.Split(' ')[^6]));

        DecodedPacket trailing = Raw(SamplePackets.Carrier([.. Inner(1, 40), 1, 2, 3]));
        Assert.Equal(PacketFault.InnerLengthDiffers, trailing.Fault);
        Assert.Equal(1, trailing.InnerCount);
    }

    [Theory]
    [InlineData(LinkType.LinuxCooked, "00040001000600112233445500000800", CaptureDirection.Outbound)]
    [InlineData(LinkType.LinuxCooked, "00000001000600112233445500000800", CaptureDirection.Inbound)]
    [InlineData(LinkType.LinuxCooked2, "0800000000000005000104060011223344550000", CaptureDirection.Outbound)]
    [InlineData(LinkType.Ethernet, "020000000002020000000001810000050800", CaptureDirection.Unknown)]
    [InlineData(LinkType.Ethernet, "02000000000202000000000188a80007810000050800", CaptureDirection.Unknown)]
    [InlineData(LinkType.Raw, "", CaptureDirection.Unknown)]
    [InlineData(LinkType.Ipv4, "", CaptureDirection.Unknown)]
    public void Every_link_type_leads_to_the_packet(LinkType type, string header, CaptureDirection direction)
    {
        byte[] frame = [.. Convert.FromHexString(header), .. SeedFrames.Frame60()[SeedFrames.EthernetBytes..]];
        DecodedPacket packet = new PacketDecoder().Decode(type, frame, frame.Length);
        Assert.Equal(PacketFault.None, packet.Fault);
        Assert.Equal(header.Length / 2, packet.Link.Bytes.Length);
        Assert.Equal(direction, packet.Link.Direction);
        Assert.Equal(32, packet.Inner.Icmp.Sequence);
    }

    [Fact]
    public void A_link_type_that_is_not_decoded_is_no_fault_of_the_packet()
    {
        DecodedPacket packet = new PacketDecoder().Decode((LinkType)147, new byte[60], 60);
        Assert.Equal(PacketFault.UnknownLink, packet.Fault);
        Assert.False(packet.Fault.IsMalformed());
        Assert.Contains("link type 147, length 60", Line(packet), StringComparison.Ordinal);
    }

    [Fact]
    public void Tcp_is_shown_with_flags_numbers_window_and_options()
    {
        byte[] options = [2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7];
        DecodedPacket syn = Raw(
            PacketBuilder.TcpPacket(s_one, s_two, 40000, 80, 7, 0, 0x02, [], options, window: 64240));
        Assert.EndsWith(
            "10.0.0.1.40000 > 10.0.0.2.80: Flags [S], seq 7, win 64240, options [mss 1460,sackOK,TS val 1 ecr 0,nop,"
                + "wscale 7], length 0, ttl 64\n",
            Line(syn), StringComparison.Ordinal);
        DecodedPacket data = Raw(PacketBuilder.TcpPacket(s_two, s_one, 80, 40000, 100, 8, 0x18, new byte[10]));
        Assert.EndsWith(
            "Flags [P.], seq 100:110, ack 8, win 1000, length 10, ttl 64\n", Line(data), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3, 0, "ICMP net 10.0.0.2 unreachable")]
    [InlineData(3, 1, "ICMP host 10.0.0.2 unreachable")]
    [InlineData(3, 3, "ICMP 10.0.0.2 udp port 53 unreachable")]
    [InlineData(3, 4, "ICMP 10.0.0.2 unreachable - need to frag (mtu 1400)")]
    [InlineData(3, 10, "ICMP host 10.0.0.2 unreachable - admin prohibited")]
    [InlineData(3, 13, "ICMP host 10.0.0.2 unreachable - admin prohibited filter")]
    [InlineData(11, 0, "ICMP time exceeded in-transit")]
    [InlineData(12, 0, "ICMP parameter problem")]
    public void An_icmp_error_names_the_destination_of_the_packet_that_it_quotes(byte type, byte code, string says)
    {
        byte[] about = PacketBuilder.UdpPacket(s_one, s_two, 1234, 53, new byte[100]);
        DecodedPacket packet = Raw(SamplePackets.IcmpError(type, code, about, 1400));
        Assert.Contains($"172.16.0.4 > 172.16.0.5: {says}, length 36", Line(packet), StringComparison.Ordinal);
        Assert.Equal(PacketFault.None, packet.Fault);

        var tree = new StringBuilder();
        PacketTree.Append(tree, packet, new PacketContext(1, 0));
        Assert.Contains("Src: 10.0.0.1, Dst: 10.0.0.2", tree.ToString(), StringComparison.Ordinal);
        Assert.Contains("UDP Src Port: 1234, Dst Port: 53", tree.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Fragments_show_where_they_belong_and_claim_no_checksum()
    {
        byte[] first = PacketBuilder.UdpPacket(s_one, s_two, 1000, 53, new byte[100], fragment: 0x2000);
        DecodedPacket packet = Raw(first);
        Assert.Equal(ChecksumState.Cut, packet.Outer.TransportChecksum);
        Assert.EndsWith("UDP, length 100, first fragment, ttl 64\n", Line(packet), StringComparison.Ordinal);

        DecodedPacket later = Raw(PacketBuilder.Ipv4(s_one, s_two, fragment: 0x0010));
        Assert.Equal((TransportKind.Fragment, false), (later.Outer.Transport, later.Outer.HasPorts));
        Assert.EndsWith("UDP fragment, offset 128, length 20, ttl 64\n", Line(later), StringComparison.Ordinal);
    }

    [Fact]
    public void A_first_fragment_of_a_datagram_shows_the_headers_of_the_packet_that_goes_on_elsewhere()
    {
        byte[] whole = SamplePackets.Carrier(PacketBuilder.UdpPacket(s_one, s_two, 1, 2, new byte[100]));
        byte[] fragment = whole[..(20 + 64)];
        fragment[2] = 0;
        fragment[3] = 84;
        fragment[6] = 0x20;
        PacketBuilder.FixHeaderChecksum(fragment);
        DecodedPacket packet = Raw(fragment);
        Assert.Equal((Encapsulation.Udp, PacketFault.Cut), (packet.Encapsulation, packet.Fault));
        Assert.Equal(2, packet.Inner.DestinationPort);
    }

    [Fact]
    public void A_changed_byte_shows_in_the_checksum_that_covers_it()
    {
        byte[] frame = SeedFrames.Frame60();
        frame[^1] ^= 1;
        DecodedPacket packet = new PacketDecoder().Decode(LinkType.Ethernet, frame, frame.Length);
        Assert.Equal(ChecksumState.Bad, packet.Outer.TransportChecksum);
        Assert.Equal(ChecksumState.Bad, packet.Inner.TransportChecksum);
        Assert.Equal(ChecksumState.Good, packet.Inner.Ipv4.ChecksumState);
        Assert.Contains("wrong UDP checksum", Line(packet), StringComparison.Ordinal);
        Assert.Contains("wrong ICMP checksum", Line(packet), StringComparison.Ordinal);

        frame = SeedFrames.Frame60();
        frame[SeedFrames.UdpEnd + 8]--;
        packet = new PacketDecoder().Decode(LinkType.Ethernet, frame, frame.Length);
        Assert.Contains("wrong IP checksum 0x9296", Line(packet), StringComparison.Ordinal);
    }

    [Fact]
    public void A_udp_checksum_of_zero_was_not_computed_and_an_odd_length_is_summed_right()
    {
        byte[] datagram = PacketBuilder.UdpPacket(s_one, s_two, 1, 2, [1, 2, 3]);
        Assert.Equal(ChecksumState.Good, Raw(datagram).Outer.TransportChecksum);
        datagram[26] = datagram[27] = 0;
        Assert.Equal(ChecksumState.NotComputed, Raw(datagram).Outer.TransportChecksum);
    }

    [Fact]
    public void The_kernel_paths_probe_has_a_name_and_its_wrong_checksum_is_no_fault()
    {
        byte[] probe = PacketBuilder.Ipv4(s_one, s_two, protocol: 253, payload: [.. "OvKp"u8, 1, .. new byte[11]]);
        probe[10] ^= 0x55;
        Assert.EndsWith(
            "└ inner 10.0.0.1 > 10.0.0.2: overlay probe of the kernel path, request, ttl 64\n",
            Line(Raw(SamplePackets.Carrier(probe))), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_prefix_of_a_frame_is_cut_when_there_was_more_and_malformed_when_there_was_not()
    {
        foreach (byte[] frame in new[] { SeedFrames.Frame59(), SeedFrames.Frame7() })
        {
            for (int length = 0; length < frame.Length; length++)
            {
                byte[] prefix = frame[..length];
                PacketFault fault = new PacketDecoder().Decode(LinkType.Ethernet, prefix, frame.Length).Fault;
                Assert.Equal(PacketFault.Cut, fault);
                fault = new PacketDecoder().Decode(LinkType.Ethernet, prefix, length).Fault;
                Assert.True(fault.IsMalformed(), $"{length} bytes: {fault}");
            }
        }
    }

    [Theory]
    [InlineData(0, 0x44, PacketFault.HeaderLengthTooSmall)]
    [InlineData(0, 0x55, PacketFault.WrongVersion)]
    [InlineData(2, 0x7f, PacketFault.TotalLengthTooLarge)]
    [InlineData(3, 19, PacketFault.TotalLengthTooSmall)]
    [InlineData(24, 0x7f, PacketFault.TransportLengthTooLarge)]
    [InlineData(25, 7, PacketFault.TransportLengthTooSmall)]
    public void A_header_that_contradicts_itself_is_named(int offset, byte value, PacketFault expected)
    {
        byte[] packet = PacketBuilder.UdpPacket(s_one, s_two, 1, 2, [1, 2, 3, 4]);
        packet[offset] = value;
        DecodedPacket decoded = new PacketDecoder().Decode(LinkType.Ipv4, packet, packet.Length);
        Assert.Equal(expected, decoded.Fault);
        Assert.Contains(expected.Words(), Line(decoded), StringComparison.Ordinal);
    }

    [Fact]
    public void Ipv6_is_shown_with_its_addresses_and_what_is_behind_its_extensions()
    {
        byte[] echo = [128, 0, 0, 0, 0, 1, 0, 2];
        byte[] packet = SamplePackets.Ipv6("fc00::1", "fc00::2", 0, [58, 0, 1, 4, 0, 0, 0, 0, .. echo]);
        DecodedPacket decoded = Raw(packet);
        Assert.Equal((PacketFault.None, IpProtocols.Icmp6), (decoded.Fault, decoded.Outer.Protocol));
        Assert.Contains("fc00::1 > fc00::2: ICMP6, echo request, length 8", Line(decoded), StringComparison.Ordinal);
        Assert.Contains(
            "fc00::1.546 > fc00::2.547: UDP, length 4",
            Line(Raw(SamplePackets.UdpOverIpv6("fc00::1", "fc00::2", 546, 547))),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Padding_of_ethernet_is_no_part_of_the_packet()
    {
        byte[] frame = [.. SeedFrames.Frame59(), 0xdb, 0xdb, 0xdb, 0xdb];
        DecodedPacket packet = new PacketDecoder().Decode(LinkType.Ethernet, frame, frame.Length);
        Assert.Equal((PacketFault.None, 130), (packet.Fault, packet.WireLength));
        Assert.Equal(ChecksumState.Good, packet.Inner.TransportChecksum);
    }

    [Fact]
    public void Decoding_and_judging_allocate_nothing()
    {
        byte[][] frames = [SeedFrames.Frame59(), SeedFrames.Frame8(), SamplePackets.ArpRequest("10.0.0.1", "10.0.0.2")];
        var decoder = new PacketDecoder();
        Assert.Equal(PacketFault.None, decoder.Decode(LinkType.Ethernet, frames[0], 126).Fault);
        long before = GC.GetAllocatedBytesForCurrentThread();
        int wrong = 0;
        for (int round = 0; round < 1000; round++)
        {
            DecodedPacket packet = decoder.Decode(LinkType.Ethernet, frames[round % 3], frames[round % 3].Length);
            wrong += packet.Fault == PacketFault.None ? 0 : 1;
            wrong += packet.Outer.TransportChecksum == ChecksumState.Bad ? 1 : 0;
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(0, wrong);
    }

    private static DecodedPacket Raw(byte[] packet) => new PacketDecoder().Decode(LinkType.Raw, packet, packet.Length);

    private static string Line(in DecodedPacket packet)
    {
        var text = new StringBuilder();
        PacketLines.Append(text, packet, new PacketContext(1, 0), new TextOptions(true, TimeZoneInfo.Utc));
        return text.ToString();
    }
}
