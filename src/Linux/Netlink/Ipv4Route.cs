using System.Collections.Generic;
using Overlay.Linux.Interop;
using Overlay.Net;

namespace Overlay.Linux.Netlink;

/// <summary>An IPv4 route of the main table.</summary>
/// <param name="Destination">0.0.0.0/0 is the default route.</param>
/// <param name="Gateway">Null when the destination is on the link, and for a multipath or IPv6 gateway.</param>
/// <param name="InterfaceIndex">
/// Where packets leave. Null when that is not one interface: a multipath route, or one that refuses (blackhole,
/// unreachable, prohibit).
/// </param>
/// <param name="Metric">Of two routes to one destination the lower wins; 0 unless set.</param>
public sealed record Ipv4Route(Ipv4Prefix Destination, Ipv4Address? Gateway, int? InterfaceIndex, uint Metric)
{
    /// <summary>The ways of a multipath route; of any other none.</summary>
    public IReadOnlyList<NextHop> Hops { get; init; } = [];

    /// <summary>
    /// Whether the gateway counts as a neighbour on the link although no address of the link says so (RTNH_F_ONLINK,
    /// linux/rtnetlink.h).
    /// </summary>
    public bool IsOnLink { get; init; }

    /// <summary>Whether packets to the destination are dropped (RTN_BLACKHOLE).</summary>
    public bool IsBlackhole { get; init; }

    /// <summary>
    /// Who made it (RTPROT_*, linux/rtnetlink.h): 2 the kernel, 3 ip-route(8) when it is not told otherwise, and stock
    /// flannel; 4 an administrator; others by agreement (/etc/iproute2/rt_protos).
    /// </summary>
    public byte Protocol { get; init; } = Native.RTPROT_BOOT;

    /// <summary>As ip-route(8) writes it: <c>10.244.3.0/24 via 10.244.3.0 onlink</c>.</summary>
    public override string ToString() =>
        (IsBlackhole ? "blackhole " : "") + Destination + (Gateway is { } gateway ? $" via {gateway}" : "")
            + (IsOnLink ? " onlink" : "");
}

/// <summary>One way of a multipath route.</summary>
/// <param name="InterfaceIndex">Where packets leave.</param>
/// <param name="Gateway">Null when the destination is on the link, and for an IPv6 gateway.</param>
public readonly record struct NextHop(int InterfaceIndex, Ipv4Address? Gateway);
