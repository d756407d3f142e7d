using System;
using Overlay.Linux;

namespace Overlay.Tun;

/// <summary>A TUN descriptor: one packet a system call.</summary>
public sealed class TunQueue : ITunQueue
{
    private readonly SafeFd _fd;

    internal TunQueue(SafeFd fd) => _fd = fd;

    /// <inheritdoc/>
    public SyscallResult ReadBatch(PacketBatch batch)
    {
        batch.Clear();
        while (!batch.IsFull)
        {
            SyscallResult read = DescriptorIo.Read(_fd, batch.NextSlot);
            if (!read.Succeeded)
            {
                if (batch.Count == 0 && read.Errno != Errno.EAGAIN)
                {
                    return read;
                }

                break;
            }

            batch.Commit(read.Count);
        }

        return SyscallResult.FromCount(batch.Count);
    }

    /// <inheritdoc/>
    public SyscallResult Write(ReadOnlySpan<byte> packet) => DescriptorIo.Write(_fd, packet);

    /// <inheritdoc/>
    public void WaitReadable(StopSignal stop) => Readiness.WaitReadable(_fd, stop);
}
