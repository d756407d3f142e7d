using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.IcmpErrors;
using Overlay.Router.Ports;
using Overlay.Router.Routes;
using Overlay.Router.Tests.Segmentation;
using Overlay.Router.Workers;
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
        bool hasVirtioNetHeader = Rig.HasVirtioNetHeader(engine);
        using var device = new Repeater(hasVirtioNetHeader,
        [
            new(Ipv4(OurPod, PeerPod)),
            new(Ipv4(OurPod, Unleased)),
            new(Ipv4(OurPod, PeerPod, ttl: 1)),
            new(Ipv4(OurPod, OtherPeerPod)),
            new(UdpPacket(OurPod, PeerPod, 1, 2, new byte[40])),
            new(UdpPacket(OurPod, PeerPod, 1, 2, new byte[40])),
            .. hasVirtioNetHeader
                ? (Repetition[])
                [
                    new(TcpPacket(OurPod, PeerPod, 1, 2, 3, 4, 0x10, new byte[2_500]), 1_000),
                    new(UdpPacket(OurPod, PeerPod, 1, 2, new byte[2_500]), 1_000),
                ]
                : [],
        ]);
        byte[] tcp = TcpPacket(PeerPod, OurPod, 1, 2, 3, 4, 0x10, new byte[100]);
        byte[] nextTcp = TcpPacket(PeerPod, OurPod, 1, 2, 103, 4, 0x10, new byte[100], id: 0x1235);
        using var socket = new Repeater(false,
        [
            new(Ipv4(PeerPod, OurPod)),
            new(Ipv4(PeerPod, Unleased)),
            new(Ipv4(PeerPod, OurPod, ttl: 1)),
            new(Ipv4(OtherPeerPod, OurPod)),
            new(UdpPacket(PeerPod, OurPod, 1, 2, new byte[40])),
            new(UdpPacket(PeerPod, OurPod, 1, 2, new byte[40])),
            .. hasVirtioNetHeader ? (Repetition[])[new([.. tcp, .. nextTcp], tcp.Length)] : [],
        ]);
        AssertNothingIsAllocated(engine, device, socket, _ => { });
    }

    [Theory]
    [InlineData(RigEngine.Classic)]
    [InlineData(RigEngine.Batch)]
    [InlineData(RigEngine.Offload)]
    [InlineData(RigEngine.Pipeline)]
    public void On_a_narrow_path_neither_what_fits_nor_what_is_fragmented_or_answered_allocates(RigEngine engine)
    {
        bool hasVirtioNetHeader = Rig.HasVirtioNetHeader(engine);
        using var device = new Repeater(hasVirtioNetHeader,
        [
            new(Ipv4(OurPod, PeerPod)),
            new(Ipv4(OurPod, PeerPod, payload: new byte[1_300], fragment: 0)),
            new(Ipv4(OurPod, OtherPeerPod)),
            new(Ipv4(OurPod, PeerPod, payload: new byte[1_300])),
            new(Ipv4(OurPod, PeerPod, ttl: 1)),
            .. hasVirtioNetHeader
                ? (Repetition[])
                [
                    new(UdpPacket(OurPod, PeerPod, 1, 2, new byte[2_600], fragment: 0), 1_300),
                    new(UdpPacket(OurPod, PeerPod, 1, 2, new byte[2_600]), 1_000),
                ]
                : [],
        ]);
        using var socket = new Repeater(false, [new(Ipv4(PeerPod, OurPod)), new(Ipv4(OtherPeerPod, OurPod))]);
        DirectionTotals sent = AssertNothingIsAllocated(
            engine, device, socket, context => context.Paths.ReportMtu(PeerAddress, 1300));
        Assert.True(sent.Dropped(DropReason.FragmentationNeeded) > 0 && socket.SentInFragments > Packets / 10);
    }

    private static DirectionTotals AssertNothingIsAllocated(
        RigEngine engine, Repeater device, Repeater socket, Action<WorkerContext> prepare)
    {
        var cell = new RouteTableCell();
        cell.Publish(Table());
        WorkerContext context = Rig.Context(engine, cell, device);
        prepare(context);
        List<IWorker> outbound = [];
        List<IWorker> inbound = [];
        List<IDisposable> owned = [];
        Rig.AddWorkers(engine, context, device, socket, outbound, inbound, owned);

        // The first batches set up what is made once: static fields, loaded types, a pipe's list of segments.
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
        var sent = DirectionTotals.Of([.. outbound.Select(worker => worker.Counters)]);
        var received = DirectionTotals.Of([.. inbound.Select(worker => worker.Counters)]);
        Assert.True(sent.Dropped(DropReason.TtlExpired) > 0 && received.Dropped(DropReason.SpoofedSource) > 0);
        Assert.Equal(0, sent.Dropped(DropReason.BadSuperpacket));
        Assert.True(sent.ForwardedPackets > Packets / 2 && received.ForwardedPackets > Packets / 3);
        owned.ForEach(each => each.Dispose());
        return sent;
    }

    /// <summary>
    /// A packet, or several in one with the payload of each but the last: a superpacket, or a train by datagram length.
    /// </summary>
    private readonly record struct Repetition(byte[] Bytes, int SegmentBytes = 0);

    /// <summary>Device and socket at once: yields the same packets for ever and takes everything.</summary>
    private sealed class Repeater : ITunQueue, IDatagramPort, IIcmpPort, IDisposable
    {
        private readonly EventSignal _readable = new();
        private readonly Repetition[] _frames;
        private int _next;

        internal Repeater(bool hasVirtioNetHeader, Repetition[] packets)
        {
            HasVirtioNetHeader = hasVirtioNetHeader;
            _frames = [.. packets.Select(packet => hasVirtioNetHeader ? Framed(packet) : packet)];
        }

        internal int SentInFragments { get; private set; }

        internal int Packets => _next;

        public SafeFd Descriptor => _readable.Descriptor;

        public bool HasVirtioNetHeader { get; }

        public ushort Port => 8285;

        public SyscallResult Read(Span<byte> buffer)
        {
            byte[] frame = _frames[_next++ % _frames.Length].Bytes;
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
                Repetition message = _frames[_next++ % _frames.Length];
                batch.Put(message.Bytes, PeerAddress, message.SegmentBytes);
            }

            return SyscallResult.FromCount(batch.Count);
        }

        public SyscallResult Send(SendBatch batch, int first, int count) => SyscallResult.FromCount(count);

        public SyscallResult Send(ReadOnlySpan<byte> message, Ipv4Address destination) =>
            SyscallResult.FromCount(message.Length);

        public SyscallResult SendInFragments(SendBatch batch, int index)
        {
            SentInFragments++;
            return SyscallResult.FromCount(1);
        }

        public SyscallResult SetReceiveTrains(bool on) => SyscallResult.FromCount(0);

        public SyscallResult Reply(Ipv4Address address, ushort port, ReadOnlySpan<byte> datagram) =>
            SyscallResult.FromCount(datagram.Length);

        public int FindPathMtu(Ipv4Address address) => 0;

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

        private static Repetition Framed(Repetition packet)
        {
            byte[] frame = new byte[VirtioNetHeader.Bytes + packet.Bytes.Length];
            byte[] bytes = (byte[])packet.Bytes.Clone();
            VirtioNetHeader header = packet.SegmentBytes == 0
                ? default
                : SegmentOracle.Describe(bytes, packet.SegmentBytes);
            header.Write(frame);
            bytes.CopyTo(frame, VirtioNetHeader.Bytes);
            return new Repetition(frame);
        }
    }
}
