using System;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Logging;
using Overlay.Linux;
using Overlay.Net;

namespace Overlay.Daemon.Backends.Fallback;

/// <summary>
/// Questions and answers by one device: what leaves meets its firewall rules and its encapsulation, and what came by
/// another device is not seen. Opened anew for another device of the name and for another address.
/// </summary>
/// <param name="interfaceName">The device's.</param>
/// <param name="port">Of every host; the addresses are the tunnel devices', so it is in nobody's way.</param>
/// <param name="receive">
/// Gets each message with its sender and returns the answer, null for none. On any thread.
/// </param>
/// <param name="log">Gets a line when it cannot be opened for longer than a device takes to get its address.</param>
internal sealed class ProbeSocket(
    string interfaceName, ushort port, Func<Ipv4Address, ProbeMessage, ProbeMessage?> receive, ILogger log)
    : IDisposable
{
    private Socket? _socket;
    private string? _refusal;
    private string? _loggedRefusal;
    private Task _receiving = Task.CompletedTask;
    private (int Index, Ipv4Address Own) _bound;

    /// <summary>
    /// Makes a UDP socket. <see cref="SocketException"/> when no descriptor or no memory is left.
    /// </summary>
    internal Func<Socket> MakeSocket { get; init; } = () =>
        new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };

    /// <summary>Opens it where it is not open, or open for another device or address.</summary>
    /// <param name="index">The device's; 0 when there is none.</param>
    /// <param name="own">This host's address on it.</param>
    /// <returns>Whether it was opened now; what the kernel refuses is tried again with the next call.</returns>
    /// <exception cref="Exception">
    /// A message that came could not be taken, for the same reason, and nothing is received any longer.
    /// </exception>
    internal bool Follow(int index, Ipv4Address own)
    {
        if (_receiving.IsFaulted)
        {
            _receiving.GetAwaiter().GetResult();
        }

        if (_socket is not null && _bound == (index, own))
        {
            return false;
        }

        Close();
        if (index <= 0)
        {
            return false;
        }

        Socket? socket = null;
        try
        {
            socket = MakeSocket();
            socket.BindToInterface(interfaceName);
            socket.Bind(new IPEndPoint(AddressOf(own), port));
        }
        catch (SocketException problem)
        {
            socket?.Dispose();
            LogRefusal(problem.Message);
            return false;
        }

        _refusal = _loggedRefusal = null;
        _socket = socket;
        _bound = (index, own);
        _receiving = ReceiveAsync(socket);
        return true;
    }

    /// <summary>Sends a message. What is refused is as good as lost, and counts as not answered.</summary>
    internal void Send(Ipv4Address to, ProbeMessage message)
    {
        if (_socket is { } socket)
        {
            Send(socket, new IPEndPoint(AddressOf(to), port), message);
        }
    }

    /// <summary>Closes it, and waits for a message that is being taken.</summary>
    public void Dispose() => Close();

    private static IPAddress AddressOf(Ipv4Address address) =>
        new(BinaryPrimitives.ReverseEndianness(address.Value));

    private static void Send(Socket socket, IPEndPoint to, ProbeMessage message)
    {
        Span<byte> datagram = stackalloc byte[ProbeMessage.Bytes];
        message.Write(datagram);
        try
        {
            _ = socket.SendTo(datagram, SocketFlags.None, to);
        }
        catch (Exception problem) when (problem is SocketException or ObjectDisposedException)
        {
            // a device that is down, a neighbour that is not known yet, a full queue
        }
    }

    // When it stands a second time: one because a device or an address has just gone, or just comes, is over by then.
    private void LogRefusal(string reason)
    {
        if (reason == _refusal && reason != _loggedRefusal)
        {
            _loggedRefusal = reason;
            Log.NoProbeSocket(log, interfaceName, reason);
        }

        _refusal = reason;
    }

    private void Close()
    {
        _socket?.Dispose();
        _socket = null;
        _receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        _receiving = Task.CompletedTask;
    }

    private async Task ReceiveAsync(Socket socket)
    {
        byte[] buffer = new byte[ProbeMessage.Bytes + 1]; // a longer datagram is cut, and so known
        var anywhere = new IPEndPoint(IPAddress.Any, 0);
        while (true)
        {
            try
            {
                SocketReceiveFromResult received = await socket.ReceiveFromAsync(
                    buffer, SocketFlags.None, anywhere, CancellationToken.None).ConfigureAwait(false);
                Answer(socket, (IPEndPoint)received.RemoteEndPoint, buffer.AsSpan(0, received.ReceivedBytes));
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException problem) when (problem.SocketErrorCode == SocketError.OperationAborted)
            {
                return;
            }
            catch (SocketException)
            {
                // what the kernel reports of the device, or of a datagram sent before: the next call waits again
            }
        }
    }

    private void Answer(Socket socket, IPEndPoint from, ReadOnlySpan<byte> datagram)
    {
        if (from.Port == port
            && ProbeMessage.Read(datagram) is { } message
            && receive(Ipv4Address.Read(from.Address.GetAddressBytes()), message) is { } answer)
        {
            Send(socket, from, answer);
        }
    }
}
