using System;
using Overlay.Linux;
using Overlay.Net;

namespace Overlay.Router.Ports;

/// <summary>The outer socket: a UDP socket of the kernel.</summary>
public sealed class UdpPort : IDatagramPort, IDisposable
{
    /// <summary>What the outer IPv4 and UDP headers add to a packet, in bytes.</summary>
    public const int EncapsulationBytes = 28;

    // Half a second of full-size packets at 100 Mbit/s. The kernel doubles the number for its own bookkeeping
    // (socket(7), SO_RCVBUF).
    private const int BufferBytes = 8 << 20;

    private readonly UdpSocket _socket;
    private readonly PathMtuSocket _paths;

    private UdpPort(UdpSocket socket, PathMtuSocket paths, ushort port)
    {
        _socket = socket;
        _paths = paths;
        Port = port;
    }

    /// <inheritdoc/>
    public SafeFd Descriptor => _socket.Descriptor;

    /// <inheritdoc/>
    public ushort Port { get; }

    /// <summary>
    /// Binds to this host's underlay address. Peers are sent to at the same port, as flannel does it.
    /// </summary>
    /// <param name="address">This host's.</param>
    /// <param name="port">1 to 65535.</param>
    /// <param name="isShared">Whether several sockets bind the same port and share the peers among them.</param>
    /// <exception cref="LinuxException">The port is busy or the address is not local.</exception>
    public static UdpPort Bind(Ipv4Address address, ushort port, bool isShared = false) =>
        Over(UdpSocket.Bind(address, port, BufferBytes, isShared), address, port);

    /// <summary>Takes over the socket of an earlier owner, with whatever waits in it.</summary>
    /// <param name="descriptor">It becomes the port's.</param>
    /// <param name="address">What it has to be bound to.</param>
    /// <param name="port">Likewise.</param>
    /// <param name="isShared">Whether it has to share the port.</param>
    /// <returns>Null, and the descriptor is closed, when it is another socket.</returns>
    /// <exception cref="LinuxException">No descriptor is left.</exception>
    public static UdpPort? Adopt(SafeFd descriptor, Ipv4Address address, ushort port, bool isShared)
    {
        if (UdpSocket.Adopt(descriptor, address, port, isShared) is not { } socket)
        {
            return null;
        }

        _ = socket.SetReceiveTrains(false); // as in a new one: the earlier owner may have had another engine
        return Over(socket, address, port);
    }

    private static UdpPort Over(UdpSocket socket, Ipv4Address address, ushort port)
    {
        try
        {
            // A datagram that is longer than its path is refused, so that the path MTU is learned with the first one.
            // And trains carry DF as stock flannel's single datagrams do: on a train that may be fragmented the kernel
            // does not set it (net/ipv4/ip_output.c).
            socket.SetFragmentation(false);
            return new UdpPort(socket, PathMtuSocket.Open(address), port);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sets whether the kernel reports datagrams that did not arrive (IP_RECVERR).</summary>
    /// <returns>0, or the errno when the kernel cannot.</returns>
    public SyscallResult SetErrorReports(bool on) => _socket.SetErrorReports(on);

    /// <inheritdoc/>
    public SyscallResult SetReceiveTrains(bool on) => _socket.SetReceiveTrains(on);

    /// <summary>Tries whether the kernel can cut trains apart (UDP_SEGMENT).</summary>
    /// <returns>0, or the errno when it cannot.</returns>
    public SyscallResult ProbeSendTrains() => _socket.ProbeSendTrains();

    /// <inheritdoc/>
    public SyscallResult ProbeMessageBatches() => _socket.ProbeMessageBatches();

    /// <summary>Tries with a train on the loopback interface how many datagrams the kernel takes in one.</summary>
    /// <returns>127 from Linux 6.9 on; 63 before, and where the loopback interface is down.</returns>
    public static int ProbeDatagramsPerTrain() =>
        UdpSocket.TakesTrainOf(SendLimits.MostDatagrams) ? SendLimits.MostDatagrams : SendLimits.SafeDatagrams;

    /// <inheritdoc/>
    public SyscallResult Receive(ReceiveBatch batch, int atMost) => _socket.Receive(batch, atMost);

    /// <inheritdoc/>
    public SyscallResult Send(SendBatch batch, int first, int count) => _socket.Send(batch, first, count);

    /// <inheritdoc/>
    public SyscallResult SendInFragments(SendBatch batch, int index)
    {
        _socket.SetFragmentation(true);
        SyscallResult sent = _socket.Send(batch, index, 1);
        _socket.SetFragmentation(false);
        return sent;
    }

    /// <inheritdoc/>
    public SyscallResult Reply(Ipv4Address address, ushort port, ReadOnlySpan<byte> datagram) =>
        _socket.Send(address, port, datagram);

    /// <inheritdoc/>
    public int FindPathMtu(Ipv4Address address) => _paths.Find(address, Port);

    /// <inheritdoc/>
    public bool TryReadError(out DatagramError error) => _socket.TryReadError(out error);

    /// <inheritdoc/>
    public void Pause(int milliseconds) => Readiness.Pause(milliseconds);

    /// <inheritdoc/>
    public void WaitWritable(int timeoutMilliseconds) =>
        Readiness.WaitWritable(_socket.Descriptor, timeoutMilliseconds);

    /// <summary>Reads what the socket holds, and what did not fit.</summary>
    /// <returns>Null when the kernel does not tell.</returns>
    public SocketMemory? ReadMemory() => _socket.ReadMemory();

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket.Dispose();
        _paths.Dispose();
    }
}
