using System;
using Overlay.Linux;
using Overlay.Tun;

namespace Overlay.Router.Forwarding;

/// <summary>The outer socket as the kernel has it: one datagram a system call.</summary>
public sealed class UdpPort : IDatagramPort, IDisposable
{
    // Half a second of full-size packets at 100 Mbit/s; the kernel doubles it for its own accounting (socket(7), SO_RCVBUF).
    private const int BufferBytes = 8 << 20;

    private readonly UdpSocket _socket;
    private readonly ushort _port;

    private UdpPort(UdpSocket socket, ushort port)
    {
        _socket = socket;
        _port = port;
    }

    /// <summary>Binds to this host's underlay address. Peers are sent to at the same port, as flannel does it.</summary>
    /// <param name="address">Host order.</param>
    /// <param name="port">1 to 65535.</param>
    /// <exception cref="LinuxException">The port is busy or the address is not local.</exception>
    public static UdpPort Bind(uint address, ushort port) => new(UdpSocket.Bind(address, port, BufferBytes), port);

    /// <inheritdoc/>
    public SyscallResult ReceiveBatch(PacketBatch batch)
    {
        batch.Clear();
        while (!batch.IsFull)
        {
            SyscallResult received = _socket.Receive(batch.NextSlot, out uint source);
            if (!received.Succeeded)
            {
                if (batch.Count == 0 && received.Errno != Errno.EAGAIN)
                {
                    return received;
                }

                break;
            }

            batch.Commit(received.Count, source);
        }

        return SyscallResult.FromCount(batch.Count);
    }

    /// <inheritdoc/>
    public SyscallResult Send(ReadOnlySpan<byte> payload, uint address) => _socket.Send(payload, address, _port);

    /// <inheritdoc/>
    public void WaitReadable(StopSignal stop) => Readiness.WaitReadable(_socket.Descriptor, stop);

    /// <inheritdoc/>
    public void WaitWritable(int timeoutMilliseconds) => Readiness.WaitWritable(_socket.Descriptor, timeoutMilliseconds);

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
