using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;
using Overlay.Linux.Netlink;

namespace Overlay.Doctor.Checks.Routes;

/// <summary>
/// R5, R6: routes that take packets of the overlay elsewhere, as the backend used before leaves them. A longer prefix
/// wins (RFC 1812, 5.2.4.3).
/// </summary>
/// <param name="isRight">Whether a route with a gateway is as the backend would have it; null where the doctor has to
/// tell by the leases.</param>
internal sealed class RouteAroundCheck(Predicate<Ipv4Route>? isRight = null) : ICheck
{
    private static readonly Row s_vxlan = new(
        "R5", HealthCodes.RouteAroundTunnel.Name, HealthSeverity.Error,
        "packets for a peer's pods go to a vxlan interface that the backend used before has left",
        "docs/cli.md, overlay cleanup");

    private static readonly Row s_gateway = new(
        "R6", HealthCodes.RouteAroundTunnel.Name, HealthSeverity.Error,
        "packets for a peer's pods go where another program's route leads, as host-gw leaves them",
        "docs/cli.md, overlay cleanup");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_vxlan, s_gateway];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        if (host.Overlay is not { Network: { } network, Subnet: { } own })
        {
            return [];
        }

        int? tunnel = host.Overlay.Tunnel is { } name ? host.Network.Find(name)?.Index : null;
        Predicate<Ipv4Route> right = isRight ?? (route => IsOfBackend(host, route));

        // Bridges of pods have routes without a gateway, and those that refuse (blackhole, unreachable, prohibit) have
        // no interface.
        return
            from route in host.Network.Routes
            where (tunnel is null || route.InterfaceIndex != tunnel) && !right(route)
                && (route.Gateway is not null || route.InterfaceIndex is null)
                && route.Destination.Length > network.Length && network.Contains(route.Destination.Address)
                && !own.Contains(route.Destination.Address)
            select Found(host, route);
    }

    private static Finding Found(HostFacts host, Ipv4Route route)
    {
        string device = route.InterfaceIndex is { } index ? host.Network.NameOf(index) : "";
        string way = route.Gateway is { } gateway ? $" via {gateway} dev {device}" : "";
        return new Finding(
            host.Network.Find(device)?.Kind == "vxlan" ? s_vxlan : s_gateway, $"{route.Destination}",
            way.Length > 0
                ? $"the route {route.Destination}{way} takes its packets past the tunnel"
                : $"a route to {route.Destination} that another program made takes its packets",
            $"ip route del {route.Destination}{way}")
        {
            IsCommand = true,
        };
    }

    // host-gw, and vxlan between hosts of one link, have a route of a peer's subnet by the peer itself.
    private static bool IsOfBackend(HostFacts host, Ipv4Route route) =>
        host.Network.Find(host.Overlay.Tunnel ?? "") is not { Kind: "tun" }
        && host.Peers.Any(peer => peer.Subnet == route.Destination && peer.PublicIp == route.Gateway);
}
