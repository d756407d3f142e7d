using Overlay.Net;

namespace Overlay.Linux.Netlink;

/// <summary>Where the kernel sends a packet now (<c>ip route get</c>).</summary>
/// <param name="InterfaceIndex">The interface it leaves by; the loopback's for an address of this host.</param>
/// <param name="Gateway">Null when the destination is on the link, and for an IPv6 gateway.</param>
/// <param name="Source">The address it has as its source unless the sender chooses another; null where the kernel names
/// none.</param>
public sealed record RoutedTo(int InterfaceIndex, Ipv4Address? Gateway, Ipv4Address? Source);

/// <summary>The route that the kernel finds for a destination now (<c>ip route get fibmatch</c>).</summary>
/// <param name="Destination">What the route is for; 0.0.0.0/0 is the default route.</param>
/// <param name="Table">The table it stands in; see <see cref="RoutingTables"/>.</param>
/// <param name="Mtu">The route's own MTU in bytes (RTAX_MTU); null when it has none.</param>
public sealed record RouteMatch(Ipv4Prefix Destination, uint Table, int? Mtu);

/// <summary>A rule by which tables are asked, the lowest priority first (<c>ip rule</c>).</summary>
/// <param name="Priority">0 or more.</param>
/// <param name="Table">The table that is asked; 0 when the rule asks none.</param>
/// <param name="IsForAll">Whether it holds for every packet: it selects by nothing.</param>
public sealed record RoutingRule(uint Priority, uint Table, bool IsForAll);

/// <summary>Routing tables by their numbers (linux/rtnetlink.h, enum rt_class_t).</summary>
public static class RoutingTables
{
    /// <summary>Where routes go that name no table.</summary>
    public const uint Main = 254;

    /// <summary>The addresses of this host and of broadcasts.</summary>
    public const uint Local = 255;
}
