using System;
using Overlay.Linux;
using Overlay.Tun;

namespace Overlay.Router.Metering;

/// <summary>A TUN queue whose use by one worker is metered.</summary>
/// <param name="queue">The queue.</param>
/// <param name="meter">The worker's.</param>
/// <param name="copies">Copies what was read.</param>
/// <param name="scratch">Where the worker writes headers: what it writes from there counts as copied.</param>
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

            // The virtio-net header is written to the scratch as well, but no part of the packet.
            int frameHeaderBytes = queue.HasVirtioNetHeader ? VirtioNetHeader.Bytes : 0;
            int bytesFromScratch = packet.BytesIn(scratch.Start, scratch.LengthBytes);
            meter.CountCopy(Math.Max(0, bytesFromScratch - frameHeaderBytes));
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
