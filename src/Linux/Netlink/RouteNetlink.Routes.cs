using System;
using System.Collections.Generic;
using Overlay.Linux.Interop;
using Overlay.Net;
using Tmds.Linux;

namespace Overlay.Linux.Netlink;

// IPv4 routes of the main table (linux/rtnetlink.h).
public sealed partial class RouteNetlink
{
    /// <summary>All IPv4 routes of the main table, in the kernel's order.</summary>
    /// <exception cref="LinuxException">The kernel refused, or routes kept changing (EAGAIN).</exception>
    public IReadOnlyList<Ipv4Route> GetRoutes()
    {
        var request = new NetlinkMessageWriter(stackalloc byte[RequestBytes], Native.RTM_GETROUTE, Native.NLM_F_DUMP);
        request.WriteStruct(new rtmsg { rtm_family = (byte)LibC.AF_INET });
        return Dump(request.Finish(), RouteMessages.ParseMainRoute, "RTM_GETROUTE", "could not list routes");
    }

    /// <summary>Adds a route to the main table: no gateway, no metric, protocol boot, scope universe.</summary>
    /// <param name="destination">Without host bits.</param>
    /// <param name="interfaceIndex">1 or more; the link is up.</param>
    /// <exception cref="LinuxException">
    /// EEXIST: there is a route to this destination, wherever it leads. ENETDOWN: the link is down. ENODEV: no such
    /// link. EINVAL: host bits. EPERM.
    /// </exception>
    public void AddRoute(Ipv4Prefix destination, int interfaceIndex) =>
        MakeRoute(new Ipv4Route(destination, Gateway: null, interfaceIndex, Metric: 0), Native.NLM_F_EXCL);

    /// <summary>
    /// Makes a route of the main table, scope universe; one to the same destination with the same metric
    /// is replaced, wherever it leads.
    /// </summary>
    /// <param name="route">
    /// One way at most; without an interface the gateway decides which, and a blackhole has neither. The interface is
    /// up.
    /// </param>
    /// <exception cref="LinuxException">
    /// ENETUNREACH: the gateway is not on the link. ENETDOWN, ENODEV, EINVAL, EPERM as with <see cref="AddRoute"/>.
    /// </exception>
    public void ReplaceRoute(Ipv4Route route) => MakeRoute(route, Native.NLM_F_REPLACE);

    /// <summary>Removes a route of the main table, if it is still as described.</summary>
    /// <param name="route">One way at most; whose it is does not matter.</param>
    /// <returns>False when there is none like it.</returns>
    /// <exception cref="LinuxException">EPERM.</exception>
    public bool RemoveRoute(Ipv4Route route)
    {
        NetlinkAnswer answer = ChangeRoute(Native.RTM_DELROUTE, 0, Native.RT_SCOPE_NOWHERE, route);
        return answer.Errno switch
        {
            Errno.None => true,
            Errno.ESRCH or Errno.ENODEV => false, // with the interface its routes are gone
            _ => throw NetlinkRefusal.Of("RTM_DELROUTE", answer, $"could not remove route {Describe(route)}"),
        };
    }

    private void MakeRoute(Ipv4Route route, ushort flag)
    {
        NetlinkAnswer answer = ChangeRoute(
            Native.RTM_NEWROUTE, (ushort)(Native.NLM_F_CREATE | flag), Native.RT_SCOPE_UNIVERSE, route);
        if (answer.Errno != Errno.None)
        {
            throw NetlinkRefusal.Of("RTM_NEWROUTE", answer, $"could not add route {Describe(route)}");
        }
    }

    // A scope of "nowhere" is how a removal asks for none in particular (fib_table_delete).
    private NetlinkAnswer ChangeRoute(ushort type, ushort flags, byte scope, Ipv4Route route)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(route.InterfaceIndex ?? 1, nameof(route));
        CheckPrefixLength(route.Destination.Length);
        if (route.Hops.Count > 0 || route.IsBlackhole != route is { InterfaceIndex: null, Gateway: null })
        {
            throw new ArgumentException(
                "a route of one way has an interface or a gateway, and a blackhole neither", nameof(route));
        }

        var request = new NetlinkMessageWriter(stackalloc byte[RequestBytes], type, (ushort)(Native.NLM_F_ACK | flags));
        request.WriteStruct(new rtmsg
        {
            rtm_family = (byte)LibC.AF_INET,
            rtm_dst_len = (byte)route.Destination.Length,
            rtm_table = Native.RT_TABLE_MAIN,
            rtm_protocol = type == Native.RTM_DELROUTE ? (byte)0 : route.Protocol,
            rtm_scope = scope,
            rtm_type = route.IsBlackhole ? Native.RTN_BLACKHOLE : Native.RTN_UNICAST,
            rtm_flags = route.IsOnLink ? Native.RTNH_F_ONLINK : 0,
        });
        request.WriteIpv4Attribute(Native.RTA_DST, route.Destination.Address);
        if (route.Gateway is { } gateway)
        {
            request.WriteIpv4Attribute(Native.RTA_GATEWAY, gateway);
        }

        if (route.InterfaceIndex is { } index)
        {
            request.WriteAttribute(Native.RTA_OIF, (uint)index);
        }

        if (route.Metric != 0)
        {
            request.WriteAttribute(Native.RTA_PRIORITY, route.Metric);
        }

        return _socket.Execute(request.Finish());
    }

    private string Describe(Ipv4Route route) =>
        route.InterfaceIndex is { } index ? $"{route} dev {NameOf(index)}" : route.ToString();
}
