using System;
using Overlay.Linux;

namespace Overlay.Router.IcmpErrors;

/// <summary>Where ICMP errors leave.</summary>
public interface IIcmpPort
{
    /// <summary>Sends one ICMP message, from the type byte on, to this address (host order). Never blocks.</summary>
    SyscallResult Send(ReadOnlySpan<byte> message, uint destination);
}
