using System.Runtime.CompilerServices;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Outbound;
using Overlay.Router.Workers;
using Overlay.Tun;

namespace Overlay.Router.Pipelines;

/// <summary>The first stage outbound: reads frames from the TUN into the pipe's memory.</summary>
internal sealed class TunReadStage : IWorker
{
    private readonly TunReader _tun;
    private readonly FramePipe _pipe;
    private readonly EventSignal _stop;
    private readonly int _framesPerBatch;
    private readonly int _lead;

    internal TunReadStage(WorkerContext context, ITunQueue tun, FramePipe pipe, EventSignal stop)
    {
        _tun = new TunReader(context, tun, Counters);
        _pipe = pipe;
        _stop = stop;
        _framesPerBatch = context.Options.FramesPerBatch;

        // The packet is aligned, not the virtio-net header before it, which lies at the end of the frame's head.
        _lead = FramePipe.HeadBytes - (tun.HasVirtioNetHeader ? VirtioNetHeader.Bytes : 0);
    }

    /// <inheritdoc/>
    public WorkerCounters Counters { get; } = new();

    /// <inheritdoc/>
    /// <exception cref="LinuxException">The device is gone.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool RunBatch()
    {
        int frames = 0;
        for (; frames < _framesPerBatch && _pipe.TryReserve(_stop, out int offset); frames++)
        {
            SyscallResult read = _tun.Read(
                _pipe.Region.Slice(offset + _lead, FramePipe.HeadBytes - _lead + FramePipe.MaximumFrameBytes));
            if (!read.Succeeded)
            {
                if (read.Errno == Errno.EAGAIN)
                {
                    break;
                }

                continue; // lost; counted so that the batch ends
            }

            // The length in the head is the packet's, without the virtio-net header.
            _pipe.Commit(offset, new FrameHead(read.Count - (FramePipe.HeadBytes - _lead)));
        }

        if (frames > 0)
        {
            _pipe.Publish();
        }

        return frames > 0;
    }
}
