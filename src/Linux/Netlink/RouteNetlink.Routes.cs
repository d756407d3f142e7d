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
    public void AddRoute(Ipv4Prefix destination, int interfaceIndex)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(interfaceIndex);
        CheckPrefixLength(destination.Length);

        var request = new NetlinkMessageWriter(
            stackalloc byte[RequestBytes],
            Native.RTM_NEWROUTE,
            Native.NLM_F_ACK | Native.NLM_F_CREATE | Native.NLM_F_EXCL);
        request.WriteStruct(new rtmsg
        {
            rtm_family = (byte)LibC.AF_INET,
            rtm_dst_len = (byte)destination.Length,
            rtm_table = Native.RT_TABLE_MAIN,
            rtm_protocol = Native.RTPROT_BOOT,
            rtm_scope = Native.RT_SCOPE_UNIVERSE,
            rtm_type = Native.RTN_UNICAST,
        });
        request.WriteIpv4Attribute(Native.RTA_DST, destination.Address);
        request.WriteAttribute(Native.RTA_OIF, (uint)interfaceIndex);

        NetlinkAnswer answer = _socket.Execute(request.Finish());
        if (answer.Errno != Errno.None)
        {
            string route = $"{destination} dev {NameOf(interfaceIndex)}";
            throw NetlinkRefusal.Of("RTM_NEWROUTE", answer, $"could not add route {route}");
        }
    }
}
