using System.Linq;
using Overlay.Linux;
using Overlay.Router.Counters;
using Xunit;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Router.Tests.Outbound;

public abstract class OutboundWorkerTests(RigEngine engine)
{
    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(200)]
    public void Packets_leave_in_the_order_they_came_whatever_the_batch(int count)
    {
        using var rig = new Rig(engine);
        rig.Send([.. Enumerable.Range(0, count)
            .Select(i => Ipv4(OurPod, i % 2 == 0 ? PeerPod : OtherPeerPod, id: (ushort)i))]);

        Assert.Equal(
            Enumerable.Range(0, count), rig.Port.Sent.Select(sent => (sent.Payload[4] << 8) | sent.Payload[5]));
        Assert.Equal(count, rig.Outbound.ForwardedPackets);
    }

    [Fact]
    public void A_packet_to_our_own_subnet_has_no_route_so_it_cannot_loop()
    {
        using var rig = new Rig(engine);
        rig.Send(Ipv4(OurPod, Address("10.5.34.77")));

        Assert.Empty(rig.Port.Sent);
        Assert.Equal(DropReason.NoRoute, Rig.OnlyDrop(rig.Outbound));
    }

    [Theory]
    [InlineData(8285, 8285, 0x4000, 17, true)]
    [InlineData(8285, 8285, 0x2000, 17, true)] // a first fragment
    [InlineData(1, 2, 0x0001, 17, true)] // a later one has no ports
    [InlineData(8285, 8286, 0x4000, 17, false)]
    [InlineData(8286, 8285, 0x4000, 17, false)]
    [InlineData(8285, 8285, 0x4000, 6, false)]
    public void A_datagram_of_ours_that_comes_out_of_the_tunnel_is_never_sent_again(
        int sourcePort, int destinationPort, int fragment, byte protocol, bool isOurs)
    {
        using var rig = new Rig(engine);
        byte[] payload =
        [
            (byte)(sourcePort >> 8), (byte)sourcePort, (byte)(destinationPort >> 8), (byte)destinationPort,
            .. new byte[28],
        ];
        rig.Send(Ipv4(Rig.Own.Address, PeerPod, protocol: protocol, payload: payload, fragment: (ushort)fragment));
        rig.Send(Ipv4(OurPod, PeerPod, protocol: protocol, payload: payload, fragment: (ushort)fragment));

        Assert.Equal(isOurs ? 1 : 2, rig.Port.Sent.Count);
        Assert.Equal(isOurs ? 1 : 0, rig.Outbound.Dropped(DropReason.Looped));
        Assert.Empty(rig.Icmp.Sent);
    }

    [Theory]
    [InlineData("240.1.2.3", "10.5.200.1")]
    [InlineData("10.5.34.2", "240.1.2.3")]
    public void A_client_or_a_destination_in_240_0_0_0_4_is_a_host_as_any_other(string source, string destination)
    {
        using var rig = new Rig(engine);
        rig.Send(Ipv4(Address(source), Address(destination)));

        Assert.Equal(DropReason.NoRoute, Rig.OnlyDrop(rig.Outbound));
        Assert.Equal(Address(source), Assert.Single(rig.Icmp.Sent).Destination);
    }

    [Theory]
    [InlineData(new byte[] { 0x45 }, DropReason.ShortPacket)]
    [InlineData(
        new byte[] { 0x43, 0, 0, 20, 0, 0, 0, 0, 64, 17, 0, 0, 10, 5, 34, 2, 10, 5, 99, 7 }, DropReason.BadHeader)]
    [InlineData(
        new byte[] { 0x45, 0, 0, 21, 0, 0, 0, 0, 64, 17, 0, 0, 10, 5, 34, 2, 10, 5, 99, 7 }, DropReason.BadHeader)]
    public void What_is_no_ipv4_packet_is_dropped_without_an_answer(byte[] packet, DropReason expected)
    {
        using var rig = new Rig(engine);
        rig.Send(packet);

        Assert.Equal(expected, Rig.OnlyDrop(rig.Outbound));
        Assert.Empty(rig.Icmp.Sent);
    }

    [Fact]
    public void A_full_send_buffer_and_a_full_way_out_are_waited_for_and_nothing_is_lost()
    {
        using var rig = new Rig(engine);
        rig.Port.SendErrnos.Enqueue(Errno.EAGAIN);
        rig.Port.SendErrnos.Enqueue(Errno.ENOBUFS);
        rig.Send(Ipv4(OurPod, PeerPod));

        Assert.Single(rig.Port.Sent);
        Assert.Equal(1, rig.Port.WritableWaits); // no descriptor speaks for a full queue at the way out
        Assert.Equal(1, rig.Port.Pauses);
        Assert.Equal(0, rig.Outbound.Dropped());
    }

    [Fact]
    public void A_send_buffer_that_fills_in_the_middle_of_a_batch_is_waited_for_and_the_next_message_is_the_right_one()
    {
        using var rig = new Rig(engine);
        int messages = 0;
        rig.Port.Refuse = (_, _) => ++messages is 3 or 4 or 7 ? Errno.EAGAIN : Errno.None;
        rig.Send(
            [.. Enumerable.Range(0, 8).Select(i => Ipv4(OurPod, i % 2 == 0 ? PeerPod : OtherPeerPod, id: (ushort)i))]);

        Assert.Equal(Enumerable.Range(0, 8), rig.Port.Sent.Select(sent => (sent.Payload[4] << 8) | sent.Payload[5]));
        Assert.InRange(rig.Port.WritableWaits, 1, 3);
        Assert.Equal(0, rig.Outbound.Dropped());
    }

    [Fact]
    public void An_error_that_is_about_an_earlier_datagram_loses_nothing_and_its_report_is_taken()
    {
        using var rig = new Rig(engine);
        rig.Port.Report(new DatagramError(OtherPeerAddress, Errno.ECONNREFUSED, 0));
        rig.Port.Report(new DatagramError(OtherPeerAddress, Errno.EMSGSIZE, 1300));
        rig.Send(Ipv4(OurPod, PeerPod, id: 1), Ipv4(OurPod, OtherPeerPod, id: 2), Ipv4(OurPod, PeerPod, id: 3));

        Assert.Equal([1, 2, 3], rig.Port.Sent.Select(sent => sent.Payload[5]));
        Assert.Equal(0, rig.Outbound.Dropped());
        Assert.Equal(1, rig.Outbound.Seen(CountedEvent.PeerUnreachable));
        Assert.Equal(1, rig.Outbound.Seen(CountedEvent.PathMtuLearned));
        Assert.Equal(1300, rig.Paths.Current.Find(OtherPeerAddress, rig.Paths.Now).Mtu);
        Assert.Empty(rig.Port.Errors);
    }

    [Fact]
    public void The_first_datagram_that_is_too_long_for_its_path_goes_in_fragments_and_the_path_is_known()
    {
        using var rig = new Rig(engine);
        rig.Port.PathMtus[PeerAddress] = 1300;
        rig.Port.Refuse = (destination, _) => destination == PeerAddress ? Errno.EMSGSIZE : Errno.None;
        rig.Send(Ipv4(OurPod, PeerPod, payload: new byte[1_300]));

        Assert.Equal(1, rig.Port.SentInFragments);
        Assert.Equal(1, rig.Outbound.ForwardedPackets);
        Assert.Equal(1300, Assert.Single(rig.Paths.Current.Paths).Mtu);

        rig.Send(Ipv4(OurPod, PeerPod, payload: new byte[1_300])); // with DF
        Assert.Equal(DropReason.FragmentationNeeded, Rig.OnlyDrop(rig.Outbound));
        Assert.Equal([3, 4], Assert.Single(rig.Icmp.Sent).Message[..2]);

        rig.Send(Ipv4(OurPod, PeerPod, payload: new byte[1_300], fragment: 0));
        Assert.Equal(2, rig.Port.SentInFragments);
    }

    [Theory]
    [InlineData(Errno.EAGAIN, DropReason.SendBufferFull)]
    [InlineData(Errno.ENOBUFS, DropReason.SendBufferFull)]
    [InlineData(Errno.EMSGSIZE, DropReason.TooLong)]
    [InlineData(Errno.EPERM, DropReason.SendRefused)]
    [InlineData(Errno.ENETUNREACH, DropReason.SendRefused)]
    public void A_refused_datagram_is_counted_with_its_reason_and_the_next_one_goes(Errno errno, DropReason expected)
    {
        using var rig = new Rig(engine);
        rig.Port.Refuse = (destination, _) => destination == PeerAddress ? errno : Errno.None;
        rig.Port.FragmentsErrno = errno; // nor in fragments: longer than any datagram may be
        rig.Send(Ipv4(OurPod, PeerPod), Ipv4(OurPod, OtherPeerPod));

        Assert.Equal(OtherPeerAddress, Assert.Single(rig.Port.Sent).Destination);
        Assert.Equal(expected, Rig.OnlyDrop(rig.Outbound));
        Assert.Equal(1, rig.Outbound.ForwardedPackets);
        // a full buffer is no refusal
        Assert.Equal(errno == Errno.EAGAIN ? Errno.None : errno, rig.Outbound.LastRefusal);
    }

    [Fact]
    public void Errors_about_a_flood_are_rate_limited_and_the_rest_is_counted()
    {
        using var rig = new Rig(engine);
        rig.Send([.. Enumerable.Range(0, 500).Select(_ => Ipv4(OurPod, Unleased))]);

        Assert.InRange(rig.Icmp.Sent.Count, 1, 50);
        Assert.Equal(500, rig.Outbound.Dropped(DropReason.NoRoute));
        Assert.Equal(500, rig.Outbound.Seen(CountedEvent.IcmpSent) + rig.Outbound.Seen(CountedEvent.IcmpRateLimited));
    }

    [Fact]
    public void Without_the_privilege_to_answer_packets_are_dropped_all_the_same()
    {
        using var rig = new Rig(engine, withIcmp: false);
        rig.Send(Ipv4(OurPod, Unleased));

        Assert.Equal(DropReason.NoRoute, Rig.OnlyDrop(rig.Outbound));
    }
}

public sealed class ClassicOutboundWorkerTests() : OutboundWorkerTests(RigEngine.Classic);

public sealed class BatchOutboundWorkerTests() : OutboundWorkerTests(RigEngine.Batch);

public sealed class OffloadOutboundWorkerTests() : OutboundWorkerTests(RigEngine.Offload);

public sealed class PipelineOutboundWorkerTests() : OutboundWorkerTests(RigEngine.Pipeline);
