using System;
using Overlay.Linux;

namespace Overlay.Tun;

/// <summary>One packet queue of a layer-3 device.</summary>
/// <remarks>
/// One thread reads, one thread writes; they may be two. Neither call blocks. The owner sets the stop signal and joins both
/// before it disposes the device.
/// </remarks>
public interface ITunQueue
{
    /// <summary>Empties <paramref name="batch"/>, then reads packets into it until none is left or it is full.</summary>
    /// <returns>
    /// Packets read, 0 when none was waiting; or the errno of a device that is gone. After packets it is a count: the errno
    /// comes with the next call.
    /// </returns>
    SyscallResult ReadBatch(PacketBatch batch);

    /// <summary>Hands one IP packet to the kernel, which routes it.</summary>
    /// <returns>Bytes written, all of them, or the errno. EIO: the device is down.</returns>
    SyscallResult Write(ReadOnlySpan<byte> packet);

    /// <summary>Waits until a packet can be read, the device is gone, or <paramref name="stop"/> is set.</summary>
    void WaitReadable(StopSignal stop);
}
