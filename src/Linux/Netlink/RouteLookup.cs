using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using Overlay.Linux.Interop;
using Overlay.Net;
using Tmds.Linux;

namespace Overlay.Linux.Netlink;

/// <summary>Asks the kernel which way packets go in one network namespace (rtnetlink(7), ip-rule(8)).</summary>
/// <remarks>
/// The namespace is that of the thread which calls <see cref="Open"/>; afterwards any thread may use it, one at a time.
/// It needs no privilege. A reply that makes no sense throws <see cref="InvalidDataException"/>.
/// </remarks>
public sealed class RouteLookup : IDisposable
{
    // The longest request has two addresses, a protocol and two ports: 68 bytes.
    private const int RequestBytes = 96;

    private readonly NetlinkSocket _socket;

    private RouteLookup(NetlinkSocket socket) => _socket = socket;

    /// <summary>Opens a connection to the network namespace of the calling thread.</summary>
    /// <exception cref="LinuxException">The kernel refused the socket.</exception>
    public static RouteLookup Open() => new(NetlinkSocket.Open(Native.NETLINK_ROUTE));

    /// <summary>Where the kernel sends a packet now.</summary>
    /// <param name="destination">Its destination.</param>
    /// <param name="source">Its source, an address of this host; null for the one the kernel chooses.</param>
    /// <param name="udpPort">Its source port and its destination port, for rules that select by them (Linux 4.17); null
    /// when it is no UDP.</param>
    /// <returns>Null when the kernel has no route, or one that refuses.</returns>
    /// <exception cref="LinuxException">The kernel refused for another reason.</exception>
    public RoutedTo? Find(Ipv4Address destination, Ipv4Address? source = null, ushort? udpPort = null) =>
        Ask(destination, source, udpPort, Native.RTM_F_LOOKUP_TABLE, LookupMessages.ParseRoutedTo);

    /// <summary>The route by which the kernel sends a packet now (Linux 4.13).</summary>
    /// <inheritdoc cref="Find"/>
    public RouteMatch? FindMatch(
        Ipv4Address destination, Ipv4Address? source = null, ushort? udpPort = null) => Ask(
        destination, source, udpPort, Native.RTM_F_LOOKUP_TABLE | Native.RTM_F_FIB_MATCH, LookupMessages.ParseMatch);

    /// <summary>What the kernel does now with a packet that arrives by an interface.</summary>
    /// <param name="destination">Its destination.</param>
    /// <param name="source">Its source, an address of another host.</param>
    /// <param name="interfaceIndex">1 or more: where it arrives.</param>
    /// <exception cref="LinuxException">The kernel refused for another reason. ENODEV: no such interface.</exception>
    public ArrivalVerdict Judge(Ipv4Address destination, Ipv4Address source, int interfaceIndex)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(interfaceIndex);
        var request = new NetlinkMessageWriter(stackalloc byte[RequestBytes], Native.RTM_GETROUTE, Native.NLM_F_ACK);
        request.WriteStruct(new rtmsg { rtm_family = (byte)LibC.AF_INET, rtm_dst_len = 32, rtm_src_len = 32 });
        request.WriteIpv4Attribute(Native.RTA_DST, destination);
        request.WriteIpv4Attribute(Native.RTA_SRC, source);
        request.WriteAttribute(Native.RTA_IIF, (uint)interfaceIndex);
        NetlinkAnswer answer = _socket.Query(request.Finish(), LookupMessages.ParseRoutedTo, out _);
        return answer.Errno switch
        {
            Errno.None => ArrivalVerdict.Taken,

            // fib_validate_source: EXDEV of older kernels, EINVAL of newer ones (6.18).
            Errno.EXDEV or Errno.EINVAL => ArrivalVerdict.SourceRefused,
            Errno.EHOSTUNREACH => ArrivalVerdict.NotForwarded,
            Errno.ENETUNREACH or Errno.EACCES => ArrivalVerdict.NoRoute,
            _ => throw NetlinkRefusal.Of("RTM_GETROUTE", answer, $"could not look up the route to {destination}"),
        };
    }

    /// <summary>All rules for IPv4, in the kernel's order.</summary>
    /// <exception cref="LinuxException">The kernel refused, has no rules (EOPNOTSUPP), or they kept changing
    /// (EAGAIN).</exception>
    public IReadOnlyList<RoutingRule> GetRules()
    {
        var request = new NetlinkMessageWriter(stackalloc byte[RequestBytes], Native.RTM_GETRULE, Native.NLM_F_DUMP);
        request.WriteStruct(new rtmsg { rtm_family = (byte)LibC.AF_INET });
        NetlinkAnswer answer = _socket.Dump(request.Finish(), LookupMessages.ParseRule, out List<RoutingRule> found);
        return answer.Errno == Errno.None
            ? found
            : throw NetlinkRefusal.Of("RTM_GETRULE", answer, "could not list routing rules");
    }

    /// <summary>Closes the connection.</summary>
    public void Dispose() => _socket.Dispose();

    // Null when the kernel answers that there is no way: no route, or an unreachable, prohibit or blackhole one.
    private T? Ask<T>(
        Ipv4Address destination, Ipv4Address? source, ushort? udpPort, uint flags, NetlinkMessageParser<T> parse)
        where T : class
    {
        var request = new NetlinkMessageWriter(stackalloc byte[RequestBytes], Native.RTM_GETROUTE, Native.NLM_F_ACK);
        request.WriteStruct(new rtmsg
        {
            rtm_family = (byte)LibC.AF_INET,
            rtm_dst_len = 32,
            rtm_src_len = (byte)(source is null ? 0 : 32),
            rtm_flags = flags,
        });
        request.WriteIpv4Attribute(Native.RTA_DST, destination);
        if (source is { } from)
        {
            request.WriteIpv4Attribute(Native.RTA_SRC, from);
        }

        if (udpPort is { } port)
        {
            Span<byte> inNetworkOrder = stackalloc byte[sizeof(ushort)];
            BinaryPrimitives.WriteUInt16BigEndian(inNetworkOrder, port);
            request.WriteAttribute(Native.RTA_IP_PROTO, [(byte)LibC.IPPROTO_UDP]);
            request.WriteAttribute(Native.RTA_SPORT, inNetworkOrder);
            request.WriteAttribute(Native.RTA_DPORT, inNetworkOrder);
        }

        NetlinkAnswer answer = _socket.Query(request.Finish(), parse, out T? found);
        return answer.Errno switch
        {
            Errno.None => found,
            Errno.ENETUNREACH or Errno.EHOSTUNREACH or Errno.EACCES or Errno.EINVAL => null,
            _ => throw NetlinkRefusal.Of("RTM_GETROUTE", answer, $"could not look up the route to {destination}"),
        };
    }
}
