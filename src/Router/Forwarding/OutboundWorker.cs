using System;
using System.Runtime.CompilerServices;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.IcmpErrors;
using Overlay.Router.Ports;
using Overlay.Router.Routes;
using Overlay.Tun;

namespace Overlay.Router.Forwarding;

/// <summary>TUN to UDP: reads frames and has them encapsulated, until the device is empty.</summary>
internal sealed class OutboundWorker : IWorker, IDisposable
{
    // The longest frame: a virtio-net header and what an IPv4 total length can say.
    private const int FrameBytes = VirtioNetHeader.Bytes + 65_535;

    // IP headers begin at a multiple of this.
    private const int CacheLineBytes = 64;

    // Room for three of the longest frames: one being read while the last datagrams of the one before wait for company.
    private const int RingBytes = 3 * (FrameBytes + CacheLineBytes);

    private readonly TunReader _tun;
    private readonly RouteTableCell _routes;
    private readonly PinnedSlab _slab;
    private readonly Encapsulator _encapsulator;
    private readonly int _framesABatch;
    private readonly int _firstFrame;
    private int _nextFrame;

    internal OutboundWorker(ForwarderContext context, ITunQueue tun, IDatagramPort port)
    {
        _tun = new TunReader(context, tun, Counters);
        _routes = context.Routes;
        _framesABatch = context.Options.FramesABatch;
        _slab = new PinnedSlab(Encapsulator.ScratchBytes + CacheLineBytes + RingBytes);

        // The packet, behind its virtio-net header, is what has to be aligned.
        _firstFrame = Encapsulator.ScratchBytes + (tun.HasVirtioNetHeader ? CacheLineBytes - VirtioNetHeader.Bytes : 0);
        _nextFrame = _firstFrame;
        var icmp = new IcmpErrorSender(context.Icmp, Counters);
        var sender = new PeerSender(_slab, port, Counters, context);
        _encapsulator = new Encapsulator(_slab, 0, tun.HasVirtioNetHeader, sender, icmp, Counters);
    }

    /// <inheritdoc/>
    public PathCounters Counters { get; } = new();

    public void Dispose()
    {
        _encapsulator.Dispose();
        _slab.Dispose();
    }

    /// <inheritdoc/>
    /// <exception cref="LinuxException">The device is gone.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool RunBatch()
    {
        _encapsulator.BeginBatch(_routes.Current);
        int frames = 0;
        while (frames < _framesABatch)
        {
            MakeRoom();
            SyscallResult read = _tun.Read(_slab.Slice(_nextFrame, FrameBytes));
            if (!read.Succeeded)
            {
                if (read.Errno == Errno.EAGAIN)
                {
                    break;
                }

                frames++; // lost; it counts so that the batch ends
                continue;
            }

            _encapsulator.Take(_nextFrame, read.Count);
            _nextFrame += (read.Count + CacheLineBytes) & -CacheLineBytes;
            frames++;
        }

        _encapsulator.Flush();
        _slab.GiveBack(0, frames > 0 ? _slab.LengthBytes : 0);
        return frames > 0;
    }

    // Frames whose datagrams are still to be sent lie ahead, the oldest first: the next FrameBytes must not reach it,
    // nor may the worker pass it. It would do so at the ring's end, and by the line that a frame may skip to be
    // aligned.
    private void MakeRoom()
    {
        if (_nextFrame + FrameBytes > _slab.LengthBytes)
        {
            FlushFrom(_nextFrame, _slab.LengthBytes);
            _nextFrame = _firstFrame;
        }

        FlushFrom(_nextFrame, _nextFrame + FrameBytes + CacheLineBytes);
    }

    private void FlushFrom(int start, int end)
    {
        if (_encapsulator.OldestOffset is int oldest && oldest >= start && oldest < end)
        {
            _encapsulator.Flush();
        }
    }
}
