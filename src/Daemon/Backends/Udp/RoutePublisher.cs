using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Logging;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Net;
using Overlay.Router.Routes;

namespace Overlay.Daemon.Backends.Udp;

/// <summary>Turns leases into routes: the one place where the two meet. Any thread may call it.</summary>
/// <param name="publish">Where the forwarder reads.</param>
/// <param name="network">The whole overlay network.</param>
/// <param name="isThroughTunnel">Whether datagrams to a peer would come out of the tunnel again; null when that cannot
/// be told now. Such a peer gets no route. Only the network's route leads there, so it is asked for peers inside the
/// network alone.</param>
/// <param name="log">Gets a line for each change of who is left out.</param>
internal sealed class RoutePublisher(
    Action<RouteTable> publish, Ipv4Prefix network, Func<Ipv4Address, bool?> isThroughTunnel, ILogger log)
{
    private readonly Lock _publishing = new();

    /// <summary>Gets the trouble that is seen.</summary>
    internal required HealthBoard Health { get; init; }

    private Ipv4Prefix _own;
    private Ipv4Prefix[] _further = [];
    private Route[] _routes = [];
    private Dictionary<Ipv4Address, bool> _isLeftOut = []; // of the peers inside the network, as the kernel last said

    /// <summary>Puts a table of these leases in force; the forwarder sees it with its next batch.</summary>
    internal void Publish(LeaseView leases)
    {
        lock (_publishing)
        {
            _own = leases.OwnSubnet;
            _further = [.. leases.FurtherOwn.Select(lease => lease.Subnet)];
            _routes = [.. leases.Leases.Select(lease => new Route(lease.Subnet, lease.PublicIp))];
            PublishWith(LookUp(isAnew: false));
        }
    }

    /// <summary>Asks anew which way the peers are, and puts another table in force where it matters.</summary>
    internal void Refresh()
    {
        lock (_publishing)
        {
            Dictionary<Ipv4Address, bool> now = LookUp(isAnew: true);
            if (now.Any(peer => _isLeftOut.GetValueOrDefault(peer.Key) != peer.Value))
            {
                PublishWith(now);
            }
        }
    }

    private Dictionary<Ipv4Address, bool> LookUp(bool isAnew)
    {
        Dictionary<Ipv4Address, bool> found = [];
        foreach (Route route in _routes)
        {
            Ipv4Address peer = route.NextHop;
            if (network.Contains(peer) && !found.ContainsKey(peer))
            {
                bool isKnown = _isLeftOut.TryGetValue(peer, out bool before);
                found.Add(peer, isKnown && !isAnew ? before : isThroughTunnel(peer) ?? before);
            }
        }

        return found;
    }

    private void PublishWith(Dictionary<Ipv4Address, bool> isLeftOut)
    {
        publish(RouteTable.Build(
            network, _own, _routes.Where(route => !isLeftOut.GetValueOrDefault(route.NextHop)), _further));
        string[] begun = Named(
            peer => isLeftOut.GetValueOrDefault(peer) && !_isLeftOut.GetValueOrDefault(peer));
        string[] ended = Named(
            peer => !isLeftOut.GetValueOrDefault(peer) && _isLeftOut.GetValueOrDefault(peer));
        _isLeftOut = isLeftOut;
        foreach ((Ipv4Address peer, bool isOut) in isLeftOut)
        {
            Health.Set(
                HealthCodes.PeerThroughTunnel, peer.ToString(),
                isOut ? $"this host routes datagrams to {peer} into the tunnel itself" : null,
                $"give {peer} a more specific route than {network}, or choose another Network");
        }

        Health.ClearExcept(HealthCodes.PeerThroughTunnel, [.. isLeftOut.Keys.Select(peer => peer.ToString())]);
        if (begun.Length > 0)
        {
            Log.PeersLoop(log, NameList.Shorten(begun), network.ToString());
        }

        if (ended.Length > 0)
        {
            Log.PeersLoopNoLonger(log, NameList.Shorten(ended));
        }
    }

    private string[] Named(Func<Ipv4Address, bool> which) =>
        [.. _routes.Where(route => which(route.NextHop)).Select(route => $"{route.Destination} via {route.NextHop}")];
}
