using System;
using Overlay.Linux;
using Overlay.Net;

namespace Overlay.Router.IcmpErrors;

/// <summary>
/// A raw socket: the kernel routes an error like any packet of this host and chooses its source address.
/// </summary>
/// <remarks>
/// Stock flannel writes its errors into the TUN, where the kernel drops them: a packet that a device delivers with one
/// of the host's own addresses as source is a martian (net/ipv4/fib_frontend.c, fib_validate_source). For a pod the
/// tunnel's own address would be a bad source in any case: it is the first of the pod's subnet, which kernels before
/// 5.14 take for a broadcast address.
/// </remarks>
public sealed class IcmpPort(IcmpSocket socket) : IIcmpPort, IDisposable
{
    /// <inheritdoc/>
    public SyscallResult Send(ReadOnlySpan<byte> message, Ipv4Address destination) => socket.Send(message, destination);

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();
}
