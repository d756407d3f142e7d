using System;
using Overlay.Linux;
using Overlay.Net;

namespace Overlay.Router.Ports;

/// <summary>Where answers to single datagrams leave. Any thread.</summary>
public interface IReplyPort
{
    /// <summary>Sends one datagram from this host's UDP port. Never blocks.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="port">1 to 65535.</param>
    /// <param name="datagram">Its bytes.</param>
    /// <returns>Bytes sent, or why it could not be.</returns>
    SyscallResult Reply(Ipv4Address address, ushort port, ReadOnlySpan<byte> datagram);
}
