using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Lease;
using Overlay.Net;

namespace Overlay.Doctor.Checks.Leases;

/// <summary>The entries of the lease store, as this host sees them.</summary>
internal static class StoredLeases
{
    /// <summary>Flannel's name of the backend whose leases have no type.</summary>
    internal const string Udp = "udp";

    /// <summary>Those that have not ended, good and bad; none where no store is named or can be read.</summary>
    internal static IReadOnlyList<LeaseEntry> Of(HostFacts host) => host.Store is { Problem: null } store
        ? [.. store.Entries.Where(entry => entry.Expires is not { } end || end > host.Now)]
        : [];

    /// <summary>The good ones of other hosts.</summary>
    internal static IReadOnlyList<LeaseEntry> OfPeers(HostFacts host) =>
    [
        .. Of(host).Where(entry => entry is { Key: { } key, Attributes: { } attributes, Fault: null }
            && key.Subnet != host.Overlay.Subnet && !IsOfThisHost(host, attributes.PublicIp)),
    ];

    /// <summary>Whether an address is one of this host's, or the one that it publishes.</summary>
    internal static bool IsOfThisHost(HostFacts host, Ipv4Address address) =>
        host.Overlay.PublicIp == address || host.Network.Addresses.Any(each => each.Local.Address == address);

    /// <summary>The type of a lease's backend; one without is of the udp backend.</summary>
    internal static string BackendOf(LeaseAttributes attributes) =>
        attributes.Backend.Type is { Length: > 0 } type ? type : Udp;

    /// <summary>The type of this host's backend; null when nothing says.</summary>
    internal static string? OwnBackend(HostFacts host) => host.Daemon?.Backend
        ?? (host.Store?.Config?.Backend.Type is { Length: > 0 } type ? type : null);

    /// <summary>The options that name the store.</summary>
    internal static string Words(StoreFacts store) => IsFile(store)
        ? $"--lease-store {store.Description}"
        : "--lease-store etcd, with the --etcd options of this run";

    /// <summary>Whether <see cref="Words"/> can be typed as they are.</summary>
    internal static bool IsFile(StoreFacts store) =>
        store.Description.StartsWith("file:", StringComparison.Ordinal);
}
