using System;
using System.Buffers.Binary;
using System.Linq;
using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.Packets;
using Overlay.Router.Routes;
using Xunit;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Router.Tests.Forwarding;

/// <summary>
/// What stock flannel's data path does with a packet, and where ours differs on purpose (docs/compatibility.md).
/// </summary>
public abstract class DataPathConformanceTests(RigEngine engine)
{
    private static readonly byte[] s_offender = Convert.FromHexString(
        "46000025000140003f11a8ad0a0522020a05c809940400009c400035000d000068656c6c6f");

    [Theory]
    [InlineData("450000281234400040118f7e0a0522020a056307", "45000028123440003f11907e0a0522020a056307")]
    [InlineData("45000028123440003f11907e0a0522020a056307", "45000028123440003e11917e0a0522020a056307")]
    [InlineData("45000028123440000211cd7e0a0522020a056307", "45000028123440000111ce7e0a0522020a056307")]
    [InlineData("45000028a3b240003f11feff0a0522020a056307", "45000028a3b240003e1100000a0522020a056307")]
    [InlineData("45000028a3b140003f11ff000a0522020a056307", "45000028a3b140003e1100010a0522020a056307")]
    [InlineData("45000028a2b340003f11fffe0a0522020a056307", "45000028a2b340003e1100ff0a0522020a056307")]
    [InlineData("45000028a2b240003f1100000a0522020a056307", "45000028a2b240003e1101000a0522020a056307")]
    public void A_packet_crosses_with_time_to_live_and_checksum_stepped_and_nothing_else_changed(
        string before, string after)
    {
        using var rig = new Rig(engine);
        byte[] payload = [.. Enumerable.Range(0, 20).Select(i => (byte)i)];
        rig.Send([.. Convert.FromHexString(before), .. payload]);

        (Ipv4Address destination, byte[] datagram) = Assert.Single(rig.Port.Sent);
        Assert.Equal(PeerAddress, destination);
        Assert.Equal(after, Convert.ToHexStringLower(datagram[..20]));
        Assert.Equal(payload, datagram[20..]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_packet_whose_time_to_live_is_used_up_is_dropped_and_unlike_with_stock_answered(byte ttl)
    {
        using var rig = new Rig(engine);
        rig.Send(Ipv4(OurPod, PeerPod, ttl));

        Assert.Empty(rig.Port.Sent);
        Assert.Equal(DropReason.TtlExpired, Rig.OnlyDrop(rig.Outbound));
        (Ipv4Address destination, byte[] message) = Assert.Single(rig.Icmp.Sent);
        Assert.Equal(OurPod, destination);
        Assert.Equal([11, 0], message[..2]);
    }

    [Theory]
    [InlineData(0x0000, 0x0100)]
    [InlineData(0x0001, 0x0101)]
    [InlineData(0x1234, 0x1334)]
    [InlineData(0xB861, 0xB961)]
    [InlineData(0xFE00, 0xFF00)]
    [InlineData(0xFEFE, 0xFFFE)]
    [InlineData(0xFEFF, 0x0000)]
    [InlineData(0xFF00, 0x0001)]
    [InlineData(0xFF01, 0x0002)]
    [InlineData(0xFFFE, 0x00FF)]
    [InlineData(0xFFFF, 0x0100)]
    public void The_checksum_step_alone(int before, int after) =>
        Assert.Equal((ushort)after, InternetChecksum.AfterTimeToLiveStep((ushort)before));

    [Fact]
    public void A_packet_without_a_route_is_answered_with_network_unreachable_as_stock_words_it()
    {
        using var rig = new Rig(engine);
        byte[] offender = Ipv4(OurPod, Unleased, ttl: 63, payload: [.. Enumerable.Range(0, 30).Select(i => (byte)i)]);
        rig.Send((byte[])offender.Clone());

        Assert.Empty(rig.Port.Sent);
        Assert.Equal(DropReason.NoRoute, Rig.OnlyDrop(rig.Outbound));
        (Ipv4Address destination, byte[] message) = Assert.Single(rig.Icmp.Sent);
        Assert.Equal(OurPod, destination);
        Assert.Equal([3, 0], message[..2]);
        Assert.Equal(new byte[4], message[4..8]);
        Assert.Equal(offender[..28], message[8..]); // as received: time to live untouched
        Assert.True(InternetChecksum.IsValid(message));
    }

    [Fact]
    public void Options_are_quoted_and_the_message_equals_stock_byte_for_byte()
    {
        using var rig = new Rig(engine);
        rig.Send((byte[])s_offender.Clone());

        byte[] message = Assert.Single(rig.Icmp.Sent).Message;
        Assert.Equal(
            "0300607d0000000046000025000140003f11a8ad0a0522020a05c809940400009c400035000d0000",
            Convert.ToHexStringLower(message));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(42)]
    public void An_icmp_error_without_a_route_is_dropped_silently(byte type)
    {
        using var rig = new Rig(engine);
        rig.Send(Ipv4(OurPod, Unleased, protocol: Icmp, payload: [type, 0, 0, 0, 0, 0, 0, 0]));

        Assert.Equal(DropReason.NoRoute, Rig.OnlyDrop(rig.Outbound));
        Assert.Empty(rig.Icmp.Sent);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(0)]
    [InlineData(13)]
    public void Unlike_with_stock_an_icmp_query_without_a_route_is_answered(byte type)
    {
        using var rig = new Rig(engine);
        rig.Send(Ipv4(OurPod, Unleased, protocol: Icmp, payload: [type, 0, 0, 0, 0, 0, 0, 0]));

        Assert.Equal([3, 0], Assert.Single(rig.Icmp.Sent).Message[..2]);
    }

    [Fact]
    public void A_later_fragment_without_a_route_is_dropped_silently()
    {
        using var rig = new Rig(engine);
        rig.Send(Ipv4(OurPod, Unleased, fragment: 0x0001));

        Assert.Equal(DropReason.NoRoute, Rig.OnlyDrop(rig.Outbound));
        Assert.Empty(rig.Icmp.Sent);
    }

    [Fact]
    public void A_header_of_60_bytes_is_answered_which_stock_refuses()
    {
        using var rig = new Rig(engine);
        byte[] options = new byte[40];
        Array.Fill(options, (byte)1);
        rig.Send(Ipv4(OurPod, Unleased, options: options));

        Assert.Equal(8 + 60 + 8, Assert.Single(rig.Icmp.Sent).Message.Length);
    }

    [Fact]
    public void An_ipv6_packet_from_the_tun_is_dropped_silently()
    {
        using var rig = new Rig(engine);
        byte[] packet = new byte[48];
        packet[0] = 0x60;
        rig.Send(packet);

        Assert.Equal(DropReason.NotIpv4, Rig.OnlyDrop(rig.Outbound));
        Assert.Empty(rig.Icmp.Sent);
    }

    [Fact]
    public void A_datagram_of_0_to_19_bytes_is_dropped()
    {
        for (int length = 0; length < 20; length++)
        {
            using var rig = new Rig(engine);
            rig.Receive(Ipv4(PeerPod, OurPod)[..length]);

            Assert.Empty(rig.Tun.Written);
            Assert.Equal(DropReason.ShortPacket, Rig.OnlyDrop(rig.Inbound));
        }
    }

    [Fact]
    public void A_datagram_longer_than_the_tunnel_mtu_is_delivered_whole_and_counted()
    {
        using var rig = new Rig(engine, tunnelMtu: 1472);
        byte[] packet = Ipv4(PeerPod, OurPod, payload: new byte[8_952]);
        rig.Receive((byte[])packet.Clone());

        byte[] written = Assert.Single(rig.Tun.Written);
        Assert.Equal(packet[12..], written[12..]);
        Assert.Equal(1, rig.Inbound.Seen(CountedEvent.Oversize));
        Assert.Equal(0, rig.Inbound.Dropped());
    }

    [Fact]
    public void What_did_not_fit_the_buffer_is_dropped_and_never_cut()
    {
        using var rig = new Rig(engine);
        rig.Port.PutTruncated(Ipv4(PeerPod, OurPod), PeerAddress);
        rig.Drain();

        Assert.Empty(rig.Tun.Written);
        Assert.Equal(DropReason.Truncated, Rig.OnlyDrop(rig.Inbound));
    }

    [Fact]
    public void A_route_replaced_while_traffic_flows_takes_the_next_packet_elsewhere()
    {
        using var rig = new Rig(engine);
        rig.Send(Ipv4(OurPod, PeerPod));
        rig.Routes.Publish(RouteTable.Build(
            new Ipv4Prefix(Address("10.5.0.0"), 16),
            new Ipv4Prefix(Address("10.5.34.0"), 24),
            [new Route(new Ipv4Prefix(Address("10.5.99.0"), 24), StrangerAddress)]));
        rig.Send(Ipv4(OurPod, PeerPod));

        Assert.Equal([PeerAddress, StrangerAddress], rig.Port.Sent.Select(sent => sent.Destination));
    }

    [Fact]
    public void Once_the_lease_is_removed_its_packets_have_no_route()
    {
        using var rig = new Rig(engine);
        rig.Send(Ipv4(OurPod, PeerPod));
        rig.Routes.Publish(
            RouteTable.Build(new Ipv4Prefix(Address("10.5.0.0"), 16), new Ipv4Prefix(Address("10.5.34.0"), 24), []));
        rig.Send(Ipv4(OurPod, PeerPod));

        Assert.Single(rig.Port.Sent);
        Assert.Equal(DropReason.NoRoute, Rig.OnlyDrop(rig.Outbound));
    }

    [Fact]
    public void Inner_dscp_and_ecn_cross_in_both_directions_unchanged()
    {
        const byte ExpeditedAndCongested = (46 << 2) | 3;
        using var rig = new Rig(engine);
        rig.Send(Ipv4(OurPod, PeerPod, typeOfService: ExpeditedAndCongested));
        rig.Receive(Ipv4(PeerPod, OurPod, typeOfService: ExpeditedAndCongested));

        Assert.Equal(ExpeditedAndCongested, rig.Port.Sent[0].Payload[1]);
        Assert.Equal(ExpeditedAndCongested, rig.Tun.Written[0][1]);
    }

    [Fact]
    public void Two_hosts_take_two_from_the_time_to_live_and_leave_a_right_checksum()
    {
        using var rig = new Rig(engine);
        rig.Send(Ipv4(OurPod, PeerPod, ttl: 63));
        byte[] onTheWire = rig.Port.Sent[0].Payload;

        using var other = new Rig(engine, table: RouteTable.Build(
            new Ipv4Prefix(Address("10.5.0.0"), 16),
            new Ipv4Prefix(Address("10.5.99.0"), 24),
            [new Route(new Ipv4Prefix(Address("10.5.34.0"), 24), OtherPeerAddress)]));
        other.Receive((byte[])onTheWire.Clone(), OtherPeerAddress);

        byte[] delivered = Assert.Single(other.Tun.Written);
        Assert.Equal(62, onTheWire[8]);
        Assert.Equal(61, delivered[8]);
        Assert.True(InternetChecksum.IsValid(delivered.AsSpan(0, 20)));
        Assert.Equal(0x4000, BinaryPrimitives.ReadUInt16BigEndian(delivered.AsSpan(6)));
    }
}

public sealed class ClassicDataPathConformanceTests() : DataPathConformanceTests(RigEngine.Classic);

public sealed class BatchDataPathConformanceTests() : DataPathConformanceTests(RigEngine.Batch);

public sealed class OffloadDataPathConformanceTests() : DataPathConformanceTests(RigEngine.Offload);

public sealed class PipelineDataPathConformanceTests() : DataPathConformanceTests(RigEngine.Pipeline);
