using System.Collections.Generic;
using System.Linq;
using Overlay.Daemon.Logging;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Daemon.Backends.HostGw;

/// <summary>What has to be done to a table of routes.</summary>
/// <param name="Set">Made, or put in the place of the one to the same destination that Before has.</param>
/// <param name="Removed">Taken away.</param>
internal sealed record RouteChanges(IReadOnlyList<RouteChange> Set, IReadOnlyList<Ipv4Route> Removed)
{
    /// <summary>Whether everything is as it should be.</summary>
    internal bool IsEmpty => Set.Count + Removed.Count == 0;
}

/// <summary>A route to be made.</summary>
/// <param name="Route">As it should be.</param>
/// <param name="Before">What leads to its destination now; null for nothing.</param>
internal readonly record struct RouteChange(Ipv4Route Route, Ipv4Route? Before);

/// <summary>Which routes a host's kernel should have to its peers' subnets. Pure.</summary>
internal static class GatewayRoutes
{
    /// <summary>
    /// What our routes bear as their origin (rtm_protocol), so that a later start knows them: stock's have "boot", as
    /// everything has that an administrator adds. Stock compares neither, and so keeps and removes ours like its own.
    /// A number that /etc/iproute2/rt_protos gives to nobody.
    /// </summary>
    internal const byte Mark = 111;

    private const byte KernelsOwn = 2; // RTPROT_KERNEL: goes and comes with an address

    /// <summary>A peer's subnet by way of the peer.</summary>
    internal static Ipv4Route Of(Ipv4Prefix subnet, Ipv4Address peer, int interfaceIndex) =>
        new(subnet, peer, interfaceIndex, Metric: 0) { Protocol = Mark };

    /// <summary>
    /// Whether a peer's subnet is the link's own or a part of it: its route would take the peers' own addresses, which
    /// are the gateways, from the link.
    /// </summary>
    internal static bool IsOfLink(Ipv4Prefix subnet, Ipv4Prefix link) =>
        link.Contains(subnet);

    /// <summary>Compares what is with what should be.</summary>
    /// <param name="table">The kernel's main table.</param>
    /// <param name="wanted">Made by <see cref="Of"/>: one for each destination.</param>
    /// <param name="former">What was wanted before and is no longer; also made by <see cref="Of"/>.</param>
    /// <param name="network">The whole overlay network: outside of it nothing is touched.</param>
    /// <remarks>
    /// As stock (pkg/backend/route_network.go): an equal route is kept, whoever made it; one to the same destination
    /// that leads elsewhere is replaced, whoever made it; one that was wanted is removed. Beyond stock, a route with
    /// our mark that nobody wants is removed: a peer's that has gone while no daemon ran.
    /// </remarks>
    internal static RouteChanges Compare(
        IReadOnlyList<Ipv4Route> table, IReadOnlyCollection<Ipv4Route> wanted, IReadOnlyCollection<Ipv4Route> former,
        Ipv4Prefix network)
    {
        // Of several to one destination the lowest metric is the one that counts.
        ILookup<Ipv4Prefix, Ipv4Route> present = table.OrderBy(route => route.Metric)
            .ToLookup(route => route.Destination);
        RouteChange[] set =
        [
            .. wanted.Where(route => IsInside(route, network))
                .Select(route => new RouteChange(route, present[route.Destination].FirstOrDefault()))
                .Where(change => !LeadsTheSameWay(change.Before, change.Route)),
        ];
        HashSet<Ipv4Prefix> destinations = [.. wanted.Select(route => route.Destination)];
        Ipv4Route[] removed =
        [
            .. table.Where(route => IsInside(route, network) && !destinations.Contains(route.Destination)
                && (CanBeOurs(route)
                    || (route.Protocol != KernelsOwn && former.Any(one => LeadsTheSameWay(route, one))))),
        ];
        return new RouteChanges(set, removed);
    }

    /// <summary>For a line of the log.</summary>
    internal static string Name(IEnumerable<Ipv4Route> routes) =>
        NameList.Shorten([.. routes.Select(route => route.ToString())]);

    private static bool IsInside(Ipv4Route route, Ipv4Prefix network) =>
        network.Contains(route.Destination) && route.Destination.Length > network.Length;

    // Whoever else gives a route our number may make it of several ways, of none, or without a gateway.
    private static bool CanBeOurs(Ipv4Route route) =>
        route is { Protocol: Mark, Gateway: not null, InterfaceIndex: not null };

    private static bool LeadsTheSameWay(Ipv4Route? found, Ipv4Route route) =>
        found is not null && found.Destination == route.Destination && found.Gateway == route.Gateway
            && found.InterfaceIndex == route.InterfaceIndex;
}
