using System.Collections.Generic;
using System.Linq;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Daemon.Backends.Vxlan;

/// <summary>What the kernel has to have so that one peer is sent to.</summary>
/// <param name="Peer">Who.</param>
/// <param name="Neighbour">The gateway's MAC, which is the peer's device's; null for a direct route.</param>
/// <param name="Forwarding">Where frames for that MAC go; null for a direct route.</param>
/// <param name="Route">To the peer's subnet.</param>
internal sealed record PeerEntries(
    VxlanPeer Peer, Neighbour? Neighbour, ForwardingEntry? Forwarding, Ipv4Route Route)
{
    /// <summary>
    /// Whether there is to be the route. Without it packets take the next shorter one, and the device still reaches the
    /// peer.
    /// </summary>
    internal bool IsRouted { get; init; } = true;

    /// <summary>For a peer that is sent to in VXLAN.</summary>
    /// <param name="peer">Who.</param>
    /// <param name="device">The vxlan device's index.</param>
    internal static PeerEntries Encapsulated(VxlanPeer peer, int device)
    {
        // The subnet's own address is the gateway: no host has it but the peer's device.
        Ipv4Address gateway = peer.Subnet.Address;
        return new PeerEntries(
            peer,
            new Neighbour(device, gateway, peer.Mac),
            new ForwardingEntry(device, peer.Mac, peer.PublicIp),
            new Ipv4Route(peer.Subnet, gateway, device, Metric: 0) { IsOnLink = true });
    }

    /// <summary>For a peer that is routed to as it is.</summary>
    /// <param name="peer">Who.</param>
    /// <param name="link">The interface that leads to it.</param>
    internal static PeerEntries Direct(VxlanPeer peer, int link) =>
        new(peer, Neighbour: null, Forwarding: null, new Ipv4Route(peer.Subnet, peer.PublicIp, link, Metric: 0));
}

/// <summary>Neighbours, forwarding entries and routes: what the kernel has, or what it is to have.</summary>
internal sealed record EntrySet
{
    /// <summary>No two of an address.</summary>
    internal HashSet<Neighbour> Neighbours { get; init; } = [];

    /// <summary>No two of a MAC.</summary>
    internal HashSet<ForwardingEntry> Forwarding { get; init; } = [];

    /// <summary>No two of a destination.</summary>
    internal HashSet<Ipv4Route> Routes { get; init; } = [];

    /// <summary>Of several peers together; what they share stands there once.</summary>
    internal static EntrySet Of(IReadOnlyCollection<PeerEntries> peers) => new()
    {
        Neighbours = [.. peers.Select(peer => peer.Neighbour).OfType<Neighbour>()],
        Forwarding = [.. peers.Select(peer => peer.Forwarding).OfType<ForwardingEntry>()],
        Routes = [.. peers.Where(peer => peer.IsRouted).Select(peer => peer.Route)],
    };

    /// <summary>This set and another together.</summary>
    internal EntrySet With(EntrySet other) => new()
    {
        Neighbours = [.. Neighbours, .. other.Neighbours],
        Forwarding = [.. Forwarding, .. other.Forwarding],
        Routes = [.. Routes, .. other.Routes],
    };

    /// <summary>What of this set has the address, the MAC or the destination of an entry of another one.</summary>
    internal EntrySet InPlacesOf(EntrySet other)
    {
        HashSet<Ipv4Address> addresses = [.. other.Neighbours.Select(entry => entry.Address)];
        HashSet<MacAddress> macs = [.. other.Forwarding.Select(entry => entry.Mac)];
        HashSet<Ipv4Prefix> destinations = [.. other.Routes.Select(route => route.Destination)];
        return new EntrySet
        {
            Neighbours = [.. Neighbours.Where(entry => addresses.Contains(entry.Address))],
            Forwarding = [.. Forwarding.Where(entry => macs.Contains(entry.Mac))],
            Routes = [.. Routes.Where(route => destinations.Contains(route.Destination))],
        };
    }

    /// <summary>What of this set looks as if this backend had made it: left by an earlier run.</summary>
    /// <param name="device">The vxlan device's index.</param>
    /// <param name="network">The whole overlay network.</param>
    internal EntrySet LeftByUs(int device, Ipv4Prefix network) => new()
    {
        Neighbours = [.. Neighbours.Where(entry => entry.IsPermanent && network.Contains(entry.Address))],
        Forwarding = [.. Forwarding.Where(entry => entry.IsPermanent && entry.Mac.IsUnicast)],
        Routes = [.. Routes.Where(
            route => route.IsOnLink && route.InterfaceIndex == device && network.Contains(route.Destination))],
    };

    /// <summary>The entries of a peer that this set lacks.</summary>
    /// <returns>Null when it lacks none.</returns>
    internal MissingEntries? MissingOf(PeerEntries peer)
    {
        var missing = new MissingEntries(
            peer,
            peer.Neighbour is { } neighbour && !Neighbours.Contains(neighbour),
            peer.Forwarding is { } forwarding && !Forwarding.Contains(forwarding),
            peer.IsRouted && !Routes.Contains(peer.Route));
        return missing is { Neighbour: false, Forwarding: false, Route: false } ? null : missing;
    }
}

/// <summary>Which entries of a peer the kernel lacks.</summary>
/// <param name="Peer">All of them.</param>
/// <param name="Neighbour">Whether the neighbour is to be made.</param>
/// <param name="Forwarding">Whether the forwarding entry is to be made.</param>
/// <param name="Route">Whether the route is to be made.</param>
internal sealed record MissingEntries(PeerEntries Peer, bool Neighbour, bool Forwarding, bool Route);

/// <summary>What is to be changed in the kernel.</summary>
/// <param name="Missing">Peer by peer, what is to be made.</param>
/// <param name="Stale">What is to be removed, after that.</param>
internal sealed record EntryChanges(IReadOnlyList<MissingEntries> Missing, EntrySet Stale)
{
    /// <summary>The rule. Pure.</summary>
    /// <param name="kernel">What the kernel has.</param>
    /// <param name="ours">
    /// What this backend has made so far, or an earlier run of it: of other entries none is removed.
    /// </param>
    /// <param name="wanted">What there is to be.</param>
    internal static EntryChanges Between(EntrySet kernel, EntrySet ours, IReadOnlyCollection<PeerEntries> wanted)
    {
        // What is made again with another value is replaced by that, and must not be removed afterwards: a neighbour
        // is removed whatever its MAC.
        EntrySet replaced = ours.InPlacesOf(EntrySet.Of(wanted));
        var stale = new EntrySet
        {
            Neighbours = [.. ours.Neighbours.Intersect(kernel.Neighbours).Except(replaced.Neighbours)],
            Forwarding = [.. ours.Forwarding.Intersect(kernel.Forwarding).Except(replaced.Forwarding)],
            Routes = [.. ours.Routes.Intersect(kernel.Routes).Except(replaced.Routes)],
        };
        return new EntryChanges([.. wanted.Select(kernel.MissingOf).OfType<MissingEntries>()], stale);
    }

    /// <summary>What is this backend's once the changes are made, but for what could not be removed. Pure.</summary>
    /// <param name="ours">As before the changes.</param>
    /// <param name="wanted">What there is to be.</param>
    /// <param name="failed">
    /// Those of whom something could not be made. What they lacked is not there; what they had, of whatever value, is,
    /// and has to go when they do.
    /// </param>
    internal static EntrySet OursAfter(
        EntrySet ours, IReadOnlyCollection<PeerEntries> wanted, IReadOnlySet<PeerEntries> failed)
    {
        var made = EntrySet.Of([.. wanted.Where(peer => !failed.Contains(peer))]);
        return made.With(ours.InPlacesOf(EntrySet.Of(failed)));
    }
}
