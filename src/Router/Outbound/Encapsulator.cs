using System;
using System.Runtime.CompilerServices;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.IcmpErrors;
using Overlay.Router.Packets;
using Overlay.Router.Routes;
using Overlay.Router.Segmentation;
using Overlay.Router.Tapping;

namespace Overlay.Router.Outbound;

/// <summary>Makes datagrams for peers of frames from the TUN: checks, routes, completes or cuts them.</summary>
/// <remarks>
/// Owned by one thread. A frame lies in the slab and is borrowed until <see cref="OldestOffset"/> has passed it.
/// Payload is not copied: a packet cut from a superpacket is a header in the scratch and a piece of the frame.
/// </remarks>
internal sealed class Encapsulator : IDisposable
{
    /// <summary>Bytes of the slab for the headers of cut packets.</summary>
    internal const int ScratchBytes = 32 << 10;

    // Headers begin at a multiple of this, so that fewer of their words straddle cache lines.
    private const int HeaderAlignment = 8;

    private readonly PinnedSlab _slab;
    private readonly int _scratchStart;
    private readonly int _frameHeaderBytes;
    private readonly WorkerCounters _counters;
    private readonly IcmpErrorSender _icmp;
    private readonly PeerSender _sender;
    private readonly TunnelEndpoint _own;

    private RouteTable _routes = RouteTable.Empty;
    private int _scratchUsed;

    /// <summary>Makes an encapsulator that begins with an empty route table.</summary>
    /// <param name="slab">Where frames and scratch lie.</param>
    /// <param name="scratchStart">Where <see cref="ScratchBytes"/> bytes of it are free for headers.</param>
    /// <param name="hasVirtioNetHeader">Whether frames begin with one.</param>
    /// <param name="sender">Takes the packets; disposed with this.</param>
    /// <param name="icmp">Answers the sources of dropped packets.</param>
    /// <param name="own">How this host's own datagrams are known.</param>
    /// <param name="counters">The worker's.</param>
    internal Encapsulator(
        PinnedSlab slab,
        int scratchStart,
        bool hasVirtioNetHeader,
        PeerSender sender,
        IcmpErrorSender icmp,
        TunnelEndpoint own,
        WorkerCounters counters)
    {
        _own = own;
        _slab = slab;
        _scratchStart = scratchStart;
        _frameHeaderBytes = hasVirtioNetHeader ? VirtioNetHeader.Bytes : 0;
        _sender = sender;
        _icmp = icmp;
        _counters = counters;
    }

    /// <summary>
    /// Where the oldest frame lies that is still borrowed, in bytes from the slab's start; null when none is.
    /// </summary>
    internal int? OldestOffset => _sender.OldestOffset;

    public void Dispose() => _sender.Dispose();

    /// <summary>Begins a batch, in which this table is in force.</summary>
    internal void BeginBatch(RouteTable routes)
    {
        _routes = routes;
        _counters.Peers.Follow(routes);
        _sender.BeginBatch();
    }

    /// <summary>Takes one frame.</summary>
    /// <param name="offset">Where it lies, in bytes from the slab's start.</param>
    /// <param name="lengthBytes">With its virtio-net header.</param>
    internal void Take(int offset, int lengthBytes)
    {
        int packetBytes = lengthBytes - _frameHeaderBytes;
        if (packetBytes < Ipv4Header.MinimumBytes)
        {
            _counters.Drop(DropReason.ShortPacket);
            Tap(DropReason.ShortPacket, default, _slab.Slice(offset + _frameHeaderBytes, Math.Max(0, packetBytes)));
            return;
        }

        int packetOffset = offset + _frameHeaderBytes;
        VirtioNetHeader frame = _frameHeaderBytes == 0
            ? default
            : VirtioNetHeader.Read(_slab.Slice(offset, VirtioNetHeader.Bytes));
        DropReason fault = Ipv4Header.Parse(_slab.Slice(packetOffset, packetBytes), out Ipv4Header packet);
        if (fault != DropReason.None)
        {
            _counters.Drop(fault);
            Tap(fault, default, _slab.Slice(packetOffset, packetBytes));
        }
        else if (frame.Type == SegmentationType.None)
        {
            TakeOne(frame, packet, packetOffset);
        }
        else
        {
            TakeSuperpacket(frame, packet, packetOffset, packetBytes);
        }
    }

    /// <summary>Sends everything. No frame is borrowed afterwards.</summary>
    internal void Flush()
    {
        _sender.Flush();
        _scratchUsed = 0;
    }

    private void TakeOne(in VirtioNetHeader frame, in Ipv4Header packet, int offset)
    {
        DropReason verdict = Judge(packet, packet.Packet.Length, out Ipv4Address nextHop, out int pathMtu);
        if (verdict == DropReason.None && !PartialChecksum.TryComplete(frame, packet.Packet))
        {
            verdict = DropReason.BadSuperpacket;
        }

        if (verdict != DropReason.None)
        {
            _counters.Drop(verdict);
            _icmp.Report(verdict, packet, pathMtu);
            Tap(verdict, nextHop, packet.Packet);
            return;
        }

        packet.StepTimeToLive();
        Tap(DropReason.None, nextHop, packet.Packet);
        _sender.Add(nextHop, offset, packet.Packet.Length);
    }

    private void TakeSuperpacket(in VirtioNetHeader frame, in Ipv4Header packet, int offset, int frameBytes)
    {
        if (Superpacket.Parse(frame, packet, frameBytes, out Superpacket superpacket) != DropReason.None)
        {
            _counters.Drop(DropReason.BadSuperpacket);
            Tap(DropReason.BadSuperpacket, default, packet.Packet);
            return;
        }

        DropReason verdict = Judge(packet, superpacket.LongestPacketBytes, out Ipv4Address nextHop, out int pathMtu);
        if (verdict != DropReason.None)
        {
            _counters.Drop(verdict, superpacket.Count);
            Tap(verdict, nextHop, packet.Packet);
            ReportFirst(verdict, packet, superpacket, pathMtu);
            return;
        }

        packet.StepTimeToLive();
        var headers = new SegmentHeaders(superpacket);
        int headerBytes = superpacket.HeaderBytes;
        TapWriter? tap = _sender.Tap.Writer;
        bool isTapped = tap is not null
            && tap.Wants(TapDirection.Outbound, DropReason.None, nextHop, packet.Packet[..headerBytes]);
        for (int i = 0; i < superpacket.Count; i++)
        {
            int headerOffset = TakeScratch(headerBytes);
            headers.Write(i, _slab.Slice(headerOffset, headerBytes));
            if (isTapped)
            {
                tap!.Keep(
                    TapDirection.Outbound, DropReason.None, nextHop, _slab.Slice(headerOffset, headerBytes),
                    _slab.Slice(offset + superpacket.PayloadOffset(i), superpacket.PayloadBytes(i)));
            }

            _sender.Add(
                nextHop, headerOffset, headerBytes, offset + superpacket.PayloadOffset(i), superpacket.PayloadBytes(i));
        }
    }

    private void Tap(DropReason verdict, Ipv4Address nextHop, ReadOnlySpan<byte> packet)
    {
        if (_sender.Tap.Writer is { } tap && tap.Wants(TapDirection.Outbound, verdict, nextHop, packet))
        {
            tap.Keep(TapDirection.Outbound, verdict, nextHop, packet, default);
        }
    }

    // Whether and where the packet goes. Decided before anything of it changes: an ICMP error quotes it as it came.
    //
    // The path MTU is asked for here and again where PeerSender begins a message. The two cannot be one. Here a packet
    // that may not be fragmented is dropped, which must come before it is completed or cut. There a message becomes a
    // train, a single datagram or fragments, and beginning one may first send those that wait: what the kernel answers
    // to them may narrow the path after this decision. (The kernel asks twice for the same reasons: ip_forward drops,
    // ip_finish_output fragments; net/ipv4.)
    private DropReason Judge(in Ipv4Header packet, int longestBytes, out Ipv4Address nextHop, out int pathMtu)
    {
        pathMtu = 0;
        DropReason verdict = OutboundRules.Route(_routes, _own, packet, out nextHop);
        if (verdict != DropReason.None || !_sender.KnowsPaths || !packet.MayNotBeFragmented)
        {
            return verdict;
        }

        pathMtu = _sender.PathTo(nextHop).InnerMtu;
        return longestBytes > pathMtu ? DropReason.FragmentationNeeded : DropReason.None;
    }

    // The source knows the first of the packets that the superpacket stands for, not the whole.
    private void ReportFirst(DropReason verdict, in Ipv4Header packet, in Superpacket superpacket, int pathMtu)
    {
        Span<byte> header = _slab.Slice(TakeScratch(superpacket.HeaderBytes), superpacket.HeaderBytes);
        new SegmentHeaders(superpacket).Write(0, header);
        header.CopyTo(packet.Packet);
        if (Ipv4Header.Parse(packet.Packet, out Ipv4Header first) == DropReason.None)
        {
            _icmp.Report(verdict, first, pathMtu);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int TakeScratch(int lengthBytes)
    {
        if (_sender.OldestOffset is null)
        {
            _scratchUsed = 0;
        }
        else if (_scratchUsed + lengthBytes > ScratchBytes)
        {
            Flush();
        }

        int offset = _scratchStart + _scratchUsed;
        _scratchUsed += (lengthBytes + HeaderAlignment - 1) & -HeaderAlignment;
        return offset;
    }
}
