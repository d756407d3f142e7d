using System;
using System.Collections.Generic;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Daemon.Host;

/// <summary>What the kernel says of this host's network at one moment.</summary>
/// <param name="Links">Every interface, by index.</param>
/// <param name="Addresses">Every IPv4 address, in kernel order.</param>
/// <param name="Routes">The main table, in kernel order.</param>
/// <param name="FindRoute">Which way the kernel sends packets to an address; null for none.</param>
internal sealed record HostNetwork(
    IReadOnlyList<Link> Links,
    IReadOnlyList<InterfaceAddress> Addresses,
    IReadOnlyList<Ipv4Route> Routes,
    Func<Ipv4Address, RoutedTo?> FindRoute)
{
    /// <summary>Asks the kernel.</summary>
    internal static HostNetwork Read(RouteNetlink netlink) => new(
        netlink.GetLinks(), netlink.GetAddresses(), netlink.GetRoutes(), destination =>
        {
            using var routes = RouteLookup.Open();
            return routes.Find(destination);
        });
}
