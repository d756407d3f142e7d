using System;
using Overlay.Net;

namespace Overlay.Lease;

/// <summary>
/// One version of one entry in a store's list of leases, as read: what the judge and the choice go by, whatever kind of
/// store it is. Immutable as far as they are concerned, so that one version is one object.
/// </summary>
/// <param name="name">What it is called within the list, for example <c>10.244.1.0-24</c>; unique there.</param>
internal class StoredLease(string name)
{
    internal string Name { get; } = name;

    /// <summary>The subnet in the name; null when the name is not a lease's.</summary>
    internal SubnetKey? Key { get; init; }

    /// <summary>
    /// The lease as it was last read without fault, perhaps from an earlier version; null when it never was.
    /// </summary>
    internal SubnetLease? Lease { get; init; }

    /// <summary>Why this version cannot be read as a lease, with the remedy; null when it can.</summary>
    internal string? Defect { get; init; }

    /// <summary>
    /// Where in the order of the store's writes the entry was made; 0 in a store that does not know, whose leases are
    /// then all of one age.
    /// </summary>
    internal long Created { get; init; }

    /// <summary>From here on the entry counts as absent.</summary>
    internal virtual DateTimeOffset Expires => Lease?.Expires ?? DateTimeOffset.MaxValue;

    /// <summary>Whether somebody has written it to stay until it is removed.</summary>
    internal virtual bool IsReservation => false;

    /// <summary>Whether the entry is the lease of a public address, whatever it is worth.</summary>
    internal bool IsOf(Ipv4Address publicIp) => Lease?.PublicIp == publicIp;
}
