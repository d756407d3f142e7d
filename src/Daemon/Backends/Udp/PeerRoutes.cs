using System;
using System.Collections.Generic;
using System.IO;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Router.Packets;

namespace Overlay.Daemon.Backends.Udp;

/// <summary>Which way the kernel sends the datagrams to peers. One asks at a time.</summary>
internal sealed class PeerRoutes : IDisposable
{
    private readonly RouteLookup _routes;
    private readonly RouteNetlink _links;
    private readonly TunnelEndpoint _source;
    private readonly int _tunnel;

    private PeerRoutes(RouteLookup routes, RouteNetlink links, TunnelEndpoint source, int tunnel)
    {
        _routes = routes;
        _links = links;
        _source = source;
        _tunnel = tunnel;
    }

    /// <summary>Gets ready to ask.</summary>
    /// <param name="links">
    /// Of this thread's network namespace; borrowed. It takes one conversation at a time: whoever else uses it does not
    /// while an MTU is asked for here.
    /// </param>
    /// <param name="source">The datagrams' source, and both their ports.</param>
    /// <param name="tunnel">The tunnel's interface index.</param>
    /// <exception cref="LinuxException">No netlink socket can be had.</exception>
    internal static PeerRoutes Open(RouteNetlink links, TunnelEndpoint source, int tunnel) =>
        new(RouteLookup.Open(), links, source, tunnel);

    /// <summary>Whether datagrams to a peer would come out of the tunnel again.</summary>
    /// <returns>Null when the kernel has no way to it now, or does not answer.</returns>
    internal bool? IsThroughTunnel(Ipv4Address peer) => Find(peer) is { } way ? way.InterfaceIndex == _tunnel : null;

    /// <summary>The peer whose way takes the least: the route's own MTU, and that of the interface.</summary>
    /// <returns>
    /// The peer and the MTU in bytes; null when the kernel has no way to any, or none but the tunnel.
    /// </returns>
    internal (Ipv4Address Peer, int Mtu)? FindSmallestMtu(IEnumerable<Ipv4Address> peers)
    {
        Dictionary<int, int> ofLinks = [];
        (Ipv4Address Peer, int Mtu)? smallest = null;
        foreach (Ipv4Address peer in peers)
        {
            if (Find(peer) is not { } way || way.InterfaceIndex == _tunnel)
            {
                continue;
            }

            int mtu = FindMtu(peer, way, ofLinks);
            if (mtu < (smallest?.Mtu ?? int.MaxValue))
            {
                smallest = (peer, mtu);
            }
        }

        return smallest;
    }

    /// <summary>The MTUs of the ways to peers: the route's own, and that of the interface.</summary>
    /// <param name="peers">The outer addresses.</param>
    /// <param name="interfaceIndex">The interface that the ways have to lead by.</param>
    /// <returns>In bytes; null when the kernel has no way to it, or one by another interface.</returns>
    internal IEnumerable<(Ipv4Address Peer, int? Mtu)> FindMtus(IEnumerable<Ipv4Address> peers, int interfaceIndex)
    {
        Dictionary<int, int> ofLinks = [];
        foreach (Ipv4Address peer in peers)
        {
            yield return (peer, Find(peer) is { } way && way.InterfaceIndex == interfaceIndex
                ? FindMtu(peer, way, ofLinks) : null);
        }
    }

    public void Dispose() => _routes.Dispose();

    private RoutedTo? Find(Ipv4Address peer) => Ask(() => _routes.Find(peer, _source.Address, _source.Port));

    private int FindMtu(Ipv4Address peer, RoutedTo way, Dictionary<int, int> ofLinks)
    {
        if (!ofLinks.TryGetValue(way.InterfaceIndex, out int ofLink))
        {
            ofLink = Ask(() => _links.FindLink(way.InterfaceIndex))?.Mtu ?? int.MaxValue;
            ofLinks.Add(way.InterfaceIndex, ofLink);
        }

        RouteMatch? match = Ask(() => _routes.FindMatch(peer, _source.Address, _source.Port));
        return Math.Min(ofLink, match?.Mtu ?? int.MaxValue);
    }

    // An answer that cannot be had is as none: what depends on it is asked again.
    private static T? Ask<T>(Func<T?> ask)
        where T : class
    {
        try
        {
            return ask();
        }
        catch (Exception problem) when (problem is LinuxException or InvalidDataException)
        {
            return null;
        }
    }
}
