using System;
using Google.Protobuf;
using Mvccpb;
using Overlay.Lease.Judging;

namespace Overlay.Lease.Etcd.Store;

/// <summary>One version of one key below <c>PREFIX/subnets/</c>, as read.</summary>
internal sealed class EtcdLease : StoredLease
{
    private EtcdLease(string name, KeyValue kv)
        : base(name)
    {
        RawKey = kv.Key;
        ModRevision = kv.ModRevision;
        LeaseId = kv.Lease;
    }

    /// <summary>The whole key, whose bytes need not be text.</summary>
    internal ByteString RawKey { get; }

    /// <summary>The revision that wrote this version.</summary>
    internal long ModRevision { get; }

    /// <summary>
    /// etcd's lease on the key; 0 when the key stays until it is deleted, which makes it a reservation.
    /// </summary>
    internal long LeaseId { get; }

    public override bool IsReservation => LeaseId == 0;

    /// <param name="name">What follows <c>PREFIX/subnets/</c>.</param>
    /// <param name="kv">The version.</param>
    /// <param name="before">The version before, whose lease is kept if this one cannot be read; null for none.</param>
    /// <param name="unread">Why the value was not read at all, and <paramref name="kv"/> has none; null when it
    /// was.</param>
    internal static EtcdLease Read(string name, KeyValue kv, EtcdLease? before, string? unread = null)
    {
        if (!TryReadName(name, out SubnetKey key))
        {
            return new EtcdLease(name, kv)
            {
                Created = kv.CreateRevision,
                Defect = unread ?? NameDefect,
            };
        }

        string? defect = unread;
        SubnetLease? lease = null;
        try
        {
            // etcd ends a lease and says so: no clock of ours is asked.
            lease = unread is not null ? null : new SubnetLease(
                key.Subnet, LeaseAttributes.Parse(kv.Value.Span), DateTimeOffset.MaxValue)
            {
                IsEndedByStore = kv.Lease != 0,
            };
        }
        catch (FormatException problem)
        {
            defect = ContentDefect(problem);
        }

        if (lease is null)
        {
            lease = before?.Created == kv.CreateRevision
                && before.Lease is { } kept ? kept with { IsEndedByStore = kv.Lease != 0 } : null;
        }

        return new EtcdLease(name, kv) { Key = key, Lease = lease, Defect = defect, Created = kv.CreateRevision };
    }
}
