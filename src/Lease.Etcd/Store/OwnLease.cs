using System;
using System.Collections.Immutable;
using Overlay.Net;

namespace Overlay.Lease.Etcd.Store;

/// <summary>What the key of our own lease says about whose it is.</summary>
internal enum OwnVerdict
{
    /// <summary>There is no such key.</summary>
    Absent,

    /// <summary>As we wrote it, or as it was when we took it.</summary>
    Ours,

    /// <summary>Ours by its public address, without a time to live: somebody has reserved it for us.</summary>
    Reserved,

    /// <summary>The content is no lease, so it is nobody else's either.</summary>
    Unreadable,

    /// <summary>Somebody else has written it, with our public address.</summary>
    Duplicate,

    /// <summary>It has another public address.</summary>
    Taken,
}

/// <summary>The lease we hold, and by which version of its key.</summary>
/// <param name="Subnet">Without host bits.</param>
/// <param name="PublicIp">The host it is of.</param>
/// <param name="ModRevision">The version we wrote or took over; 0 when we only know that it was ours.</param>
/// <param name="ClusterId">Which etcd that was; 0 as above.</param>
/// <param name="IsReserved">Whether that version was a reservation: what writes over it takes the time to live, or the
/// lack of one, with it, so that the key itself does not say so any longer.</param>
internal sealed record OwnLease(
    Ipv4Prefix Subnet, Ipv4Address PublicIp, long ModRevision = 0, ulong ClusterId = 0, bool IsReserved = false)
{
    /// <summary>
    /// What a caller says it holds, of whose key nothing is known; its end says whether it was reserved.
    /// </summary>
    internal static OwnLease Claimed(SubnetLease own) =>
        new(own.Subnet, own.PublicIp, IsReserved: own.Expires == DateTimeOffset.MaxValue);

    internal string Name { get; } = EtcdKeys.NameOf(Subnet);

    /// <summary>The same as it stands against another reading of the store.</summary>
    /// <remarks>An etcd that was replaced, or restored from a backup, knows nothing of the versions we know.</remarks>
    internal OwnLease AgainstStore(ulong clusterId, long revision) =>
        ClusterId == clusterId && ModRevision <= revision ? this : this with { ModRevision = 0, ClusterId = clusterId };

    /// <param name="found">The key as it is now; null when there is none.</param>
    /// <param name="grants">etcd's leases that we asked for: what is put with one of them, we have put.</param>
    internal OwnVerdict VerdictOn(EtcdLease? found, ImmutableHashSet<long> grants) => found switch
    {
        null => OwnVerdict.Absent,
        { IsReadable: false } => OwnVerdict.Unreadable,
        _ when !found.IsOf(PublicIp) => OwnVerdict.Taken,
        { LeaseId: 0 } => OwnVerdict.Reserved,
        _ when ModRevision == 0 || IsKnown(found, grants) => OwnVerdict.Ours,
        _ => OwnVerdict.Duplicate,
    };

    /// <summary>Whether a version of the key is the one we hold or a later one of ours, for certain.</summary>
    internal bool IsKnown(EtcdLease found, ImmutableHashSet<long> grants) =>
        (ModRevision != 0 && found.ModRevision == ModRevision) || grants.Contains(found.LeaseId);
}
