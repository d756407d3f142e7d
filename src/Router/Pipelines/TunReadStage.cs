using System.Runtime.CompilerServices;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Forwarding;
using Overlay.Tun;

namespace Overlay.Router.Pipelines;

/// <summary>The first stage of the way out: reads frames from the TUN into the pipe's memory.</summary>
internal sealed class TunReadStage(ForwarderOptions options, ITunQueue tun, FramePipe pipe, EventSignal stop) : IWorker
{
    // The packet, behind its virtio-net header, is what has to be aligned: the header reaches into the frame's head.
    private readonly int _lead = FramePipe.HeadBytes - (tun.HasVirtioNetHeader ? VirtioNetHeader.Bytes : 0);

    /// <inheritdoc/>
    public PathCounters Counters { get; } = new();

    /// <inheritdoc/>
    /// <exception cref="LinuxException">The device is gone.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool RunBatch()
    {
        int frames = 0;
        for (; frames < options.FramesABatch && pipe.TryReserve(stop, out int offset); frames++)
        {
            SyscallResult read = tun.Read(pipe.Region.Slice(offset + _lead, FramePipe.HeadBytes - _lead + FramePipe.MaximumFrameBytes));
            if (!read.Succeeded)
            {
                if (read.Errno != Errno.EAGAIN && frames == 0)
                {
                    throw OutboundWorker.DeviceGone(read.Errno);
                }

                break;
            }

            // A frame's length counts from behind the head, as if nothing of it reached in there.
            pipe.Commit(offset, new FrameHead(read.Count - (FramePipe.HeadBytes - _lead)));
        }

        if (frames > 0)
        {
            pipe.Publish();
        }

        return frames > 0;
    }
}
