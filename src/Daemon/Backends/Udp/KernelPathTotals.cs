using System.Collections.Generic;
using System.Linq;
using Overlay.Control;
using Overlay.KernelPath;
using Overlay.Net;
using Overlay.Router.Routes;

namespace Overlay.Daemon.Backends.Udp;

/// <summary>What the kernel path has forwarded, of all that was opened one after the other. One thread at a
/// time.</summary>
internal sealed class KernelPathTotals
{
    private KernelCounters _before;
    private Dictionary<Ipv4Address, KernelCounters> _peersBefore = [];

    /// <summary>Takes over what was counted by one that is about to be closed.</summary>
    internal void Keep(KernelForwarding open, RouteTable routes)
    {
        _before += open.ReadTotals();
        _peersBefore = ReadPeers(open, routes);
    }

    /// <summary>A peer that goes keeps nothing: one that comes back begins anew.</summary>
    internal void Forget(RouteTable routes)
    {
        foreach (Ipv4Address peer in _peersBefore.Keys.Where(peer => !routes.IsPeer(peer)).ToList())
        {
            _peersBefore.Remove(peer);
        }
    }

    /// <summary>All of it.</summary>
    /// <param name="state">In words.</param>
    /// <param name="open">The one that is open; null for none.</param>
    /// <param name="routes">The table in force.</param>
    internal KernelPathReport Report(string state, KernelForwarding? open, RouteTable routes)
    {
        KernelCounters totals = _before + (open?.ReadTotals() ?? default);
        return new KernelPathReport(
            state, totals.OutboundPackets, totals.OutboundBytes, totals.InboundPackets, totals.InboundBytes,
            totals.OutboundDrops, totals.InboundDrops, [.. ReadPeers(open, routes).Values.Select(peer =>
                new KernelPeerReport(
                    peer.Peer.ToString(), peer.IsReached, peer.OutboundPackets, peer.OutboundBytes,
                    peer.InboundPackets, peer.InboundBytes))]);
    }

    private Dictionary<Ipv4Address, KernelCounters> ReadPeers(KernelForwarding? open, RouteTable routes)
    {
        var peers = _peersBefore.Where(peer => routes.IsPeer(peer.Key)).ToDictionary(
            peer => peer.Key, peer => peer.Value with { IsReached = false });
        foreach (KernelCounters now in open?.ReadPeers() ?? [])
        {
            peers[now.Peer] = now + peers.GetValueOrDefault(now.Peer);
        }

        return peers;
    }
}
