using System;
using Overlay.Linux;
using Overlay.Tun;

namespace Overlay.Router.Metering;

/// <summary>A TUN queue whose use by one worker is metered.</summary>
/// <param name="queue">The queue.</param>
/// <param name="meter">The worker's.</param>
/// <param name="copies">Copies what was read.</param>
/// <param name="scratch">Where the worker writes headers anew: what it hands on from there was copied.</param>
internal sealed class MeteredTunQueue(ITunQueue queue, CallMeter meter, CopyLoad copies, SlabPart scratch) : ITunQueue
{
    /// <inheritdoc/>
    public SafeFd Descriptor => queue.Descriptor;

    /// <inheritdoc/>
    public bool HasVirtioNetHeader => queue.HasVirtioNetHeader;

    /// <inheritdoc/>
    public SyscallResult Read(Span<byte> buffer)
    {
        long began = meter.Begin();
        SyscallResult read = queue.Read(buffer);
        int bytes = read.Succeeded ? read.Count : 0;
        meter.End(MeteredCall.TunRead, began, bytes);
        copies.Copy(buffer[..bytes]);
        return read;
    }

    /// <inheritdoc/>
    public SyscallResult Write(IoVectors packet)
    {
        long began = meter.Begin();
        SyscallResult written = queue.Write(packet);
        if (written.Succeeded)
        {
            meter.End(MeteredCall.TunWrite, began, written.Count);

            // The virtio-net header is the kernel's and ours, not the packet's.
            meter.CountCopy(
                Math.Max(0, packet.BytesIn(
                    scratch.Start, scratch.LengthBytes) - (queue.HasVirtioNetHeader ? VirtioNetHeader.Bytes : 0)));
        }
        else
        {
            meter.End(MeteredCall.TunWrite, began, 0);
        }

        return written;
    }

    /// <inheritdoc/>
    public SyscallResult SetOffloads(TunOffloads offloads) => queue.SetOffloads(offloads);
}
