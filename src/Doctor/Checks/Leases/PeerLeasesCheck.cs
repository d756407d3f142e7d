using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Net;

namespace Overlay.Doctor.Checks.Leases;

/// <summary>L14, L15, L17, L18: entries of the lease store that no host can use, or that lead nowhere.</summary>
internal sealed class PeerLeasesCheck : ICheck
{
    private static readonly Row s_ghost = new(
        "L14", "lease-of-dead-host", HealthSeverity.Warning,
        "packets go to a host that is not there: its lease has stayed", "docs/cli.md, overlay lease remove");

    private static readonly Row s_twice = new(
        "L15", "lease-twice", HealthSeverity.Warning,
        "one host holds two leases, and answers for one of them", "flannel issue 760");

    private static readonly Row s_otherBackend = new(
        "L17", HealthCodes.PeerOtherBackend.Name, HealthSeverity.Warning,
        "a peer's lease is for another backend than this host's: packets go one way or none",
        "flannel pkg/backend/route_network.go");

    private static readonly Row s_unreadable = new(
        "L18", "lease-unreadable", HealthSeverity.Warning,
        "an entry of the lease store is passed over", "docs/cli.md, overlay lease list");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_ghost, s_twice, s_otherBackend, s_unreadable];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        IEnumerable<Finding> ofStore = host.Store is { } store ? LookAtStore(host, store) : [];
        Finding[] found = [.. ofStore];
        return found.Any(finding => finding.Row == s_otherBackend)
            ? found
            : [.. found, .. DaemonWarnings.Of(host, HealthCodes.PeerOtherBackend, s_otherBackend)];
    }

    private static IEnumerable<Finding> LookAtStore(HostFacts host, StoreFacts store) =>
    [
        .. Unreadable(host, store), .. Twice(host, store), .. OfOtherBackends(host), .. Ghosts(host, store),
    ];

    private static IEnumerable<Finding> Unreadable(HostFacts host, StoreFacts store) =>
        from entry in StoredLeases.Of(host)
        where entry.Fault is not null
        select new Finding(
            s_unreadable, entry.Name, $"{entry.Name} {entry.Fault}",
            $"overlay lease remove {Name(entry)} {StoredLeases.Words(store)}");

    private static IEnumerable<Finding> Twice(HostFacts host, StoreFacts store) =>
        from entry in StoredLeases.Of(host)
        where entry is { Key: not null, Attributes: not null, Fault: null }
        group entry by entry.Attributes!.PublicIp into ofHost
        where ofHost.Count() > 1
        select new Finding(
            s_twice, $"{ofHost.Key}",
            $"{ofHost.Key} holds {string.Join(" and ", ofHost.Select(entry => entry.Key!.Value.Subnet))}",
            $"remove the one that the host does not have in its subnet.env: overlay lease remove SUBNET "
                + StoredLeases.Words(store));

    private static IEnumerable<Finding> OfOtherBackends(HostFacts host)
    {
        if (StoredLeases.OwnBackend(host) is not { } own)
        {
            return [];
        }

        return
            from entry in StoredLeases.OfPeers(host)
            let type = StoredLeases.BackendOf(entry.Attributes!)
            where !type.Equals(own, StringComparison.OrdinalIgnoreCase)
            select new Finding(
                s_otherBackend, $"{entry.Attributes!.PublicIp}",
                $"{entry.Key!.Value.Subnet} of {entry.Attributes.PublicIp} is for {type}, and this host's backend is "
                    + own,
                $"restart the daemon of {entry.Attributes.PublicIp}: it reads the network config at its start alone");
    }

    private static IEnumerable<Finding> Ghosts(HostFacts host, StoreFacts store) =>
        from entry in StoredLeases.OfPeers(host)
        let address = entry.Attributes!.PublicIp
        where host.Network.MuteNeighbours.Contains(address) && !IsHeard(host, address)
        select new Finding(
            s_ghost, $"{address}",
            $"{entry.Key!.Value.Subnet} is leased to {address}, which does not answer ARP",
            $"start that host; if it is gone for good: overlay lease remove {Name(entry)} "
                + StoredLeases.Words(store));

    private static bool IsHeard(HostFacts host, Ipv4Address address) => host.Daemon is { } daemon && daemon.Peers.Any(
        peer => peer.PublicIp == address.ToString() && peer.LastHeard > daemon.Now - TimeSpan.FromMinutes(1));

    private static string Name(LeaseEntry entry) => entry.Key is { } key ? $"{key.Subnet}" : $"'{entry.Name}'";
}
