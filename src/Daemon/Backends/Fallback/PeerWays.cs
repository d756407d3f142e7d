using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Overlay.Lease;
using Overlay.Net;

namespace Overlay.Daemon.Backends.Fallback;

/// <summary>A question to be sent.</summary>
/// <param name="Way">By which device.</param>
/// <param name="To">The address of the peer's tunnel devices.</param>
/// <param name="Message">The question.</param>
internal readonly record struct OutgoingProbe(Way Way, Ipv4Address To, ProbeMessage Message);

/// <summary>A peer whose packets go another way than before.</summary>
/// <param name="Host">Its public IP.</param>
/// <param name="Way">The way they go now.</param>
/// <param name="Cause">Why not by VXLAN; null when by it.</param>
internal sealed record WayChange(Ipv4Address Host, Way Way, string? Cause);

/// <summary>
/// By what packets to each host go that has the fall-back: questions out, answers in. A host is one whatever the number
/// of its leases. Any thread may call.
/// </summary>
/// <param name="nextNonce">Gives numbers that nobody can guess.</param>
internal sealed class PeerWays(Func<ulong> nextNonce)
{
    private readonly Lock _changing = new();

    private Dictionary<Ipv4Address, Peer> _peers = [];
    private Dictionary<Ipv4Address, Peer> _byTunnelAddress = [];

    /// <summary>From now on these are the peers; what is known of one that stays is kept.</summary>
    /// <param name="leases">The other hosts', of those that have the fall-back.</param>
    internal void Take(IEnumerable<SubnetLease> leases)
    {
        lock (_changing)
        {
            Dictionary<Ipv4Address, Peer> peers = [];
            Dictionary<Ipv4Address, Peer> byTunnelAddress = [];
            foreach (IGrouping<Ipv4Address, SubnetLease> host in leases.GroupBy(lease => lease.PublicIp))
            {
                Ipv4Address[] addresses = [.. host.Select(lease => lease.Subnet.Address)];
                var peer = new Peer(_peers.GetValueOrDefault(host.Key)?.State ?? new PeerWay(), addresses);
                peers.Add(host.Key, peer);
                foreach (Ipv4Address address in addresses)
                {
                    byTunnelAddress[address] = peer;
                }
            }

            (_peers, _byTunnelAddress) = (peers, byTunnelAddress);
        }
    }

    /// <summary>Decides for every peer, before the next questions.</summary>
    /// <param name="hasDevice">Whether this host has the vxlan device, and it is up.</param>
    internal IReadOnlyList<WayChange> Judge(bool hasDevice)
    {
        lock (_changing)
        {
            List<WayChange> changes = [];
            foreach ((Ipv4Address host, Peer peer) in _peers)
            {
                if (peer.State.Judge(hasDevice))
                {
                    changes.Add(new WayChange(host, peer.State.Way, peer.State.Cause));
                }
            }

            return changes;
        }
    }

    /// <summary>The questions that are due now; a host with several leases is asked at each one's address.</summary>
    /// <param name="isDirect">Whether a host is routed to plainly: the vxlan device does not lead to it, and nothing is
    /// asked.</param>
    internal IReadOnlyList<OutgoingProbe> Ask(Func<Ipv4Address, bool> isDirect)
    {
        lock (_changing)
        {
            List<OutgoingProbe> probes = [];
            foreach ((Ipv4Address host, Peer peer) in _peers)
            {
                if (isDirect(host))
                {
                    continue;
                }

                bool asksByUdp = peer.State.AsksByUdp; // before there is a question that cannot be answered yet
                Ask(peer, Way.Vxlan, probes);
                if (asksByUdp)
                {
                    Ask(peer, Way.Udp, probes);
                }
            }

            return probes;
        }
    }

    /// <summary>Takes what has come in.</summary>
    /// <param name="way">By which device.</param>
    /// <param name="from">Its sender.</param>
    /// <param name="message">A question or an answer.</param>
    /// <returns>What is to be answered, by the same device; null for nothing.</returns>
    internal ProbeMessage? Take(Way way, Ipv4Address from, ProbeMessage message)
    {
        lock (_changing)
        {
            if (!_byTunnelAddress.TryGetValue(from, out Peer? peer))
            {
                return null;
            }

            if (message.IsAnswer)
            {
                peer.State.Answered(way, message.Nonce, message.VxlanWorks);
                return null;
            }

            peer.State.WasAsked(message.VxlanWorks);
            return new ProbeMessage(IsAnswer: true, peer.State.VxlanWorks, message.Nonce);
        }
    }

    /// <summary>By what packets to a host go now, and why not by VXLAN.</summary>
    /// <returns>Null for a host that has no fall-back.</returns>
    internal WayChange? Find(Ipv4Address host)
    {
        lock (_changing)
        {
            return _peers.TryGetValue(host, out Peer? peer)
                ? new WayChange(host, peer.State.Way, peer.State.Cause)
                : null;
        }
    }

    /// <summary>The hosts whose packets go by udp now.</summary>
    internal IReadOnlySet<Ipv4Address> OnUdp()
    {
        lock (_changing)
        {
            return _peers.Where(peer => peer.Value.State.Way == Way.Udp).Select(peer => peer.Key).ToHashSet();
        }
    }

    private void Ask(Peer peer, Way way, List<OutgoingProbe> probes)
    {
        ulong nonce = nextNonce();
        peer.State.Asked(way, nonce);
        var message = new ProbeMessage(IsAnswer: false, peer.State.VxlanWorks, nonce);
        foreach (Ipv4Address address in peer.TunnelAddresses)
        {
            probes.Add(new OutgoingProbe(way, address, message));
        }
    }

    private sealed record Peer(PeerWay State, Ipv4Address[] TunnelAddresses);
}
