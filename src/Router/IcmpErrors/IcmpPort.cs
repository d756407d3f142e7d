using System;
using Overlay.Linux;
using Overlay.Net;

namespace Overlay.Router.IcmpErrors;

/// <summary>
/// A raw socket, so that the kernel routes an error like any packet of this host and gives it the source that fits.
/// </summary>
/// <remarks>
/// Stock flannel writes its errors into the TUN instead, where the kernel drops them: a packet that comes in from a
/// device with one of the host's own addresses as source is a martian (net/ipv4/fib_frontend.c, fib_validate_source).
/// Nor is the tunnel's own address a good source for a pod: it is the first of the pod's subnet, which kernels before
/// 5.14 take for its broadcast address.
/// </remarks>
public sealed class IcmpPort(IcmpSocket socket) : IIcmpPort, IDisposable
{
    /// <inheritdoc/>
    public SyscallResult Send(ReadOnlySpan<byte> message, Ipv4Address destination) => socket.Send(message, destination);

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();
}
