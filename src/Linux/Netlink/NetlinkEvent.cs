using System;
using Overlay.Linux.Interop;
using Overlay.Net;

namespace Overlay.Linux.Netlink;

/// <summary>What a <see cref="NetlinkListener"/> is told about (rtnetlink(7), multicast groups).</summary>
[Flags]
public enum NetlinkTopics
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>Links: made, changed, deleted (RTNLGRP_LINK).</summary>
    Links = Native.RTMGRP_LINK,
    /// <summary>Neighbours, and forwarding entries of bridges and VXLANs (RTNLGRP_NEIGH).</summary>
    Neighbours = Native.RTMGRP_NEIGH,
    /// <summary>IPv4 addresses (RTNLGRP_IPV4_IFADDR).</summary>
    Addresses = Native.RTMGRP_IPV4_IFADDR,
    /// <summary>
    /// IPv4 routes of every table (RTNLGRP_IPV4_ROUTE). Those that go with their interface, because it is deleted or
    /// taken down, are not told (net/ipv4/fib_trie.c, fib_table_flush): listen to links as well.
    /// </summary>
    Routes = Native.RTMGRP_IPV4_ROUTE,
}

/// <summary>What an event is about.</summary>
public enum NetlinkSubject
{
    /// <summary>Events were lost, because more came than the socket holds: look at everything again.</summary>
    Lost,
    /// <summary>A link.</summary>
    Link,
    /// <summary>A neighbour or a forwarding entry.</summary>
    Neighbour,
    /// <summary>An IPv4 address.</summary>
    Address,
    /// <summary>An IPv4 route of the main table.</summary>
    Route,
    /// <summary>nftables' rules: one event for each transaction.</summary>
    Ruleset,
}

/// <summary>One change that the kernel has told of.</summary>
/// <param name="Subject">What has changed.</param>
/// <param name="IsRemoval">Whether it is gone; otherwise it is new, or another than before.</param>
/// <param name="InterfaceIndex">The interface concerned; 0 for none or several, and for lost events.</param>
/// <param name="Destination">A route's; of an address itself; otherwise 0.0.0.0/0.</param>
/// <param name="Port">
/// Of the netlink socket that asked for the change (<see cref="RouteNetlink.Port"/>); 0 when the kernel made it by
/// itself or does not say.
/// </param>
public readonly record struct NetlinkEvent(
    NetlinkSubject Subject, bool IsRemoval, int InterfaceIndex, Ipv4Prefix Destination, uint Port);
