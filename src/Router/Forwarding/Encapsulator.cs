using System;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.IcmpErrors;
using Overlay.Router.Packets;
using Overlay.Router.Ports;
using Overlay.Router.Routes;
using Overlay.Router.Segmentation;

namespace Overlay.Router.Forwarding;

/// <summary>Frames from the TUN become datagrams for peers: checked, routed, cut, completed, sent.</summary>
/// <remarks>
/// Owned by one thread. A frame is one packet or superpacket with its virtio-net header; it lies in the slab and is
/// borrowed until
/// <see cref="OldestOffset"/> has passed it. The payload is not copied: a cut packet is a header of ours and a piece of
/// the frame.
/// </remarks>
internal sealed class Encapsulator : IDisposable
{
    /// <summary>Bytes of the slab for the headers of cut packets.</summary>
    internal const int ScratchBytes = 32 << 10;

    // Headers begin at a multiple of this, so that their words do not straddle cache lines more than they must.
    private const int HeaderAlignment = 8;

    private readonly PinnedSlab _slab;
    private readonly int _scratchStart;
    private readonly int _frameHeaderBytes;
    private readonly PathCounters _counters;
    private readonly IcmpErrorSender _icmp;
    private readonly PeerSender _sender;

    private RouteTable _routes = RouteTable.Empty;
    private int _scratchUsed;

    /// <param name="slab">Where frames and scratch lie.</param>
    /// <param name="scratchStart">Where <see cref="ScratchBytes"/> bytes of it are free for headers.</param>
    /// <param name="hasVirtioNetHeader">Whether frames begin with one.</param>
    /// <param name="sender">Takes the packets.</param>
    /// <param name="icmp">Tells the sources of dropped packets.</param>
    /// <param name="counters">The direction's.</param>
    internal Encapsulator(
        PinnedSlab slab, int scratchStart, bool hasVirtioNetHeader, PeerSender sender, IcmpErrorSender icmp, PathCounters counters)
    {
        _slab = slab;
        _scratchStart = scratchStart;
        _frameHeaderBytes = hasVirtioNetHeader ? VirtioNetHeader.Bytes : 0;
        _sender = sender;
        _icmp = icmp;
        _counters = counters;
    }

    /// <summary>
    /// Where the oldest frame lies that is still borrowed, in bytes from the slab's start; null for none.
    /// </summary>
    internal int? OldestOffset => _sender.OldestOffset;

    public void Dispose() => _sender.Dispose();

    /// <summary>From now on this table is in force.</summary>
    internal void BeginBatch(RouteTable routes)
    {
        _routes = routes;
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
            return;
        }

        int packetOffset = offset + _frameHeaderBytes;
        VirtioNetHeader frame = _frameHeaderBytes == 0 ? default : VirtioNetHeader.Read(
            _slab.Slice(offset, VirtioNetHeader.Bytes));
        DropReason fault = Ipv4Header.Parse(_slab.Slice(packetOffset, packetBytes), out Ipv4Header packet);
        if (fault != DropReason.None)
        {
            _counters.Drop(fault);
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

    /// <summary>Sends everything; no frame is borrowed any more.</summary>
    internal void Flush()
    {
        _sender.Flush();
        _scratchUsed = 0;
    }

    private void TakeOne(in VirtioNetHeader frame, in Ipv4Header packet, int offset)
    {
        int pathMtu = 0;
        DropReason verdict = OutboundPath.Route(_routes, packet, out Ipv4Address nextHop);
        if (verdict == DropReason.None)
        {
            verdict = FitPath(packet, packet.Packet.Length, nextHop, out pathMtu);
        }

        if (verdict == DropReason.None && !PartialChecksum.TryComplete(frame, packet.Packet))
        {
            verdict = DropReason.BadSuperpacket;
        }

        if (verdict != DropReason.None)
        {
            _counters.Drop(verdict);
            _icmp.Report(verdict, packet, pathMtu);
            return;
        }

        packet.StepTimeToLive();
        _sender.Add(nextHop, offset, packet.Packet.Length);
    }

    private void TakeSuperpacket(in VirtioNetHeader frame, in Ipv4Header packet, int offset, int frameBytes)
    {
        int pathMtu = 0;
        DropReason verdict = OutboundPath.Route(_routes, packet, out Ipv4Address nextHop);
        if (verdict == DropReason.None)
        {
            packet.StepTimeToLive();
        }

        if (Superpacket.Parse(frame, packet, frameBytes, out Superpacket superpacket) != DropReason.None)
        {
            _counters.Drop(DropReason.BadSuperpacket);
            return;
        }

        if (verdict == DropReason.None)
        {
            verdict = FitPath(packet, superpacket.LongestPacketBytes, nextHop, out pathMtu);
        }

        if (verdict != DropReason.None)
        {
            _counters.Drop(verdict, superpacket.Count);
            ReportFirst(verdict, packet, superpacket, pathMtu);
            return;
        }

        int headerBytes = superpacket.HeaderBytes;
        for (int i = 0; i < superpacket.Count; i++)
        {
            int headerOffset = TakeScratch(headerBytes);
            superpacket.WriteHeader(i, _slab.Slice(headerOffset, headerBytes));
            _sender.Add(
                nextHop, headerOffset, headerBytes, offset + superpacket.PayloadOffset(i), superpacket.PayloadBytes(i));
        }
    }

    // Whether a packet that may not be fragmented gets to the peer whole.
    private DropReason FitPath(in Ipv4Header packet, int longestBytes, Ipv4Address nextHop, out int pathMtu)
    {
        pathMtu = 0;
        if (!_sender.HasNarrowPaths || !packet.MayNotBeFragmented)
        {
            return DropReason.None;
        }

        pathMtu = _sender.PathMtu(nextHop) - UdpPort.EncapsulationBytes;
        return longestBytes > pathMtu ? DropReason.FragmentationNeeded : DropReason.None;
    }

    // The source knows the first of the packets it would have been cut into, not the whole.
    private void ReportFirst(DropReason verdict, in Ipv4Header packet, in Superpacket superpacket, int pathMtu)
    {
        Span<byte> header = _slab.Slice(TakeScratch(superpacket.HeaderBytes), superpacket.HeaderBytes);
        superpacket.WriteHeader(0, header);
        header.CopyTo(packet.Packet);
        if (Ipv4Header.Parse(packet.Packet, out Ipv4Header first) == DropReason.None)
        {
            if (verdict == DropReason.FragmentationNeeded)
            {
                first.RestoreTimeToLive(); // the path is looked at last, when it has been stepped
            }

            _icmp.Report(verdict, first, pathMtu);
        }
    }

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
