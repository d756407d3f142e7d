using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.Tapping;
using Overlay.Router.Tests.Segmentation;
using Xunit;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Router.Tests.Tapping;

/// <summary>What a capture gets of an engine's packets.</summary>
public abstract class PacketTapTests(RigEngine engine)
{
    private const int Plenty = 1_000_000;

    [Fact]
    public void Both_directions_are_kept_as_the_verdict_left_them_with_peer_and_reason()
    {
        using var rig = new Rig(engine);
        PacketTap tap = Install(rig, new TapOptions(65_535, Plenty));
        byte[] outbound = Ipv4(OurPod, PeerPod, ttl: 64, payload: [1, 2, 3]);
        rig.Send((byte[])outbound.Clone());
        rig.Send(Ipv4(OurPod, Unleased));
        byte[] inbound = Ipv4(PeerPod, OurPod, ttl: 63);
        rig.Receive((byte[])inbound.Clone());
        rig.Receive([1, 2, 3]);
        rig.Receive(Ipv4(PeerPod, OurPod), StrangerAddress);

        List<(TapRecord Record, byte[] Packet)> kept = Read(tap);
        Assert.Equal(
            [
                (TapDirection.Outbound, DropReason.None, PeerAddress),
                (TapDirection.Outbound, DropReason.NoRoute, default(Ipv4Address)),
                (TapDirection.Inbound, DropReason.None, PeerAddress),
                (TapDirection.Inbound, DropReason.ShortPacket, PeerAddress),
                (TapDirection.Inbound, DropReason.UnknownPeer, StrangerAddress),
            ],
            kept.OrderByDescending(each => each.Record.Direction).ThenBy(each => each.Record.Id)
                .Select(each => (each.Record.Direction, each.Record.Verdict, each.Record.Peer)));
        byte[] sent = kept.Single(each => each.Record is { Direction: TapDirection.Outbound, Verdict: 0 }).Packet;
        Assert.Equal(Assert.Single(rig.Port.Sent).Payload, sent);
        Assert.Equal(63, sent[8]); // time to live
        byte[] delivered = kept.Single(each => each.Record is { Direction: TapDirection.Inbound, Verdict: 0 }).Packet;
        Assert.Equal(Assert.Single(rig.Tun.Written), delivered);
        Assert.Equal(new TapTotals(5, 0), tap.Totals);
        Assert.Equal(kept.Count, kept.Select(each => each.Record.Id).Distinct().Count());
    }

    [Fact]
    public void No_more_of_a_packet_is_kept_than_asked_for_and_its_length_is_told()
    {
        using var rig = new Rig(engine);
        PacketTap tap = Install(rig, new TapOptions(60, Plenty));
        byte[] packet = Ipv4(OurPod, PeerPod, payload: new byte[1_000]);
        rig.Send(packet);

        (TapRecord record, byte[] kept) = Assert.Single(Read(tap));
        Assert.Equal((1_020, 60), (record.Length, kept.Length));
    }

    [Fact]
    public void What_is_over_the_budget_is_lost_and_counted_to_the_packet()
    {
        const int Sent = 3_000;
        const int Budget = 100;
        using var rig = new Rig(engine);
        PacketTap tap = Install(rig, new TapOptions(60, Budget));
        for (int i = 0; i < Sent; i++)
        {
            rig.Send(Ipv4(OurPod, PeerPod));
        }

        int kept = Read(tap).Count;
        Assert.Equal(Sent, tap.Totals.Matched);
        Assert.Equal(kept, tap.Totals.Kept);
        Assert.True(kept >= Budget, $"{kept}");
        Assert.Equal(Sent, rig.Port.Sent.Count); // the packets themselves are not held up
    }

    [Fact]
    public void What_the_reader_does_not_take_is_lost_and_counted_and_later_packets_are_kept_again()
    {
        using var rig = new Rig(engine);
        PacketTap tap = Install(rig, new TapOptions(65_535, Plenty));
        byte[] packet = Ipv4(OurPod, PeerPod, payload: new byte[1_400]);
        int sent = 0;
        while (tap.Totals.Lost == 0)
        {
            rig.Send((byte[])packet.Clone());
            Assert.True(++sent < Plenty, "nothing is ever lost");
        }

        Assert.Equal(sent, tap.Totals.Matched);
        Assert.Equal(tap.Totals.Kept, Read(tap).Count);
        rig.Send(packet);
        Assert.Single(Read(tap));
    }

    [Fact]
    public void What_the_filter_does_not_want_is_not_counted_and_nothing_is_kept_once_the_capture_is_over()
    {
        using var rig = new Rig(engine);
        PacketTap tap = Install(rig, new TapOptions(60, Plenty, new PeerFilter(OtherPeerAddress)));
        Assert.False(rig.Taps.TryInstall(new PacketTap(tap.Options, TimeProvider.System)));
        rig.Send(Ipv4(OurPod, PeerPod), Ipv4(OurPod, OtherPeerPod));
        Assert.Equal(OtherPeerAddress, Assert.Single(Read(tap)).Record.Peer);
        Assert.Equal(new TapTotals(1, 0), tap.Totals);

        rig.Taps.Remove(tap);
        rig.Send(Ipv4(OurPod, OtherPeerPod));
        Assert.Empty(Read(tap));
        Assert.Null(rig.Taps.Current);
    }

    [Fact]
    public void Datagrams_that_the_kernel_refuses_are_told_with_their_number()
    {
        using var rig = new Rig(engine);
        PacketTap tap = Install(rig, new TapOptions(60, Plenty));
        rig.Port.Refuse = (_, _) => Errno.EPERM;
        rig.Send(Ipv4(OurPod, PeerPod));

        TapRecord loss = Read(tap).Single(each => each.Record.Verdict != DropReason.None).Record;
        Assert.Equal(
            (TapDirection.Outbound, DropReason.SendRefused, PeerAddress, 1),
            (loss.Direction, loss.Verdict, loss.Peer, loss.Count));
    }

    private protected static PacketTap Install(Rig rig, TapOptions options)
    {
        var tap = new PacketTap(options, TimeProvider.System);
        Assert.True(rig.Taps.TryInstall(tap));
        return tap;
    }

    private protected static List<(TapRecord Record, byte[] Packet)> Read(PacketTap tap)
    {
        List<(TapRecord Record, byte[] Packet)> kept = [];
        foreach (TapWriter writer in tap.Writers)
        {
            writer.Read(records =>
            {
                while (TapRecord.TryTake(ref records, out TapRecord record, out ReadOnlyMemory<byte> packet))
                {
                    kept.Add((record, packet.ToArray()));
                }

                Assert.True(records.IsEmpty, "half a record");
            });
        }

        return kept;
    }

    private sealed class PeerFilter(Ipv4Address peer) : ITapFilter
    {
        public bool Matches(in TappedPacket packet) => packet.Peer == peer;
    }
}

public sealed class ClassicPacketTapTests() : PacketTapTests(RigEngine.Classic);

public sealed class BatchPacketTapTests() : PacketTapTests(RigEngine.Batch);

public sealed class OffloadPacketTapTests() : PacketTapTests(RigEngine.Offload)
{
    [Fact]
    public void Of_a_superpacket_each_packet_that_is_sent_is_kept()
    {
        using var rig = new Rig(RigEngine.Offload);
        PacketTap tap = Install(rig, new TapOptions(65_535, 1_000_000));
        byte[] packet = TcpPacket(OurPod, PeerPod, 1, 2, 3, 4, 0x10, new byte[5 * 1_000]);
        rig.Tun.Put(SegmentOracle.Describe(packet, 1_000), packet);
        rig.DrainTun();

        Assert.Equal(rig.Port.Sent.Select(sent => sent.Payload), Read(tap).Select(each => each.Packet));
        Assert.Equal(5, rig.Port.Sent.Count);
    }
}

public sealed class PipelinePacketTapTests() : PacketTapTests(RigEngine.Pipeline);
