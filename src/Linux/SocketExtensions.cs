using System;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Overlay.Linux.Interop;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>Options that the kernel has and System.Net.Sockets has no name for.</summary>
/// <remarks>Each throws <see cref="SocketException"/> when the kernel refuses.</remarks>
public static class SocketExtensions
{
    /// <summary>
    /// Sets the receive buffer without regard to net.core.rmem_max (SO_RCVBUFFORCE, socket(7)). Needs CAP_NET_ADMIN in
    /// the initial user namespace.
    /// </summary>
    /// <param name="socket">Any socket.</param>
    /// <param name="bytes">The kernel doubles it for its own bookkeeping.</param>
    public static void ForceReceiveBuffer(this Socket socket, int bytes) =>
        Set(socket, LibC.SOL_SOCKET, LibC.SO_RCVBUFFORCE, bytes);

    /// <summary>Has the kernel cut what is sent into datagrams (UDP_SEGMENT, udp(7); Linux 4.18).</summary>
    /// <param name="socket">A UDP socket.</param>
    /// <param name="bytes">Of each datagram but the last, 1 to 65,507; 0 for whole ones.</param>
    public static void SetSegmentBytes(this Socket socket, int bytes) =>
        Set(socket, LibC.IPPROTO_UDP, Native.UDP_SEGMENT, bytes);

    /// <summary>
    /// Has ICMP errors about datagrams sent earlier fail the next call, on an unconnected socket too (IP_RECVERR,
    /// ip(7)).
    /// </summary>
    /// <param name="socket">An IPv4 socket.</param>
    public static void ReportErrors(this Socket socket) => Set(socket, LibC.IPPROTO_IP, LibC.IP_RECVERR, 1);

    /// <summary>
    /// Has a socket send and receive by one interface only (SO_BINDTODEVICE, socket(7)). The kernel goes by its index
    /// from then on: another interface of the name needs another socket. Needs CAP_NET_RAW.
    /// </summary>
    /// <param name="socket">Any socket, before it is bound to an address.</param>
    /// <param name="name">The interface's.</param>
    public static void BindToInterface(this Socket socket, string name) =>
        socket.SetRawSocketOption(LibC.SOL_SOCKET, LibC.SO_BINDTODEVICE, Encoding.UTF8.GetBytes(name + '\0'));

    /// <summary>
    /// Has every packet carry DF, whatever is known of its path, and none be longer than its interface takes
    /// (IP_MTU_DISCOVER, IP_PMTUDISC_PROBE; ip(7)): to find a path's MTU.
    /// </summary>
    /// <param name="socket">An IPv4 socket.</param>
    public static void ProbePathMtu(this Socket socket) =>
        Set(socket, LibC.IPPROTO_IP, LibC.IP_MTU_DISCOVER, LibC.IP_PMTUDISC_PROBE);

    private static void Set(Socket socket, int level, int name, int value) =>
        socket.SetRawSocketOption(level, name, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in value)));
}
