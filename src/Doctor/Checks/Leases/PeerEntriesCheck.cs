using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Doctor.Checks.Leases;

/// <summary>
/// L7, L8: whether this host has followed the leases: its daemon knows each, or where stock flannel works with the
/// kernel's routes, each has one to its host.
/// </summary>
internal sealed class PeerEntriesCheck : ICheck
{
    private static readonly Row s_missing = new(
        "L7", "lease-not-seen", HealthSeverity.Warning,
        "a peer is not reached from here: this host has not taken in its lease", "flannel issue 2470");

    private static readonly Row s_old = new(
        "L8", "peer-moved", HealthSeverity.Warning,
        "packets for a peer go to the address that it had before", "flannel issue 1247");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_missing, s_old];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host) =>
        from entry in StoredLeases.OfPeers(host)
        let type = StoredLeases.BackendOf(entry.Attributes!)
        let finding = host.Daemon is null
            ? OfRoutes(host, entry.Key!.Value.Subnet, entry.Attributes!, type)
            : OfDaemon(host, entry.Key!.Value.Subnet, entry.Attributes!, type)
        where finding is not null
        select finding;

    private static Finding? OfDaemon(HostFacts host, Ipv4Prefix subnet, LeaseAttributes attributes, string type)
    {
        if (!type.Equals(host.Daemon!.Backend, StringComparison.OrdinalIgnoreCase)
            || host.Daemon.Warnings.Any(warning => warning.Subject.Contains(
                $"{attributes.PublicIp}", StringComparison.Ordinal)))
        {
            return null; // it has its reason
        }

        string[] known =
            [.. host.Daemon.Peers.Where(peer => peer.Subnets.Contains($"{subnet}")).Select(peer => peer.PublicIp)];
        return known is []
            ? new Finding(
                s_missing, $"{attributes.PublicIp}",
                $"{subnet} of {attributes.PublicIp} is in {host.Store!.Description}, and the daemon does not know it "
                    + $"from {host.Daemon.Lease.Store}",
                "see the daemon's log for its lease store (overlay events), and restart it")
            : known.Contains($"{attributes.PublicIp}")
                ? null
                : Old(subnet, attributes.PublicIp, known[0], "restart the daemon of this host");
    }

    private static Finding? OfRoutes(HostFacts host, Ipv4Prefix subnet, LeaseAttributes attributes, string type)
    {
        Link? tunnel = host.Overlay.Tunnel is { } name ? host.Network.Find(name) : null;
        bool isVxlan = tunnel?.Vxlan is not null;
        if (isVxlan ? type != "vxlan" : type != "host-gw" || StoredLeases.OwnBackend(host) != type)
        {
            return null;
        }

        if (host.Network.Routes.FirstOrDefault(each => each.Destination == subnet) is not { } route)
        {
            return new Finding(
                s_missing, $"{attributes.PublicIp}", $"{subnet} of {attributes.PublicIp} has a lease and no route here",
                "restart the daemon of this host: its watch of the lease store has stopped");
        }

        Ipv4Address? way = isVxlan ? host.Vxlan.HostOf(subnet.First) : route.Gateway;
        return way is { } found && found != attributes.PublicIp
            ? Old(subnet, attributes.PublicIp, $"{found}", "restart the daemon of this host")
            : null;
    }

    private static Finding Old(Ipv4Prefix subnet, Ipv4Address now, string before, string fix) => new(
        s_old, $"{now}", $"{subnet} is leased to {now}, and packets for it go to {before}", fix);
}
