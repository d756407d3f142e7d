using System;
using Overlay.Linux;
using Overlay.Net;

namespace Overlay.Router.IcmpErrors;

/// <summary>Where ICMP errors leave.</summary>
public interface IIcmpPort
{
    /// <summary>Sends one ICMP message, from the type byte on, to this address. Never blocks.</summary>
    SyscallResult Send(ReadOnlySpan<byte> message, Ipv4Address destination);
}
