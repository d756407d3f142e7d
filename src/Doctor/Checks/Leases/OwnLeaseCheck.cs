using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Net;

namespace Overlay.Doctor.Checks.Leases;

/// <summary>L4, L5, L6, L19: whether this host's subnet is leased to it, and for how long.</summary>
internal sealed class OwnLeaseCheck : ICheck
{
    private static readonly Row s_taken = new(
        "L4", HealthCodes.LeaseInQuestion.Name, HealthSeverity.Error,
        "another host has this host's subnet: peers send its pods' packets there", "flannel issue 1289");

    private static readonly Row s_lost = new(
        "L5", HealthCodes.LeaseLost.Name, HealthSeverity.Error,
        "this host holds no lease of its subnet: peers drop their route to its pods", "flannel issue 904");

    private static readonly Row s_ending = new(
        "L6", HealthCodes.LeaseRenewalFailed.Name, HealthSeverity.Warning,
        "this host's lease is about to end, and nobody has renewed it", "flannel's Documentation/running.md");

    private static readonly Row s_outside = new(
        "L19", "subnet-outside-network", HealthSeverity.Warning,
        "a subnet is in use that the network config no longer allows", "flannel's Documentation/configuration.md");

    // Stock renews an hour before the end (flannel main.go, --subnet-lease-renew-margin 60), ours a good deal earlier.
    private static readonly TimeSpan s_late = TimeSpan.FromMinutes(45);

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_taken, s_lost, s_ending, s_outside];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host) =>
    [
        .. OfDaemon(host, LookAtStore(host)),
        .. LookAtNetwork(host),
    ];

    // The daemon has looked longer, but what the store shows now is more than a warning of it.
    private static IEnumerable<Finding> OfDaemon(HostFacts host, IReadOnlyList<Finding> seen) =>
    [
        .. seen,
        .. DaemonWarnings.Of(host, HealthCodes.LeaseInQuestion, s_taken)
            .Concat(DaemonWarnings.Of(host, HealthCodes.LeaseLost, s_lost))
            .Concat(DaemonWarnings.Of(host, HealthCodes.LeaseRenewalFailed, s_ending))
            .Where(finding => seen.All(other => other.Row != finding.Row)),
    ];

    private static IReadOnlyList<Finding> LookAtStore(HostFacts host)
    {
        if (host.Store is not { Problem: null } store || host.Overlay.Subnet is not { } subnet)
        {
            return [];
        }

        LeaseEntry[] own = [.. StoredLeases.Of(host).Where(entry => entry.Key?.Subnet == subnet)];
        if (own is [] or [{ Attributes: null }])
        {
            return own is not []
                ? []
                :
                [
                    new Finding(
                        s_lost, $"{subnet}", $"{store.Description} has no lease of {subnet} that has not ended",
                        host.Daemon is null
                            ? "start the daemon of this host (systemctl restart overlay, or flanneld): it asks for it"
                            : "see the log of the daemon: it asks for another by itself"),
                ];
        }

        LeaseAttributes attributes = own[0].Attributes!;
        if (IsAnothers(host, attributes.PublicIp))
        {
            return
            [
                new Finding(
                    s_taken, $"{subnet}",
                    $"{subnet} is leased to {attributes.PublicIp}, and this host has it in "
                        + $"{(host.Daemon is null ? host.SubnetFile : "use")}",
                    "stop one of the two hosts' daemons, remove its subnet.env, and start it: it takes another subnet"),
            ];
        }

        return own[0].Expires is { } end && end - host.Now < s_late
            ?
            [
                new Finding(
                    s_ending, $"{subnet}",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"the lease of {subnet} ends in {(end - host.Now).TotalMinutes:0} minutes"),
                    "see the daemon's log for why it is not renewed, and whether it runs: systemctl status overlay"),
            ]
            : [];
    }

    // Behind NAT a public address is none of the host's. One on the host's own link, however, is another host.
    private static bool IsAnothers(HostFacts host, Ipv4Address address) =>
        !StoredLeases.IsOfThisHost(host, address)
        && (host.Overlay.PublicIp is not null || host.Network.Addresses.Any(
            each => each.Local.Contains(address)));

    private static IEnumerable<Finding> LookAtNetwork(HostFacts host)
    {
        if (host.Store?.Config is { EnableIPv4: true } config && host.Overlay.Subnet is { } subnet
            && !config.Network.Contains(subnet))
        {
            yield return new Finding(
                s_outside, $"{subnet}", $"{subnet} is not in {config.Network}, which the config has as Network",
                "restart the daemon of every host, then their pods: another Network needs a downtime");
        }
    }
}
