using System;
using System.Buffers.Binary;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.Packets;
using Overlay.Router.Routes;
using Overlay.Router.Workers;
using Xunit;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Router.Tests.Inbound;

public abstract class InboundWorkerTests(RigEngine engine)
{
    private static readonly Ipv4Address s_hostOutside = Address("192.168.0.99");

    [Fact]
    public void A_packet_from_its_peer_is_delivered_unchanged_but_for_time_to_live_and_checksum()
    {
        using var rig = new Rig(engine);
        byte[] packet = Ipv4(PeerPod, OurPod, ttl: 62);
        rig.Receive((byte[])packet.Clone());

        byte[] written = Assert.Single(rig.Tun.Written);
        packet[8] = 61;
        FixHeaderChecksum(packet);
        Assert.Equal(packet, written);
        Assert.Equal(1, rig.Inbound.ForwardedPackets);
        Assert.Equal(packet.Length, rig.Inbound.ForwardedBytes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_packet_with_ttl_0_or_1_is_dropped_and_never_wraps(byte ttl)
    {
        using var rig = new Rig(engine);
        rig.Receive(Ipv4(PeerPod, OurPod, ttl));

        Assert.Empty(rig.Tun.Written);
        Assert.Equal(DropReason.TtlExpired, Rig.OnlyDrop(rig.Inbound));
        (Ipv4Address destination, byte[] message) = Assert.Single(rig.Icmp.Sent);
        Assert.Equal(PeerPod, destination);
        Assert.Equal([11, 0], message[..2]);
    }

    [Theory]
    [InlineData(0x65, DropReason.NotIpv4)]   // version 6
    [InlineData(0x05, DropReason.NotIpv4)]   // version 0
    [InlineData(0x44, DropReason.BadHeader)] // 16 bytes of header
    [InlineData(0x4F, DropReason.BadHeader)] // 60 bytes of header in a packet of 40
    public void Version_and_header_length_are_checked(byte first, DropReason expected)
    {
        using var rig = new Rig(engine);
        byte[] packet = Ipv4(PeerPod, OurPod);
        packet[0] = first;
        rig.Receive(packet);

        Assert.Empty(rig.Tun.Written);
        Assert.Equal(expected, Rig.OnlyDrop(rig.Inbound));
    }

    [Theory]
    [InlineData(41)]
    [InlineData(19)]
    [InlineData(0)]
    [InlineData(65_535)]
    public void A_total_length_that_contradicts_the_datagram_is_dropped(int totalLength)
    {
        using var rig = new Rig(engine);
        byte[] packet = Ipv4(PeerPod, OurPod);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)totalLength);
        FixHeaderChecksum(packet);
        rig.Receive(packet);

        Assert.Empty(rig.Tun.Written);
        Assert.Equal(DropReason.BadHeader, Rig.OnlyDrop(rig.Inbound));
    }

    [Fact]
    public void Bytes_beyond_the_total_length_are_cut_off()
    {
        using var rig = new Rig(engine);
        byte[] packet = Ipv4(PeerPod, OurPod);
        rig.Receive([.. packet, 0xAA, 0xBB]);

        Assert.Equal(packet.Length, Assert.Single(rig.Tun.Written).Length);
    }

    [Fact]
    public void A_wrong_header_checksum_is_dropped_and_not_repaired()
    {
        using var rig = new Rig(engine);
        byte[] packet = Ipv4(PeerPod, OurPod);
        packet[10] ^= 0x01;
        rig.Receive(packet);

        Assert.Empty(rig.Tun.Written);
        Assert.Equal(DropReason.BadChecksum, Rig.OnlyDrop(rig.Inbound));
    }

    [Fact]
    public void A_probe_is_counted_as_passed_over_and_not_as_a_bad_checksum()
    {
        using var rig = new Rig(engine);
        byte[] probe = new byte[PeerProbe.Bytes];
        PeerProbe.Write(probe, ProbeKind.Request, PeerAddress, Rig.Own.Address, nonce: 7);
        rig.Receive((byte[])probe.Clone());

        Assert.Empty(rig.Tun.Written);
        Assert.Empty(rig.Icmp.Sent);
        Assert.Equal(0, rig.Inbound.Dropped());
        Assert.Equal(1, rig.Inbound.Seen(CountedEvent.ProbePassedOver));

        probe[PeerProbe.MagicOffset]++; // a packet of that protocol with a wrong checksum
        rig.Receive(probe);
        Assert.Equal(DropReason.BadChecksum, Rig.OnlyDrop(rig.Inbound));
        Assert.Equal(1, rig.Inbound.Seen(CountedEvent.ProbePassedOver));
    }

    [Fact]
    public void A_ping_of_a_peer_is_answered_to_the_port_it_names_and_one_too_many_is_dropped()
    {
        using var rig = new Rig(engine);
        byte[] question = new byte[PingProbe.Bytes];
        PingProbe.WriteQuestion(question, port: 4711, nonce: 7);
        Assert.True(question.Length < Ipv4Header.MinimumBytes); // or stock flannel would take it for a packet
        rig.Receive((byte[])question.Clone());

        Assert.Empty(rig.Tun.Written);
        Assert.Equal(0, rig.Inbound.Dropped());
        Assert.Equal(1, rig.Inbound.Seen(CountedEvent.PingAnswered));
        (Ipv4Address destination, ushort port, byte[] answer) = Assert.Single(rig.Port.Replies);
        Assert.Equal((PeerAddress, 4711), (destination, port));
        Assert.Equal(typeof(PingProbe).Assembly.GetName().Version!.ToString(3), $"{PingProbe.ReadAnswer(answer, 7)}");
        Assert.Null(PingProbe.ReadAnswer(answer, nonce: 8));
        Assert.Null(PingProbe.ReadAnswer(question, nonce: 7));

        for (int i = 0; i < 100; i++)
        {
            rig.Receive((byte[])question.Clone());
        }

        Assert.InRange(rig.Inbound.Seen(CountedEvent.PingAnswered), 2, 50);
        Assert.Equal(101, rig.Inbound.Seen(CountedEvent.PingAnswered) + rig.Inbound.Dropped(DropReason.ShortPacket));
    }

    [Theory]
    [InlineData(0, 1)] // another magic
    [InlineData(4, 2)] // an answer
    [InlineData(5, 1)] // another form
    public void What_is_no_question_and_what_a_stranger_asks_is_dropped(int offset, byte by)
    {
        using var rig = new Rig(engine);
        byte[] question = new byte[PingProbe.Bytes];
        PingProbe.WriteQuestion(question, port: 4711, nonce: 7);
        rig.Receive((byte[])question.Clone(), StrangerAddress);
        Assert.Equal(DropReason.UnknownPeer, Rig.OnlyDrop(rig.Inbound));

        byte[] other = (byte[])question.Clone();
        other[offset] += by;
        rig.Receive(other);
        PingProbe.WriteQuestion(question, port: 0, nonce: 7);
        rig.Receive(question);
        Assert.Empty(rig.Port.Replies);
        Assert.Equal(3, rig.Inbound.Dropped());
    }

    public static TheoryData<SourceCheck, string, string, DropReason> Sources => new()
    {
        // check, outer source, inner source, verdict
        { SourceCheck.Strict, $"{PeerAddress}", $"{PeerPod}", DropReason.None },
        { SourceCheck.Strict, $"{PeerAddress}", $"{s_hostOutside}", DropReason.None },
        { SourceCheck.Strict, $"{PeerAddress}", $"{OtherPeerPod}", DropReason.SpoofedSource },
        { SourceCheck.Strict, $"{PeerAddress}", $"{Unleased}", DropReason.SpoofedSource },
        { SourceCheck.Strict, $"{PeerAddress}", "10.5.34.9", DropReason.SpoofedSource },
        { SourceCheck.Strict, $"{StrangerAddress}", $"{PeerPod}", DropReason.UnknownPeer },
        { SourceCheck.Strict, $"{PeerAddress}", "127.0.0.1", DropReason.MartianSource },
        { SourceCheck.Off, $"{PeerAddress}", "0.1.2.3", DropReason.MartianSource },
        { SourceCheck.Off, $"{PeerAddress}", "224.0.0.1", DropReason.MartianSource },
        { SourceCheck.Off, $"{PeerAddress}", "255.255.255.255", DropReason.MartianSource },
        { SourceCheck.Off, $"{PeerAddress}", "223.255.255.255", DropReason.None },
        { SourceCheck.Off, $"{PeerAddress}", "239.255.255.255", DropReason.MartianSource },
        { SourceCheck.Strict, $"{PeerAddress}", "240.0.0.0", DropReason.None },
        { SourceCheck.Strict, $"{PeerAddress}", "255.255.255.254", DropReason.None },
        { SourceCheck.Peer, $"{PeerAddress}", $"{OtherPeerPod}", DropReason.None },
        { SourceCheck.Peer, $"{PeerAddress}", "10.5.34.9", DropReason.None },
        { SourceCheck.Peer, $"{StrangerAddress}", $"{PeerPod}", DropReason.UnknownPeer },
        { SourceCheck.Off, $"{StrangerAddress}", $"{PeerPod}", DropReason.None },
        { SourceCheck.Off, $"{StrangerAddress}", $"{OtherPeerPod}", DropReason.None },
    };

    [Theory]
    [MemberData(nameof(Sources))]
    public void The_source_check_decides_who_may_send_what(
        SourceCheck check, string outer, string inner, DropReason expected)
    {
        using var rig = new Rig(engine, check);
        rig.Receive(Ipv4(Address(inner), OurPod), Address(outer));

        Assert.Equal(expected == DropReason.None ? 1 : 0, rig.Tun.Written.Count);
        Assert.Equal(expected, Rig.OnlyDrop(rig.Inbound));
    }

    [Theory]
    [InlineData(SourceCheck.Strict)]
    [InlineData(SourceCheck.Peer)]
    [InlineData(SourceCheck.Off)]
    public void What_goes_to_any_subnet_of_ours_is_delivered_and_nobody_else_may_send_from_one(SourceCheck check)
    {
        var network = Ipv4Prefix.Parse("10.5.0.0/16");
        var peer = new Route(Ipv4Prefix.Parse("10.5.99.0/24"), PeerAddress);
        using var rig = new Rig(engine, check, RouteTable.Build(
            network, Ipv4Prefix.Parse("10.5.34.0/24"), [peer], [Ipv4Prefix.Parse("10.5.250.0/24")]));
        Ipv4Address second = Address("10.5.250.9");
        rig.Receive(Ipv4(PeerPod, second));
        rig.Receive(Ipv4(second, OurPod));

        Assert.Equal(check == SourceCheck.Strict ? 1 : 2, rig.Tun.Written.Count);
        Assert.Equal(check == SourceCheck.Strict ? 1 : 0, rig.Inbound.Dropped(DropReason.SpoofedSource));
    }

    [Theory]
    [InlineData("10.5.240.5", "10.5.240.5", DropReason.None)] // the host itself
    [InlineData("10.5.240.5", "10.5.240.6", DropReason.SpoofedSource)] // another host
    [InlineData("10.5.240.5", "10.5.98.1", DropReason.None)] // its pod
    [InlineData("10.5.240.5", "10.5.241.6", DropReason.SpoofedSource)] // another host, and its pod
    [InlineData("10.5.241.6", "10.5.241.6", DropReason.SpoofedSource)] // the pod of another host has this address
    public void A_host_inside_the_network_may_send_from_the_address_it_is_known_by(
        string sender, string source, DropReason expected)
    {
        Route[] routes =
        [
            new(Ipv4Prefix.Parse("10.5.98.0/24"), Address("10.5.240.5")),
            new(Ipv4Prefix.Parse("10.5.97.0/24"), Address("10.5.240.6")),
            new(Ipv4Prefix.Parse("10.5.241.0/24"), Address("10.5.240.6")),
            new(Ipv4Prefix.Parse("10.5.96.0/24"), Address("10.5.241.6")),
        ];
        using var rig = new Rig(engine, SourceCheck.Strict, RouteTable.Build(
            Ipv4Prefix.Parse("10.5.0.0/16"), Ipv4Prefix.Parse("10.5.34.0/24"), routes));
        rig.Receive(Ipv4(Address(source), OurPod), Address(sender));

        Assert.Equal(expected == DropReason.None ? 1 : 0, rig.Tun.Written.Count);
        Assert.Equal(expected, Rig.OnlyDrop(rig.Inbound));
    }

    [Theory]
    [InlineData(SourceCheck.Strict)]
    [InlineData(SourceCheck.Peer)]
    [InlineData(SourceCheck.Off)]
    public void A_destination_outside_our_lease_is_never_written(SourceCheck check)
    {
        Ipv4Address[] outside =
        [
            OtherPeerPod, PeerPod, Unleased, s_hostOutside, default, Address("224.0.0.1"), Address("255.255.255.255"),
        ];
        foreach (Ipv4Address destination in outside)
        {
            using var rig = new Rig(engine, check);
            rig.Receive(Ipv4(PeerPod, destination));

            Assert.Empty(rig.Tun.Written);
            Assert.Equal(DropReason.NotOurs, Rig.OnlyDrop(rig.Inbound));
        }
    }

    [Fact]
    public void Options_and_fragments_pass()
    {
        using var rig = new Rig(engine);
        rig.Receive(Ipv4(PeerPod, OurPod, options: [0x94, 4, 0, 0]));
        rig.Receive(Ipv4(PeerPod, OurPod, fragment: 0x2000));
        rig.Receive(Ipv4(PeerPod, OurPod, fragment: 0x0007));

        Assert.Equal(3, rig.Tun.Written.Count);
    }

    [Fact]
    public void A_device_that_refuses_is_counted_with_its_reason_and_traffic_goes_on()
    {
        using var rig = new Rig(engine);
        rig.Tun.WriteErrno = Errno.EIO;
        rig.Receive(Ipv4(PeerPod, OurPod));
        Assert.Equal(DropReason.TunRefused, Rig.OnlyDrop(rig.Inbound));
        Assert.Equal(Errno.EIO, rig.Inbound.LastRefusal);

        rig.Tun.WriteErrno = Errno.None;
        rig.Receive(Ipv4(PeerPod, OurPod));
        Assert.Single(rig.Tun.Written);
    }

    [Fact]
    public void An_error_that_is_about_an_earlier_datagram_loses_nothing_and_its_report_is_taken()
    {
        using var rig = new Rig(engine);
        rig.Port.Report(new DatagramError(PeerAddress, Errno.ECONNREFUSED, 0));
        rig.Port.Report(new DatagramError(PeerAddress, Errno.EMSGSIZE, 1300));
        rig.Receive(Ipv4(PeerPod, OurPod));

        Assert.Single(rig.Tun.Written);
        Assert.Equal(1, rig.Inbound.Seen(CountedEvent.ReceiveFailed));
        Assert.Equal(1, rig.Inbound.Seen(CountedEvent.PeerUnreachable));
        Assert.Equal(1, rig.Inbound.Seen(CountedEvent.PathMtuLearned));
        Assert.Equal(1300, rig.Paths.Current.Find(PeerAddress, rig.Paths.Now).Mtu);
        Assert.Empty(rig.Port.Errors);
    }

    [Fact]
    public void A_peer_that_answers_with_ICMP_for_hours_while_nothing_else_comes_does_not_end_the_direction()
    {
        using var rig = new Rig(engine);
        for (int i = 0; i < 1_000; i++)
        {
            rig.Port.ReceiveErrnos.Enqueue(Errno.ECONNREFUSED); // each once; then nothing waits
            rig.Drain();
        }

        rig.Receive(Ipv4(PeerPod, OurPod));
        Assert.Single(rig.Tun.Written);
        Assert.Equal(1_000, rig.Inbound.Seen(CountedEvent.ReceiveFailed));
    }

    [Fact]
    public void A_socket_that_only_fails_ends_the_direction_instead_of_spinning()
    {
        using var rig = new Rig(engine);
        rig.Port.ReceiveErrno = Errno.EBADF;

        LinuxException refused = Assert.Throws<LinuxException>(rig.Drain);
        Assert.Equal(Errno.EBADF, refused.Errno);
        Assert.True(rig.Inbound.Seen(CountedEvent.ReceiveFailed) > 0);
    }
}

public sealed class ClassicInboundWorkerTests() : InboundWorkerTests(RigEngine.Classic);

public sealed class BatchInboundWorkerTests() : InboundWorkerTests(RigEngine.Batch);

public sealed class OffloadInboundWorkerTests() : InboundWorkerTests(RigEngine.Offload);

public sealed class PipelineInboundWorkerTests() : InboundWorkerTests(RigEngine.Pipeline);
