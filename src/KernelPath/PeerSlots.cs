using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using Overlay.KernelPath.Maps;
using Overlay.Net;
using Overlay.Router.Routes;

namespace Overlay.KernelPath;

/// <summary>What a peer takes of this host.</summary>
/// <param name="Address">Its public IP.</param>
/// <param name="InnerMtu">The longest packet whose datagram reaches it whole, in bytes.</param>
public readonly record struct KernelPeer(Ipv4Address Address, int InnerMtu);

/// <summary>Keeps the programs' maps as the route table is. One thread at a time.</summary>
/// <param name="maps">They are borrowed.</param>
internal sealed class PeerSlots(KernelMaps maps)
{
    private readonly Dictionary<Ipv4Address, PeerSlot> _peers = [];
    private readonly Dictionary<uint, RouteEntry> _routes = [];
    private readonly Stack<uint> _free = new(
        Enumerable.Range(1, maps.Slots - 1).Reverse().Select(slot => (uint)slot));

    private readonly ulong[] _retired = new ulong[SlotCounters.Numbers];

    /// <summary>Every peer that has a slot.</summary>
    internal IReadOnlyCollection<PeerSlot> Peers => _peers.Values;

    /// <summary>Peers for which there was no room; user space has them.</summary>
    internal int LeftOut { get; private set; }

    /// <summary>What has been counted for peers that are gone.</summary>
    internal ReadOnlySpan<ulong> Retired => _retired;

    /// <summary>Adds and changes what a table has.</summary>
    /// <param name="table">The one that is about to be in force.</param>
    /// <param name="peers">Those of its next hops that datagrams leave to by the programs' interface.</param>
    internal void Add(RouteTable table, IReadOnlyList<KernelPeer> peers)
    {
        LeftOut = 0;
        foreach (KernelPeer peer in peers)
        {
            if (_peers.TryGetValue(peer.Address, out PeerSlot? known))
            {
                known.RouteMtu = peer.InnerMtu;
                SetInnerMtu(known, Math.Min(known.InnerMtu, peer.InnerMtu));
            }
            else if (!TryAdd(peer))
            {
                LeftOut++;
            }
        }

        foreach ((uint part, RouteEntry entry) in Wanted(table))
        {
            if (_routes.GetValueOrDefault(part) != entry && maps.Routes.Set(part, entry).Succeeded)
            {
                _routes[part] = entry;
            }
        }
    }

    /// <summary>Removes what a table no longer has.</summary>
    /// <param name="table">The one in force.</param>
    /// <param name="peers">As in <see cref="Add"/>.</param>
    internal void RemoveOthers(RouteTable table, IReadOnlyList<KernelPeer> peers)
    {
        // The routes go first, those of the peers that go as well: their slots may be given to others.
        HashSet<Ipv4Address> stay = [.. peers.Select(peer => peer.Address)];
        PeerSlot[] gone = [.. _peers.Values.Where(peer => !stay.Contains(peer.Address))];
        Array.ForEach(gone, peer => _peers.Remove(peer.Address));
        Dictionary<uint, RouteEntry> wanted = Wanted(table);
        foreach (uint part in _routes.Keys.Where(part => !wanted.ContainsKey(part)).ToList())
        {
            _ = maps.Routes.Set(part, default(RouteEntry));
            _routes.Remove(part);
        }

        Array.ForEach(gone, Release);
    }

    /// <summary>Tells the programs how long packets to a peer may be.</summary>
    internal void SetInnerMtu(PeerSlot peer, int innerMtu)
    {
        if (peer.InnerMtu != innerMtu)
        {
            peer.InnerMtu = innerMtu;
            _ = maps.Peers.Set(peer.Slot, peer.Entry);
        }
    }

    /// <summary>What the programs have counted for a peer since it has its slot.</summary>
    internal ulong[] Counted(PeerSlot peer)
    {
        ulong[] counted = new ulong[SlotCounters.Numbers];
        if (maps.Counters.TrySum(peer.Slot, counted))
        {
            for (int i = 0; i < counted.Length; i++)
            {
                counted[i] -= peer.CountedBefore[i];
            }
        }

        return counted;
    }

    /// <summary>Forgets what the programs know of a peer: it has to answer again.</summary>
    internal void Forget(PeerSlot peer) => _ = maps.States.Set(peer.Slot, default(PeerState));

    private Dictionary<uint, RouteEntry> Wanted(RouteTable table) => maps.Index.EntriesOf(
        table,
        hop => _peers.TryGetValue(hop, out PeerSlot? peer) ? new RouteEntry(peer.Slot, peer.Entry.Address) : null);

    private bool TryAdd(KernelPeer peer)
    {
        if (!_free.TryPop(out uint slot))
        {
            return false;
        }

        Span<byte> nonce = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(nonce);
        ulong[] countedBefore = new ulong[SlotCounters.Numbers];
        _ = maps.Counters.TrySum(slot, countedBefore);
        var added = new PeerSlot(peer.Address, slot, BitConverter.ToUInt64(nonce), countedBefore)
        {
            InnerMtu = peer.InnerMtu,
            RouteMtu = peer.InnerMtu,
        };
        Forget(added);
        if (!maps.Peers.Set(slot, added.Entry).Succeeded
            || !maps.Senders.Set(InPacketOrder.Of(peer.Address), slot).Succeeded)
        {
            _free.Push(slot);
            return false;
        }

        _peers.Add(peer.Address, added);
        return true;
    }

    private void Release(PeerSlot peer)
    {
        maps.Senders.Remove(InPacketOrder.Of(peer.Address));
        _ = maps.Peers.Set(peer.Slot, default(PeerEntry));
        Forget(peer);

        ulong[] counted = Counted(peer);
        for (int i = 0; i < counted.Length; i++)
        {
            _retired[i] += counted[i];
        }

        _free.Push(peer.Slot);
    }
}

/// <summary>A peer's place in the programs' maps.</summary>
/// <param name="address">Its public IP.</param>
/// <param name="slot">1 or more.</param>
/// <param name="nonce">What it has to answer with.</param>
/// <param name="countedBefore">What the slot had counted when the peer got it.</param>
internal sealed class PeerSlot(Ipv4Address address, uint slot, ulong nonce, ulong[] countedBefore)
{
    /// <summary>The pause between two probes of a peer that answers, in seconds.</summary>
    internal const long ShortestPause = 1;

    /// <summary>The pause of one that has not answered for long.</summary>
    internal const long LongestPause = 32;

    /// <summary>Its public IP.</summary>
    internal Ipv4Address Address => address;

    /// <summary>The index in the maps.</summary>
    internal uint Slot => slot;

    /// <summary>What it has to answer with.</summary>
    internal ulong Nonce => nonce;

    /// <summary>What the slot had counted when the peer got it.</summary>
    internal ReadOnlySpan<ulong> CountedBefore => countedBefore;

    /// <summary>The longest packet whose datagram reaches it whole, in bytes.</summary>
    internal int InnerMtu { get; set; }

    /// <summary>The same by its route and interface alone.</summary>
    internal int RouteMtu { get; set; }

    /// <summary>When it is asked again, in seconds of the prober's clock.</summary>
    internal long AskAt { get; set; }

    /// <summary>The pause behind that, in seconds.</summary>
    internal long Pause { get; set; } = ShortestPause;

    /// <summary>Its latest probe when it was last looked at.</summary>
    internal ulong AskedBefore { get; set; }

    /// <summary>Its latest answer when it was last looked at.</summary>
    internal ulong ReachedBefore { get; set; }

    /// <summary>The same for the programs.</summary>
    internal PeerEntry Entry => new(InPacketOrder.Of(address), InnerMtu, nonce);
}
