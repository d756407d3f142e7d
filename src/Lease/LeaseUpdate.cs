using System;
using System.Collections.Generic;
using Overlay.Net;

namespace Overlay.Lease;

/// <summary>
/// What a store's watch reports. Each case is a type of its own: "no events" mistaken for "a snapshot with no leases"
/// would remove every peer, as it does in flannel (pkg/subnet/etcd/registry.go).
/// </summary>
public abstract record LeaseUpdate
{
    private LeaseUpdate()
    {
    }

    /// <summary>All leases there are now; a lease that is not listed is gone.</summary>
    /// <param name="Leases">One per subnet, our own among them.</param>
    public sealed record Snapshot(IReadOnlyList<SubnetLease> Leases) : LeaseUpdate;

    /// <summary>What happened since the update before, to be applied in order.</summary>
    /// <param name="Items">At least one.</param>
    public sealed record Changes(IReadOnlyList<LeaseChange> Items) : LeaseUpdate;

    /// <summary>
    /// The store cannot be read, so nothing is known since the update before. Removes nothing; a snapshot follows.
    /// </summary>
    /// <param name="Reason">One line: what cannot be read, and why.</param>
    public sealed record Gap(string Reason) : LeaseUpdate;

    /// <summary>
    /// Something other than this store object has written our own lease. A renewal at once finds out whether it still
    /// is ours.
    /// </summary>
    /// <param name="Reason">One line: what was written, and by whom where that is known.</param>
    public sealed record OwnInQuestion(string Reason) : LeaseUpdate;

    /// <summary>
    /// What the store says of this host itself is another than what the daemon has started with, so that only another
    /// start can follow it.
    /// </summary>
    /// <param name="Reason">A clause: what is another now.</param>
    public sealed record HostChanged(string Reason) : LeaseUpdate;
}

/// <summary>What happened to one lease.</summary>
public enum LeaseChangeKind
{
    /// <summary>The lease is new, changed or renewed.</summary>
    Put,

    /// <summary>The lease was deleted or has expired.</summary>
    Removed,
}

/// <summary>One entry of <see cref="LeaseUpdate.Changes"/>.</summary>
public readonly record struct LeaseChange
{
    private LeaseChange(LeaseChangeKind kind, Ipv4Prefix subnet, SubnetLease? lease)
    {
        Kind = kind;
        Subnet = subnet;
        Lease = lease;
    }

    /// <summary>Which of the two it is.</summary>
    public LeaseChangeKind Kind { get; }

    /// <summary>The subnet concerned, without host bits.</summary>
    public Ipv4Prefix Subnet { get; }

    /// <summary>The lease as it is now; null exactly when <see cref="Kind"/> is Removed.</summary>
    public SubnetLease? Lease { get; }

    /// <summary>A new, changed or renewed lease.</summary>
    public static LeaseChange Put(SubnetLease lease)
    {
        ArgumentNullException.ThrowIfNull(lease);
        return new(LeaseChangeKind.Put, lease.Subnet, lease);
    }

    /// <summary>A lease that is gone.</summary>
    public static LeaseChange Removed(Ipv4Prefix subnet) => new(LeaseChangeKind.Removed, subnet, null);
}
