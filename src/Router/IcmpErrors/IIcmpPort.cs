using System;
using Overlay.Linux;
using Overlay.Net;

namespace Overlay.Router.IcmpErrors;

/// <summary>Where ICMP errors leave.</summary>
public interface IIcmpPort
{
    /// <summary>Sends one ICMP message. Never blocks.</summary>
    /// <param name="message">From the type byte on.</param>
    /// <param name="destination">Where to.</param>
    /// <returns>Bytes sent, or why it could not be.</returns>
    SyscallResult Send(ReadOnlySpan<byte> message, Ipv4Address destination);
}
