using System;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Coalescing;
using Overlay.Router.Counters;
using Overlay.Router.IcmpErrors;
using Overlay.Router.Packets;
using Overlay.Router.Routes;
using Overlay.Router.Tapping;
using Overlay.Router.Workers;
using Overlay.Tun;

namespace Overlay.Router.Inbound;

/// <summary>
/// Makes packets for the TUN of messages from peers: takes trains apart, checks, merges where possible, and writes.
/// </summary>
/// <remarks>
/// Owned by one thread. A message lies in the slab and is borrowed until <see cref="Flush"/>. Payload is not copied: a
/// merged packet is a header in the scratch and pieces of the messages.
/// </remarks>
internal sealed class Decapsulator : IDisposable
{
    private readonly PinnedSlab _slab;
    private readonly ITunQueue _tun;
    private readonly WorkerOptions _options;
    private readonly Accelerations _accelerations;
    private readonly IcmpErrorSender _icmp;
    private readonly PingAnswerer _pings;
    private readonly TapFollower _tap;
    private readonly WorkerCounters _counters;
    private readonly IoVectors _single;
    private readonly Coalescer? _coalescer;

    private RouteTable _routes = RouteTable.Empty;
    private long _badChecksumsSeen;

    /// <summary>Makes a decapsulator that begins with an empty route table.</summary>
    /// <param name="slab">Where messages and scratch lie.</param>
    /// <param name="scratchStart">Where <see cref="ScratchBytes"/> bytes of it are free for headers.</param>
    /// <param name="tun">Takes the packets.</param>
    /// <param name="context">What all workers share.</param>
    /// <param name="counters">The worker's.</param>
    internal Decapsulator(
        PinnedSlab slab, int scratchStart, ITunQueue tun, WorkerContext context, WorkerCounters counters)
    {
        _slab = slab;
        _tun = tun;
        _options = context.Options;
        _accelerations = context.Accelerations;
        _counters = counters;
        _icmp = new IcmpErrorSender(context.Icmp, counters);
        _pings = new PingAnswerer(context.Replies, counters);
        _tap = new TapFollower(context.Taps);
        _single = new IoVectors(slab, 2);
        _coalescer = tun.HasVirtioNetHeader ? new Coalescer(slab, scratchStart, _options.SparesTunnelPorts) : null;
    }

    /// <summary>Bytes of the slab for the headers of merged packets.</summary>
    internal static int ScratchBytes => Coalescer.ScratchBytes;

    public void Dispose()
    {
        _coalescer?.Dispose();
        _single.Dispose();
    }

    /// <summary>Begins a batch, in which this table is in force.</summary>
    internal void BeginBatch(RouteTable routes)
    {
        _routes = routes;
        _counters.Peers.Follow(routes);
        _tap.Begin();
        if (_coalescer is not null)
        {
            _coalescer.MergesTcp = _accelerations.IsOn(Acceleration.TunTcpGro);
            _coalescer.MergesUdp = _accelerations.IsOn(Acceleration.TunUdpGro);
        }
    }

    /// <summary>Takes one message: a datagram or a train.</summary>
    internal void Take(in ReceiveBatch.Message message)
    {
        int step = message.SegmentBytes == 0 ? message.Bytes : message.SegmentBytes;
        int offset = 0;
        do
        {
            int length = Math.Min(step, message.Bytes - offset);
            Take(message.Offset + offset, length, message.Source);
            offset += step;
        }
        while (offset < message.Bytes);
    }

    /// <summary>Writes everything. No message is borrowed afterwards.</summary>
    internal void Flush()
    {
        _tap.Flush();
        if (_coalescer is null || _coalescer.Count == 0)
        {
            return;
        }

        for (int i = 0; i < _coalescer.Count; i++)
        {
            CoalescedWrite write = _coalescer[i];
            SyscallResult written = _tun.Write(write.Vectors);
            if (written.Succeeded)
            {
                _counters.Forward(write.Sender, write.Packets, write.Bytes);
            }
            else if (write.IsMerged && written.Errno == Errno.EINVAL)
            {
                WriteOneByOne(write, written.Errno);
            }
            else
            {
                Refused(written.Errno, write.Packets);
            }
        }

        _counters.Note(CountedEvent.BadTransportChecksum, _coalescer.BadChecksums - _badChecksumsSeen);
        _badChecksumsSeen = _coalescer.BadChecksums;
        _coalescer.Clear();
    }

    private void Take(int offset, int lengthBytes, Ipv4Address source)
    {
        DropReason verdict = InboundRules.Accept(
            _routes, _options.SourceCheck, source, _slab.Slice(offset, lengthBytes), out Ipv4Header packet);
        if (verdict != DropReason.None)
        {
            ReadOnlySpan<byte> datagram = _slab.Slice(offset, lengthBytes);
            if (verdict != DropReason.ShortPacket || !_pings.TryAnswer(datagram, source))
            {
                Drop(verdict, packet);
                Tap(verdict, source, datagram);
            }

            return;
        }

        if (_tap.Writer is not null)
        {
            Tap(DropReason.None, source, packet.Packet);
        }

        if (packet.Packet.Length > _options.TunnelMtu)
        {
            _counters.Note(CountedEvent.Oversize);
        }

        if (_coalescer is null)
        {
            WriteSingle(source, offset, packet.Packet.Length);
        }
        else if (!_coalescer.TryAdd(packet, offset, source))
        {
            Flush();
            _ = _coalescer.TryAdd(packet, offset, source); // an empty coalescer takes any packet
        }
    }

    private void Tap(DropReason verdict, Ipv4Address source, ReadOnlySpan<byte> packet)
    {
        if (_tap.Writer is { } tap && tap.Wants(TapDirection.Inbound, verdict, source, packet))
        {
            tap.Keep(TapDirection.Inbound, verdict, source, packet, default);
        }
    }

    private void Drop(DropReason verdict, in Ipv4Header packet)
    {
        if (verdict == DropReason.BadChecksum && PeerProbe.IsProbe(packet.Packet))
        {
            _counters.Note(CountedEvent.ProbePassedOver);
            return;
        }

        _counters.Drop(verdict);
        _icmp.Report(verdict, packet);
    }

    private void WriteSingle(Ipv4Address source, int offset, int lengthBytes)
    {
        _single.Clear();
        if (_coalescer is not null)
        {
            _single.Add(_coalescer.PlainHeaderOffset, VirtioNetHeader.Bytes);
        }

        _single.Add(offset, lengthBytes);
        SyscallResult written = _tun.Write(_single);
        if (written.Succeeded)
        {
            _counters.Forward(source, 1, lengthBytes);
        }
        else
        {
            Refused(written.Errno, 1);
        }
    }

    // Some kernels of 2024 refuse valid superpackets (drivers/net/tun.c, virtio_net_hdr_to_skb). No more are made then.
    private void WriteOneByOne(CoalescedWrite write, Errno errno)
    {
        _counters.Note(CountedEvent.MergeRefused);
        _counters.NoteRefusal(errno);
        _accelerations.SwitchOff(
            write.Protocol == IpProtocol.Tcp ? Acceleration.TunTcpGro : Acceleration.TunUdpGro, errno);
        for (int i = 0; i < write.Packets; i++)
        {
            (int offset, int lengthBytes) = write.PacketAt(i);
            WriteSingle(write.Sender, offset, lengthBytes);
        }
    }

    private void Refused(Errno errno, int packets)
    {
        _tap.Writer?.KeepLoss(TapDirection.Inbound, DropReason.TunRefused, default, packets);
        _counters.NoteRefusal(errno);
        _counters.Drop(DropReason.TunRefused, packets);
    }
}
