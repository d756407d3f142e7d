using System;
using System.Text;
using Overlay.Capture.Packets;
using Overlay.Capture.Text;
using Overlay.Net;
using Overlay.Testing;
using Xunit;

namespace Overlay.Capture.Tests;

/// <summary>The frames of the literature decode to the values that it prints.</summary>
public sealed class SeedFrameTests
{
    private const string TtlAndTime = ", ttl 62   rtt 0.788 ms";

    private static readonly Ipv4Address s_host5 = Ipv4Address.Parse("172.16.0.5");
    private static readonly Ipv4Address s_host4 = Ipv4Address.Parse("172.16.0.4");

    [Fact]
    public void Frame_59_a_ping_in_udp_decodes_to_every_value_printed_of_it()
    {
        DecodedPacket packet = Decode(SeedFrames.Frame59(), SeedFrames.FrameBytes);

        AssertLink(packet.Link, "00:0d:3a:a3:fa:d5", "12:34:56:78:9a:bc");
        AssertIpv4(packet.Outer, s_host5, s_host4, 112, 15799, 0x4000, 64, 17, 0xa49c);
        AssertUdp(packet.Outer, 8285, 8285, 92, 0x5897, ChecksumState.Partial);
        Assert.Equal(Encapsulation.Udp, packet.Encapsulation);
        AssertIpv4(
            packet.Inner, Ipv4Address.Parse("10.244.1.14"), Ipv4Address.Parse("10.244.0.6"), 84, 16344, 0x4000, 62, 1,
            0xe5d5);
        AssertEcho(packet.Inner, IcmpMessage.EchoRequest, 0x451d, 1536, 32);
        Assert.Equal(28, packet.OverheadBytes);
    }

    [Fact]
    public void Frame_60_its_answer_decodes_to_every_value_printed_of_it()
    {
        DecodedPacket packet = Decode(SeedFrames.Frame60(), SeedFrames.FrameBytes);

        AssertLink(packet.Link, "a0:3d:6f:01:0f:ef", "00:0d:3a:a3:fa:d5");
        AssertIpv4(packet.Outer, s_host4, s_host5, 112, 19646, 0x4000, 64, 17, 0x9595);
        AssertUdp(packet.Outer, 8285, 8285, 92, 0x6652, ChecksumState.Good);
        AssertIpv4(
            packet.Inner, Ipv4Address.Parse("10.244.0.6"), Ipv4Address.Parse("10.244.1.14"), 84, 54039, 0x0000, 62, 1,
            0x9296);
        AssertEcho(packet.Inner, IcmpMessage.EchoReply, 0x4d1d, 1536, 32);
    }

    [Fact]
    public void Frame_7_a_ping_in_vxlan_decodes_to_every_value_printed_of_it()
    {
        DecodedPacket packet = Decode(SeedFrames.Frame7(), SeedFrames.VxlanFrameBytes);

        AssertLink(packet.Link, "00:0d:3a:a3:fa:d5", "12:34:56:78:9a:bc");
        AssertIpv4(packet.Outer, s_host5, s_host4, 134, 4465, 0x0000, 64, 17, 0x10cd);
        AssertUdp(packet.Outer, 38330, 8472, 114, 0x58ad, ChecksumState.Partial);
        AssertVxlan(packet);
        AssertLink(packet.InnerLink, "8e:d0:f8:0a:41:19", "76:34:2f:c5:51:ec");
        AssertIpv4(
            packet.Inner, Ipv4Address.Parse("10.244.1.5"), Ipv4Address.Parse("10.244.0.5"), 84, 11014, 0x4000, 63, 1,
            0xf9b1);
        AssertEcho(packet.Inner, IcmpMessage.EchoRequest, 0xdfbe, 2560, 103);
        Assert.Equal(50, packet.OverheadBytes);
    }

    [Fact]
    public void Frame_8_its_answer_decodes_to_every_value_printed_of_it()
    {
        DecodedPacket packet = Decode(SeedFrames.Frame8(), SeedFrames.VxlanFrameBytes);

        AssertLink(packet.Link, "a0:3d:6f:01:0f:ef", "00:0d:3a:a3:fa:d5");
        AssertIpv4(packet.Outer, s_host4, s_host5, 134, 60923, 0x0000, 64, 17, 0x3442);
        AssertUdp(packet.Outer, 56724, 8472, 114, 0xd758, ChecksumState.Good);
        AssertVxlan(packet);
        AssertLink(packet.InnerLink, "76:34:2f:c5:51:ec", "8e:d0:f8:0a:41:19");
        AssertIpv4(
            packet.Inner, Ipv4Address.Parse("10.244.0.5"), Ipv4Address.Parse("10.244.1.5"), 84, 65346, 0x0000, 63, 1,
            0x6575);
        AssertEcho(packet.Inner, IcmpMessage.EchoReply, 0xe7be, 2560, 103);
    }

    [Fact]
    public void Frame_59_is_two_lines_as_the_users_page_shows_them()
    {
        var text = new StringBuilder();
        var echoes = new EchoTimes();
        var options = new TextOptions(IsUnicode: true, TimeZoneInfo.CreateCustomTimeZone(
            "China", TimeSpan.FromHours(8), "China", "China"));
        long first = 1528098443_058527000, second = 1528098443_059315000;
        DecodedPacket request = Decode(SeedFrames.Frame59(), SeedFrames.FrameBytes);
        DecodedPacket reply = Decode(SeedFrames.Frame60(), SeedFrames.FrameBytes);
        PacketLines.Append(text, request, new PacketContext(59, first)
        {
            Direction = CaptureDirection.Outbound, Peer = "host-b", RoundTrip = echoes.Look(request, first),
        }, options);
        PacketLines.Append(text, reply, new PacketContext(60, second)
        {
            Direction = CaptureDirection.Inbound, Peer = "host-b", RoundTrip = echoes.Look(reply, second),
        }, options);

        Assert.Equal(
            $"""
            15:47:23.058527 ► host-b  172.16.0.5.8285 > 172.16.0.4.8285: UDP 92, ttl 64, DF, id 15799
                            └ inner   10.244.1.14 > 10.244.0.6: ICMP echo request, id 1536, seq 32, length 64, ttl 62
            15:47:23.059315 ◄ host-b  172.16.0.4.8285 > 172.16.0.5.8285: UDP 92, ttl 64, DF, id 19646
                            └ inner   10.244.0.6 > 10.244.1.14: ICMP echo reply, id 1536, seq 32, length 64{TtlAndTime}

            """,
            text.ToString());
    }

    [Fact]
    public void The_tree_of_frame_7_has_every_line_that_the_literature_has_but_what_only_wireshark_knows()
    {
        string[] printed =
        [
            "Frame 7: 148 bytes on wire (1184 bits), 148 bytes captured (1184 bits)",
            "    Encapsulation type: Ethernet (1)",
            "    Epoch Time: 1527772193.823688000 seconds",
            "    Frame Number: 7",
            "    Frame Length: 148 bytes (1184 bits)",
            "    Capture Length: 148 bytes (1184 bits)",
            "    [Protocols in frame: eth:ethertype:ip:udp:vxlan:eth:ethertype:ip:icmp:data]",
            "    Type: IPv4 (0x0800)",
            "Internet Protocol Version 4, Src: 172.16.0.5, Dst: 172.16.0.4",
            "    0100 .... = Version: 4",
            "    .... 0101 = Header Length: 20 bytes (5)",
            "    Differentiated Services Field: 0x00 (DSCP: CS0, ECN: Not-ECT)",
            "    Total Length: 134",
            "    Identification: 0x1171 (4465)",
            "    Flags: 0x0000",
            "        0... .... .... .... = Reserved bit: Not set",
            "        .0.. .... .... .... = Don't fragment: Not set",
            "        ..0. .... .... .... = More fragments: Not set",
            "        ...0 0000 0000 0000 = Fragment offset: 0",
            "    Time to live: 64",
            "    Protocol: UDP (17)",
            "    Source: 172.16.0.5",
            "    Destination: 172.16.0.4",
            "User Datagram Protocol, Src Port: 38330, Dst Port: 8472",
            "    Source Port: 38330",
            "    Destination Port: 8472",
            "    Length: 114",
            "    Checksum: 0x58ad [partial: the device completes it (offloaded, not an error)]",
            "Virtual eXtensible Local Area Network",
            "    Flags: 0x0800, VXLAN Network ID (VNI)",
            "        0... .... .... .... = GBP Extension: Not defined",
            "        .... .... .0.. .... = Don't Learn: False",
            "        .... 1... .... .... = VXLAN Network ID (VNI): True",
            "        .... .... .... 0... = Policy Applied: False",
            "    Group Policy ID: 0",
            "    VXLAN Network Identifier (VNI): 1",
            "    Reserved: 0",
            "Ethernet II, Src: 8e:d0:f8:0a:41:19, Dst: 76:34:2f:c5:51:ec",
            "Internet Protocol Version 4, Src: 10.244.1.5, Dst: 10.244.0.5",
            "    Total Length: 84",
            "    Identification: 0x2b06 (11014)",
            "    Flags: 0x4000, Don't fragment",
            "        .1.. .... .... .... = Don't fragment: Set",
            "    Time to live: 63",
            "    Protocol: ICMP (1)",
            "    Header checksum: 0xf9b1 [correct]",
            "Internet Control Message Protocol",
            "    Type: 8 (Echo (ping) request)",
            "    Code: 0",
            "    Checksum: 0xdfbe [correct]",
            "    Identifier (BE): 2560 (0x0a00)",
            "    Identifier (LE): 10 (0x000a)",
            "    Sequence number (BE): 103 (0x0067)",
            "    Sequence number (LE): 26368 (0x6700)",
            "    Data (56 bytes)",
        ];
        string[] tree = Tree(SeedFrames.Frame7(), 7, 1527772193_823688000);
        int found = 0;
        foreach (string line in printed)
        {
            int at = Array.IndexOf(tree, line, found);
            Assert.True(at >= 0, $"'{line}' is not behind line {found} of\n{string.Join('\n', tree)}");
            found = at + 1;
        }
    }

    [Fact]
    public void The_tree_of_frame_59_says_where_the_checksum_is_partial_and_that_it_is_no_error()
    {
        string[] tree = Tree(SeedFrames.Frame59(), 59, 1528098443_058527000);

        Assert.Contains("    Identification: 0x3db7 (15799)", tree);
        Assert.Contains("    Checksum: 0x5897 [partial: the device completes it (offloaded, not an error)]", tree);
        Assert.Contains("    [Protocols in frame: eth:ethertype:ip:udp:ip:icmp:data]", tree);
        Assert.Equal("    Data (56 bytes)", tree[^1]);
    }

    [Fact]
    public void The_hex_dump_is_tcpdumps()
    {
        var text = new StringBuilder();
        HexDump.Append(text, SeedFrames.Frame59().AsSpan(14, 30), hasAscii: false);
        HexDump.Append(text, "overlay\t!"u8, hasAscii: true);

        Assert.Equal(
            "\t0x0000:  4500 0070 3db7 4000 4011 a49c ac10 0005\n"
                + "\t0x0010:  ac10 0004 205d 205d 005c 5897 4500\n"
                + "\t0x0000:  6f76 6572 6c61 7909 21                   overlay.!\n",
            text.ToString());
    }

    private static DecodedPacket Decode(byte[] frame, int length)
    {
        Assert.Equal(length, frame.Length);
        DecodedPacket packet = new PacketDecoder().Decode(LinkType.Ethernet, frame, frame.Length);
        Assert.Equal(PacketFault.None, packet.Fault);
        return packet;
    }

    private static string[] Tree(byte[] frame, long number, long nanoseconds)
    {
        var text = new StringBuilder();
        PacketTree.Append(text, Decode(frame, frame.Length), new PacketContext(number, nanoseconds));
        return [.. text.ToString().TrimEnd('\n').Split('\n')];
    }

    private static void AssertLink(LinkHeader link, string source, string destination)
    {
        Assert.True(link.IsEthernet);
        Assert.Equal((source, destination, 0x0800), (
            link.Source.ToString(), link.Destination.ToString(), link.EtherType));
    }

    private static void AssertIpv4(
        in PacketHeaders headers, Ipv4Address source, Ipv4Address destination, int totalLength, int identification,
        int flags, int ttl, int protocol, int checksum)
    {
        Assert.Equal(NetworkKind.Ipv4, headers.Network);
        Ipv4Header ip = headers.Ipv4;
        Assert.Equal((source, destination), (ip.Source, ip.Destination));
        Assert.Equal((20, 0, totalLength), (ip.HeaderBytes, ip.TypeOfService, ip.TotalLength));
        Assert.Equal((identification, flags), (ip.Identification, ip.FlagsAndOffset));
        Assert.Equal((flags == 0x4000, false, 0), (ip.DontFragment, ip.MoreFragments, ip.FragmentOffset));
        Assert.Equal((ttl, protocol), (ip.TimeToLive, ip.Protocol));
        Assert.Equal((checksum, ChecksumState.Good), (ip.Checksum, ip.ChecksumState));
    }

    private static void AssertUdp(
        in PacketHeaders headers, int source, int destination, int length, int checksum, ChecksumState state)
    {
        Assert.Equal(TransportKind.Udp, headers.Transport);
        Assert.Equal((source, destination), (headers.Udp.SourcePort, headers.Udp.DestinationPort));
        Assert.Equal((length, checksum, state), (headers.Udp.Length, headers.Udp.Checksum, headers.TransportChecksum));
    }

    private static void AssertVxlan(in DecodedPacket packet)
    {
        Assert.Equal(Encapsulation.Vxlan, packet.Encapsulation);
        Assert.Equal(
            (0x0800, true, 0, 1, 0),
            (packet.Vxlan.Flags, packet.Vxlan.HasVni, packet.Vxlan.GroupPolicy, packet.Vxlan.Vni,
                packet.Vxlan.Reserved));
    }

    private static void AssertEcho(in PacketHeaders headers, int type, int checksum, int identifier, int sequence)
    {
        Assert.Equal(TransportKind.Icmp, headers.Transport);
        Assert.Equal((type, 0), (headers.Icmp.Type, headers.Icmp.Code));
        Assert.Equal((checksum, ChecksumState.Good), (headers.Icmp.Checksum, headers.TransportChecksum));
        Assert.Equal((identifier, sequence), (headers.Icmp.Identifier, headers.Icmp.Sequence));
        Assert.Equal((56, 56), (headers.PayloadLength, headers.Payload.Length));
    }
}
