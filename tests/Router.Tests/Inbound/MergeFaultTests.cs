using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Routes;
using Overlay.Router.Tests.Coalescing;
using Overlay.Router.Workers;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Router.Tests.Inbound;

/// <summary>Trains received and merged packets written, and all that can be wrong with either.</summary>
public abstract class MergeFaultTests(RigEngine engine)
{
    [Theory]
    [InlineData(Tcp)]
    [InlineData(Udp)]
    public void A_train_is_taken_apart_and_its_run_is_written_as_one(byte protocol)
    {
        using var rig = new Rig(engine);
        byte[][] run = Run(protocol, 5);
        ReceiveTrain(rig, run);

        Assert.Single(rig.Tun.Written);
        AssertDelivered(rig, run);
    }

    [Theory]
    [InlineData(Tcp, Acceleration.TunTcpGro, Acceleration.TunUdpGro)]
    [InlineData(Udp, Acceleration.TunUdpGro, Acceleration.TunTcpGro)]
    public void A_refused_merged_write_is_repeated_packet_by_packet_and_that_protocol_is_not_merged_again(
        byte protocol, Acceleration refused, Acceleration other)
    {
        using var rig = new Rig(engine);
        SegmentationType type = protocol == Tcp ? SegmentationType.TcpV4 : SegmentationType.UdpL4;
        rig.Tun.Refuse = header => header.Type == type ? Errno.EINVAL : Errno.None;
        byte[][] first = Run(protocol, 4);
        ReceiveTrain(rig, first);

        Assert.Equal(4, rig.Tun.Written.Count);
        AssertDelivered(rig, first);
        Assert.Equal(1, rig.Inbound.Seen(CountedEvent.MergeRefused));
        Assert.Equal(Errno.EINVAL, rig.Inbound.LastRefusal);
        Assert.Equal(AccelerationState.SwitchedOff, rig.Accelerations.StateOf(refused));
        Assert.Equal(Errno.EINVAL, rig.Accelerations.ReasonOf(refused));
        Assert.True(rig.Accelerations.IsOn(other));

        byte[][] second = Run(protocol, 4);
        ReceiveTrain(rig, second);
        Assert.Equal(8, rig.Tun.Written.Count);
        byte[][] third = Run(protocol == Tcp ? Udp : Tcp, 4);
        ReceiveTrain(rig, third);
        Assert.Equal(9, rig.Tun.Written.Count);
        AssertDelivered(rig, [.. first, .. second, .. third]);
        Assert.Equal(1, rig.Inbound.Seen(CountedEvent.MergeRefused));
        Assert.Equal(0, rig.Inbound.Dropped());
    }

    [Theory]
    [InlineData(Tcp, 0)]
    [InlineData(Tcp, 2)]
    [InlineData(Tcp, 4)]
    [InlineData(Udp, 0)]
    [InlineData(Udp, 2)]
    [InlineData(Udp, 4)]
    public void A_packet_corrupted_inside_a_train_is_delivered_as_corrupt_as_it_came_and_the_others_are_not_touched(
        byte protocol, int index)
    {
        using var rig = new Rig(engine);
        byte[][] run = Run(protocol, 5);
        run[index][^7] ^= 0x10;
        ReceiveTrain(rig, run);

        AssertDelivered(rig, run);
        int write = Enumerable.Range(0, rig.Tun.Written.Count)
            .Single(i => rig.Tun.Written[i].AsSpan(12).SequenceEqual(run[index].AsSpan(12)));
        Assert.Equal(SegmentationType.None, rig.Tun.Headers[write].Type);
        Assert.False(rig.Tun.Headers[write].NeedsChecksum);
        Assert.Equal(1, rig.Inbound.Seen(CountedEvent.BadTransportChecksum));
        Assert.Equal(5, rig.Inbound.ForwardedPackets);
    }

    [Fact]
    public void A_device_that_is_down_costs_every_packet_of_a_merged_write_but_not_the_merging()
    {
        using var rig = new Rig(engine);
        rig.Tun.WriteErrno = Errno.EIO;
        ReceiveTrain(rig, Run(Tcp, 4));
        Assert.Equal(4, rig.Inbound.Dropped(DropReason.TunRefused));
        Assert.Equal(Errno.EIO, rig.Inbound.LastRefusal);
        Assert.Equal(0, rig.Inbound.ForwardedPackets);

        rig.Tun.WriteErrno = Errno.None;
        ReceiveTrain(rig, Run(Tcp, 4));
        Assert.Single(rig.Tun.Written);
        Assert.Equal(4, rig.Inbound.ForwardedPackets);
        Assert.Equal(0, rig.Inbound.Seen(CountedEvent.MergeRefused));
    }

    [Fact]
    public void A_train_that_did_not_arrive_whole_is_dropped_and_trains_are_not_asked_for_any_more()
    {
        using var rig = new Rig(engine);
        byte[][] run = Run(Udp, 4);
        rig.Port.PutTruncated([.. run[0], .. run[1]], PeerAddress, run[0].Length);
        rig.Drain();
        Assert.Empty(rig.Tun.Written);
        Assert.Equal(DropReason.Truncated, Rig.OnlyDrop(rig.Inbound));
        Assert.Equal(AccelerationState.SwitchedOff, rig.Accelerations.StateOf(Acceleration.UdpGro));
        Assert.Equal(false, rig.Port.ReceivesTrains);

        rig.Receive((byte[])run[2].Clone());
        Assert.Single(rig.Tun.Written);
    }

    [Fact]
    public void What_one_lane_finds_out_about_trains_holds_for_the_sockets_of_all()
    {
        var routes = new RouteTableCell();
        routes.Publish(Table());
        WorkerContext context = Rig.Context(engine, routes, icmp: null);
        using var tun = new InMemoryTunQueue(Rig.HasVirtioNetHeader(engine));
        InMemoryDatagramPort[] ports = [new(), new()];
        List<IDisposable> owned = [.. ports];
        List<IWorker>[] lanes = [[], []];
        for (int i = 0; i < lanes.Length; i++)
        {
            Rig.AddWorkers(engine, context, tun, ports[i], [], lanes[i], owned);
        }

        byte[][] run = Run(Udp, 2);
        ports[0].PutTruncated(run[0], PeerAddress, run[0].Length);
        foreach (List<IWorker> lane in (List<IWorker>[])[lanes[0], lanes[1], lanes[0]])
        {
            while (Rig.RunAll(lane))
            {
            }
        }

        Assert.All(ports, port => Assert.Equal(false, port.ReceivesTrains));
        owned.ForEach(each => each.Dispose());
    }

    [Fact]
    public void A_datagram_that_did_not_arrive_whole_says_nothing_about_trains()
    {
        using var rig = new Rig(engine);
        rig.Port.PutTruncated(Run(Udp, 1)[0], PeerAddress);
        rig.Drain();

        Assert.Equal(DropReason.Truncated, Rig.OnlyDrop(rig.Inbound));
        Assert.True(rig.Accelerations.IsOn(Acceleration.UdpGro));
        Assert.Null(rig.Port.ReceivesTrains);
    }

    [Fact]
    public void A_packet_that_is_not_let_in_is_missing_from_its_train_and_the_others_arrive()
    {
        using var rig = new Rig(engine);
        byte[][] run = Run(Udp, 5);
        byte[] spoofed = UdpPacket(OtherPeerPod, OurPod, 1, 2, new byte[run[0].Length - 28]);
        ReceiveTrain(rig, [run[0], run[1], spoofed, run[2], run[3]]);

        AssertDelivered(rig, run[..4]);
        Assert.Equal(DropReason.SpoofedSource, Rig.OnlyDrop(rig.Inbound));
    }

    private static byte[][] Run(byte protocol, int count) => [.. Enumerable.Range(0, count).Select(i =>
    {
        byte[] payload = [.. Enumerable.Range(0, 200).Select(at => (byte)(at * (i + 3)))];
        return protocol == Tcp
            ? TcpPacket(PeerPod, OurPod, 1000, 2000, 5000 + (200 * (uint)i), 77, 0x10, payload, id: (ushort)(9 + i))
            : UdpPacket(PeerPod, OurPod, 1000, 2000, payload, (ushort)(9 + i));
    })];

    private static void ReceiveTrain(Rig rig, byte[][] datagrams)
    {
        rig.Port.PutTrain(PeerAddress, datagrams);
        rig.Drain();
    }

    // What the kernel makes of the writes is what was received, one taken from each time to live.
    private static void AssertDelivered(Rig rig, byte[][] received)
    {
        List<byte[]> delivered = [];
        foreach ((VirtioNetHeader header, byte[] packet) in rig.Tun.Headers.Zip(rig.Tun.Written))
        {
            byte[] write = new byte[VirtioNetHeader.Bytes + packet.Length];
            header.Write(write);
            packet.CopyTo(write, VirtioNetHeader.Bytes);
            delivered.AddRange(KernelCut.Cut(write));
        }

        Assert.Equal(received.Select(Stepped), delivered);
    }

    private static byte[] Stepped(byte[] packet)
    {
        byte[] copy = (byte[])packet.Clone();
        copy[8]--;
        FixHeaderChecksum(copy);
        return copy;
    }
}

public sealed class OffloadMergeFaultTests() : MergeFaultTests(RigEngine.Offload);

public sealed class PipelineMergeFaultTests() : MergeFaultTests(RigEngine.Pipeline);
