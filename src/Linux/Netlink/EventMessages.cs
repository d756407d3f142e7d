using Overlay.Linux.Interop;
using Tmds.Linux;

namespace Overlay.Linux.Netlink;

/// <summary>Makes events of the notifications of rtnetlink and nftables.</summary>
/// <inheritdoc cref="RouteMessages"/>
internal static class EventMessages
{
    // The last message of a transaction. Types of rtnetlink are below 256.
    private const ushort NewRuleset = (Native.NFNL_SUBSYS_NFTABLES << 8) | Native.NFT_MSG_NEWGEN;

    /// <summary>Reads a notification; null for another message, and for another table than the main one.</summary>
    internal static NetlinkEvent? Parse(NetlinkMessage message)
    {
        ushort type = message.Header.nlmsg_type;
        uint port = message.Header.nlmsg_pid;
        switch (type)
        {
            case Native.RTM_NEWLINK or Native.RTM_DELLINK:
                ifinfomsg link = message.Read<ifinfomsg>(out _);

                // A bridge tells of its ports in the same group, by messages of its own family.
                return link.ifi_family == LibC.AF_UNSPEC
                    ? new(NetlinkSubject.Link, type == Native.RTM_DELLINK, link.ifi_index, default, port)
                    : null;
            case Native.RTM_NEWNEIGH or Native.RTM_DELNEIGH:
                ndmsg neighbour = message.Read<ndmsg>(out _);
                return new(
                    NetlinkSubject.Neighbour, type == Native.RTM_DELNEIGH, neighbour.ndm_ifindex, default, port);
            case Native.RTM_NEWADDR or Native.RTM_DELADDR:
                return RouteMessages.ParseAnyAddress(message) is { } address
                    ? new(
                        NetlinkSubject.Address, type == Native.RTM_DELADDR, address.InterfaceIndex, address.Local,
                        port)
                    : null;
            case Native.RTM_NEWROUTE or Native.RTM_DELROUTE:
                return RouteMessages.ParseAnyMainRoute(message) is { } route
                    ? new(
                        NetlinkSubject.Route, type == Native.RTM_DELROUTE, route.InterfaceIndex ?? 0,
                        route.Destination, port)
                    : null;
            case NewRuleset:
                return new(NetlinkSubject.Ruleset, IsRemoval: false, 0, default, port);
            default:
                return null;
        }
    }
}
