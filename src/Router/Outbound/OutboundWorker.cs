using System;
using System.Runtime.CompilerServices;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.IcmpErrors;
using Overlay.Router.Ports;
using Overlay.Router.Routes;
using Overlay.Router.Workers;
using Overlay.Tun;

namespace Overlay.Router.Outbound;

/// <summary>
/// TUN to UDP on one thread: a batch reads frames until the queue is empty, encapsulates and sends them.
/// </summary>
internal sealed class OutboundWorker : IWorker, IDisposable
{
    // The longest frame: a virtio-net header and the longest IPv4 packet.
    private const int FrameBytes = VirtioNetHeader.Bytes + 65_535;

    // Packets begin at a multiple of this.
    private const int CacheLineBytes = 64;

    // Room for three of the longest frames: one is read while datagrams of the one before are still to be sent.
    private const int RingBytes = 3 * (FrameBytes + CacheLineBytes);

    private readonly TunReader _tun;
    private readonly RouteTableCell _routes;
    private readonly PinnedSlab _slab;
    private readonly Encapsulator _encapsulator;
    private readonly int _framesPerBatch;
    private readonly int _firstFrame;
    private int _nextFrame;

    internal OutboundWorker(WorkerContext context, ITunQueue tun, IDatagramPort port)
    {
        _tun = new TunReader(context, tun, Counters);
        _routes = context.Routes;
        _framesPerBatch = context.Options.FramesPerBatch;
        _slab = new PinnedSlab(Encapsulator.ScratchBytes + CacheLineBytes + RingBytes);

        // The packet is aligned, not the virtio-net header before it.
        _firstFrame = Encapsulator.ScratchBytes + (tun.HasVirtioNetHeader ? CacheLineBytes - VirtioNetHeader.Bytes : 0);
        _nextFrame = _firstFrame;
        var icmp = new IcmpErrorSender(context.Icmp, Counters);
        var sender = new PeerSender(_slab, port, Counters, context);
        _encapsulator = new Encapsulator(
            _slab, 0, tun.HasVirtioNetHeader, sender, icmp, context.Options.Own, Counters);
    }

    /// <inheritdoc/>
    public WorkerCounters Counters { get; } = new();

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
        while (frames < _framesPerBatch)
        {
            MakeRoom();
            SyscallResult read = _tun.Read(_slab.Slice(_nextFrame, FrameBytes));
            if (!read.Succeeded)
            {
                if (read.Errno == Errno.EAGAIN)
                {
                    break;
                }

                frames++; // lost; counted so that the batch ends
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

    // Frames whose datagrams are still to be sent lie ahead in the ring, the oldest nearest. The next frame, up to
    // FrameBytes long, must not reach it, and the position must not pass it: neither where the ring wraps nor by the
    // cache line that the next frame may skip for its alignment. Where one of them could happen, everything is sent.
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
