using System;
using Overlay.Linux;

namespace Overlay.Tun;

/// <summary>One packet queue of a layer-3 device: a packet or superpacket a call.</summary>
/// <remarks>
/// One thread reads, one thread writes; they may be two. No call blocks. The owner joins both before it disposes the
/// device.
/// </remarks>
public interface ITunQueue
{
    /// <summary>Readable when a packet waits or the device is gone.</summary>
    SafeFd Descriptor { get; }

    /// <summary>Whether a <see cref="VirtioNetHeader"/> stands before each packet, read or written.</summary>
    bool HasVirtioNetHeader { get; }

    /// <summary>Reads one packet, with its virtio-net header where there is one.</summary>
    /// <param name="buffer">Cuts off what it cannot take; 65,545 bytes take everything.</param>
    /// <returns>
    /// Bytes read; EAGAIN when none is waiting. EBADFD, EBADF, EFAULT, ENODEV: the device is gone. Another errno: the
    /// packet that was next is lost, and nothing else.
    /// </returns>
    SyscallResult Read(Span<byte> buffer);

    /// <summary>Hands one packet to the kernel, which routes it.</summary>
    /// <param name="packet">All pieces together are one IP packet, with its virtio-net header where there is
    /// one.</param>
    /// <returns>Bytes written, all of them, or the errno. EIO: the device is down. EINVAL: a superpacket is not
    /// accepted.</returns>
    SyscallResult Write(IoVectors packet);

    /// <summary>Tells the kernel what its reader does from now on; it holds for all queues of the device.</summary>
    /// <returns>0, or the errno.</returns>
    SyscallResult SetOffloads(TunOffloads offloads);
}
