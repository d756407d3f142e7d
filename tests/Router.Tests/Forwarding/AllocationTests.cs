using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Forwarding;
using Overlay.Router.IcmpErrors;
using Overlay.Router.Ports;
using Overlay.Router.Routes;
using Overlay.Tun;
using Xunit;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Router.Tests.Forwarding;

public sealed class AllocationTests
{
    private const int Packets = 1_000_000;

    [Theory]
    [InlineData(RigEngine.Classic)]
    [InlineData(RigEngine.Batch)]
    [InlineData(RigEngine.Offload)]
    [InlineData(RigEngine.Pipeline)]
    public void A_million_packets_out_and_a_million_in_allocate_nothing_dropped_ones_included(RigEngine engine)
    {
        using var device = new Repeater(
            Rig.HasVirtioNetHeader(engine),
            Ipv4(OurPod, PeerPod), Ipv4(OurPod, Unleased), Ipv4(OurPod, PeerPod, ttl: 1), Ipv4(OurPod, OtherPeerPod),
            UdpPacket(OurPod, PeerPod, 1, 2, new byte[40]), UdpPacket(OurPod, PeerPod, 1, 2, new byte[40]));
        using var socket = new Repeater(
            false,
            Ipv4(PeerPod, OurPod), Ipv4(PeerPod, Unleased), Ipv4(PeerPod, OurPod, ttl: 1), Ipv4(OtherPeerPod, OurPod),
            UdpPacket(PeerPod, OurPod, 1, 2, new byte[40]), UdpPacket(PeerPod, OurPod, 1, 2, new byte[40]));
        var cell = new RouteTableCell();
        cell.Publish(Table());
        ForwarderContext context = Rig.Context(engine, cell, device);
        List<IWorker> outbound = [];
        List<IWorker> inbound = [];
        List<IDisposable> owned = [];
        Rig.AddWorkers(engine, context, device, socket, outbound, inbound, owned);

        // What the first batches set up once (static fields, type loading, a pipe's list of segments) is not per packet.
        for (int i = 0; i < 5_000; i++)
        {
            Rig.RunAll(outbound);
            Rig.RunAll(inbound);
        }

        int fromDevice = device.Packets + Packets;
        int fromSocket = socket.Packets + Packets;
        long before = GC.GetAllocatedBytesForCurrentThread();
        while (device.Packets < fromDevice)
        {
            Rig.RunAll(outbound);
        }

        while (socket.Packets < fromSocket)
        {
            Rig.RunAll(inbound);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        PathTotals sent = PathTotals.Of([.. outbound.Select(worker => worker.Counters)]);
        PathTotals received = PathTotals.Of([.. inbound.Select(worker => worker.Counters)]);
        Assert.True(sent.Dropped(DropReason.TtlExpired) > 0 && received.Dropped(DropReason.SpoofedSource) > 0);
        Assert.True(sent.ForwardedPackets > Packets / 2 && received.ForwardedPackets > Packets / 3);
        owned.ForEach(each => each.Dispose());
    }

    /// <summary>Device and socket at once: yields the same packets for ever and takes everything.</summary>
    private sealed class Repeater : ITunQueue, IDatagramPort, IIcmpPort, IDisposable
    {
        private readonly EventSignal _readable = new();
        private readonly byte[][] _frames;
        private int _next;

        internal Repeater(bool hasVirtioNetHeader, params byte[][] packets)
        {
            HasVirtioNetHeader = hasVirtioNetHeader;
            _frames = [.. packets.Select(packet => hasVirtioNetHeader ? [.. new byte[VirtioNetHeader.Bytes], .. packet] : packet)];
        }

        internal int Packets => _next;

        public SafeFd Descriptor => _readable.Descriptor;

        public bool HasVirtioNetHeader { get; }

        public ushort Port => 8285;

        public SyscallResult Read(Span<byte> buffer)
        {
            byte[] frame = _frames[_next++ % _frames.Length];
            frame.CopyTo(buffer);
            return SyscallResult.FromCount(frame.Length);
        }

        public SyscallResult SetOffloads(TunOffloads offloads) => SyscallResult.FromCount(0);

        public SyscallResult Write(IoVectors packet) => SyscallResult.FromCount(packet.TotalBytes);

        public SyscallResult Receive(ReceiveBatch batch, int atMost)
        {
            batch.Clear();
            while (batch.Count < atMost)
            {
                batch.Put(_frames[_next++ % _frames.Length], PeerAddress);
            }

            return SyscallResult.FromCount(batch.Count);
        }

        public SyscallResult Send(SendBatch batch, int first, int count) => SyscallResult.FromCount(count);

        public SyscallResult Send(ReadOnlySpan<byte> message, uint destination) => SyscallResult.FromCount(message.Length);

        public SyscallResult SendInFragments(SendBatch batch, int index) => SyscallResult.FromCount(1);

        public SyscallResult SetReceiveTrains(bool on) => SyscallResult.FromCount(0);

        public int FindPathMtu(uint address) => 0;

        public bool TryReadError(out DatagramError error)
        {
            error = default;
            return false;
        }

        public SyscallResult ProbeMessageBatches() => SyscallResult.FromCount(0);

        public void Pause(int milliseconds)
        {
        }

        public void WaitWritable(int timeoutMilliseconds)
        {
        }

        public void Dispose() => _readable.Dispose();
    }
}
