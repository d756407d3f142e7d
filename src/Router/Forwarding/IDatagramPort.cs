using System;
using Overlay.Linux;
using Overlay.Tun;

namespace Overlay.Router.Forwarding;

/// <summary>The outer socket: datagrams from and to other hosts, one inner packet each.</summary>
/// <remarks>One thread receives, one thread sends; they may be two.</remarks>
public interface IDatagramPort
{
    /// <summary>Empties <paramref name="batch"/>, then receives datagrams with their source until none is left or it is full.</summary>
    /// <returns>Datagrams received, 0 when none was waiting; or the errno, when it came before the first of them.</returns>
    SyscallResult ReceiveBatch(PacketBatch batch);

    /// <summary>Sends one datagram.</summary>
    /// <param name="payload">One whole IPv4 packet.</param>
    /// <param name="address">The outer destination, host order; the port is the network's.</param>
    /// <returns>Bytes sent, or the errno: EAGAIN when the send buffer is full.</returns>
    SyscallResult Send(ReadOnlySpan<byte> payload, uint address);

    /// <summary>Waits until the socket can be read or <paramref name="stop"/> is set.</summary>
    void WaitReadable(StopSignal stop);

    /// <summary>Waits until the send buffer has room, at most this long.</summary>
    void WaitWritable(int timeoutMilliseconds);
}
