using System;
using Overlay.Linux;
using Overlay.Tun;

namespace Overlay.Router.Metering;

/// <summary>A TUN queue whose use by one worker is metered.</summary>
internal sealed class MeteredTunQueue(ITunQueue queue, CallMeter meter, CopyLoad copies) : ITunQueue
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
        meter.End(MeteredCall.TunWrite, began, written.Succeeded ? written.Count : 0);
        return written;
    }

    /// <inheritdoc/>
    public SyscallResult SetOffloads(TunOffloads offloads) => queue.SetOffloads(offloads);
}
