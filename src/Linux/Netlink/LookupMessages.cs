using Overlay.Linux.Interop;
using Overlay.Net;

namespace Overlay.Linux.Netlink;

/// <summary>Makes answers to look-ups, and rules, of rtnetlink messages.</summary>
/// <inheritdoc cref="RouteMessages"/>
internal static class LookupMessages
{
    /// <summary>
    /// Reads the answer to a look-up; null for another message, and for a route without an interface.
    /// </summary>
    internal static RoutedTo? ParseRoutedTo(NetlinkMessage message)
    {
        if (message.Header.nlmsg_type != Native.RTM_NEWROUTE)
        {
            return null;
        }

        _ = message.Read<rtmsg>(out NetlinkAttributeReader attributes);
        Ipv4Address? gateway = null;
        Ipv4Address? source = null;
        int? interfaceIndex = null;
        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            switch (attribute.Type)
            {
                case Native.RTA_OIF:
                    interfaceIndex = (int)attribute.AsUInt32();
                    break;
                case Native.RTA_GATEWAY:
                    gateway = attribute.AsIpv4();
                    break;
                case Native.RTA_PREFSRC:
                    source = attribute.AsIpv4();
                    break;
            }
        }

        return interfaceIndex is int index ? new RoutedTo(index, gateway, source) : null;
    }

    /// <summary>Reads the route that a look-up has found; null for another message.</summary>
    internal static RouteMatch? ParseMatch(NetlinkMessage message)
    {
        if (message.Header.nlmsg_type != Native.RTM_NEWROUTE)
        {
            return null;
        }

        rtmsg family = message.Read<rtmsg>(out NetlinkAttributeReader attributes);
        Ipv4Address destination = default;
        uint table = family.rtm_table;
        int? mtu = null;
        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            switch (attribute.Type)
            {
                case Native.RTA_DST:
                    destination = attribute.AsIpv4();
                    break;
                case Native.RTA_TABLE:
                    table = attribute.AsUInt32();
                    break;
                case Native.RTA_METRICS:
                    mtu = ParseMtu(attribute.AsNested());
                    break;
            }
        }

        int length = RouteMessages.CheckedPrefixLength(family.rtm_dst_len);
        return new RouteMatch(new Ipv4Prefix(destination, length), table, mtu);
    }

    /// <summary>Reads RTM_NEWRULE; null for another type. Its header is laid out as a route's.</summary>
    internal static RoutingRule? ParseRule(NetlinkMessage message)
    {
        if (message.Header.nlmsg_type != Native.RTM_NEWRULE)
        {
            return null;
        }

        rtmsg family = message.Read<rtmsg>(out NetlinkAttributeReader attributes);
        uint priority = 0; // the kernel leaves it out of the first rule
        uint table = family.rtm_table;
        bool isForAll = family.rtm_src_len == 0 && family.rtm_dst_len == 0 && family.rtm_tos == 0
            && (family.rtm_flags & Native.FIB_RULE_INVERT) == 0;
        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            switch (attribute.Type)
            {
                case Native.FRA_PRIORITY:
                    priority = attribute.AsUInt32();
                    break;
                case Native.FRA_TABLE:
                    table = attribute.AsUInt32();
                    break;
                case Native.FRA_SUPPRESS_IFGROUP or Native.FRA_SUPPRESS_PREFIXLEN or Native.FRA_PROTOCOL:
                    break; // of the route found, and of who made the rule
                default:
                    isForAll = false; // a mark, an interface, a port, or what later kernels select by
                    break;
            }
        }

        return new RoutingRule(priority, table, isForAll);
    }

    private static int? ParseMtu(NetlinkAttributeReader metrics)
    {
        int? mtu = null;
        while (metrics.TryRead(out NetlinkAttribute metric))
        {
            if (metric.Type == Native.RTAX_MTU)
            {
                mtu = (int)metric.AsUInt32();
            }
        }

        return mtu;
    }
}
