using System;
using System.Linq;
using System.Threading;
using Overlay.Router.Forwarding;
using Overlay.Router.Metering;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Router.Tests.Metering;

public sealed class ForwarderMeterTests
{
    private const int Packets = 200;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void A_forwarder_meters_nothing_unless_it_is_asked_to()
    {
        using var rig = new InMemoryForwarder();

        Assert.Null(rig.Forwarder.OutboundMeter);
        Assert.Null(rig.Forwarder.InboundMeter);
    }

    [Theory]
    [InlineData(WorkerLayout.Duplex)]
    [InlineData(WorkerLayout.Pair)]
    [InlineData(WorkerLayout.Pipeline)]
    public void Every_packet_crosses_by_one_counted_call_and_its_bytes_are_counted(WorkerLayout layout)
    {
        using var rig = new InMemoryForwarder(layout, extraCopies: 0);
        long bytes = Exchange(rig);

        MeterTotals outbound = rig.Forwarder.OutboundMeter!;
        MeterTotals inbound = rig.Forwarder.InboundMeter!;
        Assert.Equal((bytes, bytes), (outbound.BytesOf(MeteredCall.TunRead), outbound.BytesOf(MeteredCall.UdpSend)));
        Assert.Equal((bytes, bytes), (inbound.BytesOf(MeteredCall.UdpReceive), inbound.BytesOf(MeteredCall.TunWrite)));
        Assert.Equal(
            (Packets, Packets), (outbound.CallsOf(MeteredCall.UdpSend), inbound.CallsOf(MeteredCall.TunWrite)));

        // A read that finds nothing is a call too.
        Assert.True(outbound.CallsOf(MeteredCall.TunRead) > Packets);
        Assert.True(inbound.CallsOf(MeteredCall.UdpReceive) > Packets);
        Assert.True(inbound.CallsOf(MeteredCall.Wait) > 0);
        Assert.Equal(layout == WorkerLayout.Pipeline, outbound.CallsOf(MeteredCall.Signal) > 0);
        Assert.Equal((0, 0), (outbound.UserCopiedBytes, inbound.UserCopiedBytes));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Extra_copies_are_counted_each_way_and_change_no_packet(int copies)
    {
        using var rig = new InMemoryForwarder(extraCopies: copies);
        long bytes = Exchange(rig);

        Assert.Equal(copies * bytes, rig.Forwarder.OutboundMeter!.UserCopiedBytes);
        Assert.Equal(copies * bytes, rig.Forwarder.InboundMeter!.UserCopiedBytes);
        Assert.Equal(
            Enumerable.Range(1, Packets).Select(id => (byte)id), rig.Port.Sent.Select(sent => sent.Payload[5]));
        Assert.Equal(Enumerable.Range(1, Packets).Select(id => (byte)id), rig.Tun.Written.Select(packet => packet[5]));
    }

    [Fact]
    public void Time_is_sampled_and_never_more_than_has_passed()
    {
        using var rig = new InMemoryForwarder(WorkerLayout.Pair, extraCopies: 0);
        long began = System.Diagnostics.Stopwatch.GetTimestamp();
        _ = Exchange(rig);
        MeterTotals outbound = rig.Forwarder.OutboundMeter!;
        double passed = System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds;

        double inCalls = MeteredCalls.All.Sum(outbound.SecondsOf);
        Assert.True(
            inCalls > 0 && outbound.WorkSeconds > 0, $"{inCalls} s in calls, {outbound.WorkSeconds} s between them");
        Assert.True(outbound.SecondsOf(MeteredCall.Wait) == 0, "a sleep is counted, not timed");

        // One batch of thirteen stands for the others, so a slow one weighs as much as thirteen.
        Assert.True(
            inCalls + outbound.WorkSeconds < passed * 13, $"{inCalls} + {outbound.WorkSeconds} s of {passed} s");
    }

    // One packet each way at a time, so that each takes calls of its own.
    private static long Exchange(InMemoryForwarder rig)
    {
        long bytes = 0;
        rig.Forwarder.Start();
        for (int id = 1; id <= Packets; id++)
        {
            byte[] packet = Ipv4(OurPod, PeerPod, id: (ushort)id);
            bytes += packet.Length;
            rig.Tun.Put(packet);
            rig.Port.Put(Ipv4(PeerPod, OurPod, id: (ushort)id), PeerAddress);
            Assert.True(SpinWait.SpinUntil(
                () => rig.Forwarder.Outbound.ForwardedPackets == id
                    && rig.Forwarder.Inbound.ForwardedPackets == id, s_patience));
        }

        // The last call's cell is written after the packet's.
        Assert.True(SpinWait.SpinUntil(
            () => rig.Forwarder.OutboundMeter!.CallsOf(MeteredCall.UdpSend) == Packets
                && rig.Forwarder.InboundMeter!.CallsOf(MeteredCall.TunWrite) == Packets,
            s_patience));
        return bytes;
    }
}
