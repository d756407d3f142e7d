using System;
using System.Collections.Generic;
using System.IO;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Daemon.Backends.Udp;

/// <summary>Which way the kernel sends the datagrams to peers. One asks at a time.</summary>
internal sealed class PeerRoutes : IDisposable
{
    private readonly RouteLookup _routes;
    private readonly RouteNetlink _links;
    private readonly Ipv4Prefix _network;
    private readonly Ipv4Address _source;
    private readonly int _tunnel;

    private PeerRoutes(RouteLookup routes, RouteNetlink links, Ipv4Prefix network, Ipv4Address source, int tunnel)
    {
        _routes = routes;
        _links = links;
        _network = network;
        _source = source;
        _tunnel = tunnel;
    }

    /// <summary>Gets ready to ask.</summary>
    /// <param name="links">Of this thread's network namespace; it is borrowed, and nobody else uses it
    /// meanwhile.</param>
    /// <param name="network">The whole overlay network.</param>
    /// <param name="source">The datagrams' source.</param>
    /// <param name="tunnel">The tunnel's interface index.</param>
    /// <exception cref="LinuxException">No netlink socket can be had.</exception>
    internal static PeerRoutes Open(RouteNetlink links, Ipv4Prefix network, Ipv4Address source, int tunnel) =>
        new(RouteLookup.Open(), links, network, source, tunnel);

    /// <summary>
    /// Whether datagrams to a peer would come out of the tunnel again. Only the network's route leads there, so a peer
    /// outside of it is not looked up.
    /// </summary>
    /// <returns>False, too, when the kernel does not answer.</returns>
    internal bool LeadIntoTunnel(Ipv4Address peer)
    {
        if (!_network.Contains(peer))
        {
            return false;
        }

        try
        {
            return _routes.Find(peer, _source)?.InterfaceIndex == _tunnel;
        }
        catch (Exception problem) when (problem is LinuxException or InvalidDataException)
        {
            return false;
        }
    }

    /// <summary>The smallest MTU of the ways to some peers: the route's own, and that of the interface.</summary>
    /// <returns>In bytes; null when the kernel has no way to any of them, or none but the tunnel.</returns>
    /// <exception cref="LinuxException">The kernel refused to answer.</exception>
    internal int? FindSmallestMtu(IEnumerable<Ipv4Address> peers)
    {
        Dictionary<int, int> ofLinks = [];
        int smallest = int.MaxValue;
        foreach (Ipv4Address peer in peers)
        {
            if (_routes.Find(peer, _source) is not { } way || way.InterfaceIndex == _tunnel)
            {
                continue;
            }

            if (!ofLinks.TryGetValue(way.InterfaceIndex, out int mtu))
            {
                mtu = _links.FindLink(way.InterfaceIndex)?.Mtu ?? int.MaxValue;
                ofLinks.Add(way.InterfaceIndex, mtu);
            }

            smallest = Math.Min(smallest, Math.Min(mtu, _routes.FindMatch(peer, _source)?.Mtu ?? int.MaxValue));
        }

        return smallest == int.MaxValue ? null : smallest;
    }

    public void Dispose() => _routes.Dispose();
}
