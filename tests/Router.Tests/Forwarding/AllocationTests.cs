using System;
using System.Collections.Generic;
using Overlay.Linux;
using Overlay.Router.Forwarding;
using Overlay.Router.Routes;
using Overlay.Tun;
using Xunit;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Router.Tests.Forwarding;

public sealed class AllocationTests
{
    private const int Packets = 1_000_000;

    [Fact]
    public void A_million_packets_out_and_a_million_in_allocate_nothing_dropped_ones_included()
    {
        var device = new Repeater(
            Ipv4(OurPod, PeerPod), Ipv4(OurPod, Unleased), Ipv4(OurPod, PeerPod, ttl: 1), Ipv4(OurPod, OtherPeerPod));
        var socket = new Repeater(
            Ipv4(PeerPod, OurPod), Ipv4(PeerPod, Unleased), Ipv4(PeerPod, OurPod, ttl: 1), Ipv4(OtherPeerPod, OurPod));
        var cell = new RouteTableCell();
        cell.Publish(Table());
        using var outbound = new OutboundWorker(device, socket, cell, device);
        using var inbound = new InboundWorker(device, socket, cell, device, new ForwarderOptions(SourceCheck.Strict, 1472));

        outbound.RunBatch(); // what the first batch sets up once (static fields, type loading) is not per packet
        inbound.RunBatch();
        long before = GC.GetAllocatedBytesForCurrentThread();
        while (outbound.Counters.ForwardedPackets + outbound.Counters.Dropped(DropReason.NoRoute) < Packets)
        {
            outbound.RunBatch();
        }

        while (inbound.Counters.ForwardedPackets + inbound.Counters.Dropped(DropReason.NotOurs) < Packets)
        {
            inbound.RunBatch();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(outbound.Counters.Dropped(DropReason.TtlExpired) > 0 && inbound.Counters.Dropped(DropReason.SpoofedSource) > 0);
    }

    /// <summary>Device and socket at once: yields the same packets for ever and takes everything.</summary>
    private sealed class Repeater(params byte[][] packets) : ITunQueue, IDatagramPort, IIcmpPort
    {
        private readonly IReadOnlyList<byte[]> _packets = packets;

        public SyscallResult ReadBatch(PacketBatch batch) => ReceiveBatch(batch);

        public SyscallResult ReceiveBatch(PacketBatch batch)
        {
            batch.Clear();
            for (int i = 0; !batch.IsFull; i++)
            {
                byte[] packet = _packets[i % _packets.Count];
                packet.CopyTo(batch.NextSlot);
                batch.Commit(packet.Length, PeerAddress);
            }

            return SyscallResult.FromCount(batch.Count);
        }

        public SyscallResult Write(ReadOnlySpan<byte> packet) => SyscallResult.FromCount(packet.Length);

        public SyscallResult Send(ReadOnlySpan<byte> payload, uint address) => SyscallResult.FromCount(payload.Length);

        public void WaitReadable(StopSignal stop)
        {
        }

        public void WaitWritable(int timeoutMilliseconds)
        {
        }
    }
}
