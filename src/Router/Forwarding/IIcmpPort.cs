using System;
using Overlay.Linux;

namespace Overlay.Router.Forwarding;

/// <summary>Where ICMP errors leave.</summary>
public interface IIcmpPort
{
    /// <summary>Sends one ICMP message, from the type byte on, to this address (host order). Never blocks.</summary>
    SyscallResult Send(ReadOnlySpan<byte> message, uint destination);
}

/// <summary>
/// A raw socket with the TUN's own address as source, so that the kernel routes the error like any packet of this host.
/// </summary>
/// <remarks>
/// Stock flannel writes its errors into the TUN instead, where the kernel drops them: a packet that comes in from a device with
/// one of the host's own addresses as source is a martian (net/ipv4/fib_frontend.c, fib_validate_source).
/// </remarks>
public sealed class IcmpPort(IcmpSocket socket) : IIcmpPort, IDisposable
{
    /// <inheritdoc/>
    public SyscallResult Send(ReadOnlySpan<byte> message, uint destination) => socket.Send(message, destination);

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();
}
