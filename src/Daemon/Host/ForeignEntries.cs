using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Health;
using Overlay.Health;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Daemon.Host;

/// <summary>
/// Looks for what other programs have put beside the tunnel: routes that take packets of the overlay elsewhere, as the
/// backend used before leaves them, and addresses and a default route of the tunnel's interface itself, as network
/// managers give to every interface they see.
/// </summary>
/// <param name="network">The overlay network.</param>
/// <param name="tunnel">The interface that pods' packets leave by; null where that is the underlay's (host-gw).</param>
/// <param name="health">Gets what is found.</param>
internal sealed class ForeignEntries(Ipv4Prefix network, string? tunnel, HealthBoard health)
{
    /// <summary>Has it looked at whenever the kernel tells of a route inside the network, or of an address.</summary>
    /// <exception cref="LinuxException">The kernel refused the socket.</exception>
    internal KernelWatch Watch(Action look, ILogger log, WorkTurns turns) => KernelWatch.Open(
        NetlinkTopics.Routes | NetlinkTopics.Addresses,
        change => change.Subject != NetlinkSubject.Route || network.Contains(change.Destination.Address)
            || change.Destination.Length == 0,
        look,
        log,
        health,
        turns);

    /// <summary>Looks once, in the namespace of the calling thread.</summary>
    /// <param name="own">This host's subnet.</param>
    /// <param name="isRight">Whether a route with a gateway is as the backend would have it.</param>
    internal void Look(Ipv4Prefix own, Predicate<Ipv4Route> isRight)
    {
        try
        {
            using var netlink = RouteNetlink.Open();
            int index = tunnel is not null && netlink.FindLink(tunnel) is { } link ? link.Index : 0;
            IReadOnlyList<Ipv4Route> routes = netlink.GetRoutes();
            LookAround(netlink, routes.Where(route => route.InterfaceIndex != index && !isRight(route)), own);
            LookAt(netlink, routes, index, own);
        }
        catch (Exception problem) when (problem is LinuxException or InvalidDataException)
        {
            // What the kernel does not tell now it tells the next time.
        }
    }

    // A longer prefix wins (RFC 1812, 5.2.4.3). Bridges of pods have routes without a gateway, and those that refuse
    // (blackhole, unreachable, prohibit) have no interface.
    private void LookAround(RouteNetlink netlink, IEnumerable<Ipv4Route> routes, Ipv4Prefix own)
    {
        Ipv4Route[] around =
        [
            .. routes.Where(route => (route.Gateway is not null || route.InterfaceIndex is null)
                && route.Destination.Length > network.Length
                && network.Contains(route.Destination.Address)
                && !own.Contains(route.Destination.Address)),
        ];
        health.ClearExcept(HealthCodes.RouteAroundTunnel, [.. around.Select(route => $"{route.Destination}")]);
        foreach (Ipv4Route route in around)
        {
            string way = route.Gateway is { } gateway
                ? $" via {gateway} dev {NameOf(netlink, route.InterfaceIndex)}"
                : "";
            health.Raise(
                HealthCodes.RouteAroundTunnel, $"{route.Destination}",
                way.Length > 0
                    ? $"the route {route.Destination}{way} takes its packets past the tunnel"
                    : $"a route to {route.Destination} that another program made takes its packets",
                $"ip route del {route.Destination}{way}");
        }
    }

    private void LookAt(RouteNetlink netlink, IReadOnlyList<Ipv4Route> routes, int index, Ipv4Prefix own)
    {
        string[] found = index == 0 ? [] :
        [
            .. netlink.GetAddresses()
                .Where(address => address.InterfaceIndex == index && address.Local.Address != own.Address)
                .Select(address => $"the address {address.Local}"),
            .. routes.Where(route => route.InterfaceIndex == index && route.Destination.Length == 0)
                .Select(_ => "a default route"),
        ];
        health.Set(
            HealthCodes.TunnelManaged, tunnel ?? "",
            found.Length == 0 ? null : $"{tunnel} has {string.Join(", ", found)}, which another program gave it");
    }

    private static string NameOf(RouteNetlink netlink, int? index) =>
        index is { } known && netlink.FindLink(known) is { } link ? link.Name : $"{index}";
}
