using System;
using System.Collections.Immutable;
using System.Threading;
using System.Threading.Tasks;
using Etcdserverpb;
using Google.Protobuf;
using Overlay.Lease.Etcd.Client;
using Overlay.Net;

namespace Overlay.Lease.Etcd.Store;

/// <summary>A write of ours that etcd has.</summary>
/// <param name="ModRevision">The version it made.</param>
/// <param name="Expires">When it ends unless renewed.</param>
internal readonly record struct WrittenLease(long ModRevision, DateTimeOffset Expires);

/// <summary>
/// Writes to one key at a time, each on condition that the key still is as it was read: nobody's write is ever lost to
/// ours. For one caller at a time; <see cref="Grants"/> may be read by any.
/// </summary>
internal sealed class EtcdLeaseWriter(EtcdClient client, EtcdKeys keys, TimeProvider clock)
{
    /// <summary>How long a lease lasts after it was written: 24 hours, as flannel's.</summary>
    internal static readonly TimeSpan TimeToLive = TimeSpan.FromHours(24);

    private readonly OwnGrants _grants = new(client);

    /// <summary>etcd's leases that were granted to us, and lately were.</summary>
    internal ImmutableHashSet<long> Grants => _grants.Known;

    /// <summary>Writes our lease with a fresh time to live.</summary>
    /// <param name="subnet">Names the key.</param>
    /// <param name="attributes">The value.</param>
    /// <param name="seen">The version that is replaced; null for a key that does not exist.</param>
    /// <param name="cancellation">Ends the wait; the write may have been made.</param>
    /// <returns>Null when the key is not as it was seen: read again.</returns>
    /// <exception cref="EtcdException">etcd did not do it, or it is unknown whether it did.</exception>
    internal async Task<WrittenLease?> PutAsync(
        Ipv4Prefix subnet, LeaseAttributes attributes, EtcdLease? seen, CancellationToken cancellation)
    {
        DateTimeOffset asked = clock.GetUtcNow();
        LeaseGrantResponse grant = await _grants.GrantAsync((long)TimeToLive.TotalSeconds, cancellation);
        DateTimeOffset expires = asked + TimeSpan.FromSeconds(grant.TTL);
        TxnRequest request = Put(subnet, attributes, seen?.ModRevision ?? 0, grant.ID);

        TxnResponse response;
        try
        {
            response = await client.TxnAsync(request, cancellation);
        }
        catch (EtcdException problem) when (problem.Failure == EtcdFailure.Interrupted)
        {
            return await FindOutAsync(subnet, seen, grant.ID, expires, cancellation);
        }
        catch (EtcdException)
        {
            await _grants.RevokeAsync(grant.ID, cancellation);
            throw;
        }

        if (!response.Succeeded)
        {
            await _grants.RevokeAsync(grant.ID, cancellation);
            return null;
        }

        await _grants.HoldAsync(EtcdKeys.NameOf(subnet), grant.ID, seen?.LeaseId ?? 0, cancellation);
        return new WrittenLease(response.Header.Revision, expires);
    }

    /// <summary>Writes a reservation of ours again that something was written over: without a time to live.</summary>
    /// <param name="subnet">Names the key.</param>
    /// <param name="attributes">The value.</param>
    /// <param name="seen">The version that is replaced.</param>
    /// <param name="cancellation">Ends the wait; the write may have been made.</param>
    /// <returns>Null when the key is not as it was seen: read again.</returns>
    /// <exception cref="EtcdException">etcd did not do it, or it is unknown whether it did: what is read next
    /// decides.</exception>
    internal async Task<WrittenLease?> PutBackAsync(
        Ipv4Prefix subnet, LeaseAttributes attributes, EtcdLease seen, CancellationToken cancellation)
    {
        TxnResponse response = await client.TxnAsync(
            Put(subnet, attributes, seen.ModRevision, grant: 0), cancellation);
        return response.Succeeded ? new WrittenLease(response.Header.Revision, DateTimeOffset.MaxValue) : null;
    }

    /// <summary>Extends the time to live without a write, which etcd takes even when it is full.</summary>
    /// <returns>Null when the key's lease has ended.</returns>
    internal async Task<WrittenLease?> KeepAliveAsync(EtcdLease seen, CancellationToken cancellation)
    {
        DateTimeOffset asked = clock.GetUtcNow();
        LeaseKeepAliveResponse response = await client.LeaseKeepAliveAsync(seen.LeaseId, cancellation);
        return response.TTL > 0
            ? new WrittenLease(seen.ModRevision, asked + TimeSpan.FromSeconds(response.TTL))
            : null;
    }

    /// <summary>Removes a key if it still is the version seen.</summary>
    /// <exception cref="EtcdException">It may be there still; a grant of ours on it ends after the next write that
    /// succeeds.</exception>
    internal async Task DeleteAsync(EtcdLease seen, CancellationToken cancellation)
    {
        var key = ByteString.CopyFromUtf8(keys.Of(seen.Name));
        var delete = new RequestOp { RequestDeleteRange = new DeleteRangeRequest { Key = key } };
        TxnResponse response;
        try
        {
            response = await client.TxnAsync(
                ConditionalWrite.IfUnchanged(key, seen.ModRevision, delete), cancellation);
        }
        catch (EtcdException)
        {
            _grants.LetGo(seen.Name, seen.LeaseId);
            throw;
        }

        if (response.Succeeded)
        {
            await _grants.EndAsync(seen.Name, seen.LeaseId, cancellation);
        }
    }

    // The write went out and no answer came. What is there decides.
    private async Task<WrittenLease?> FindOutAsync(
        Ipv4Prefix subnet, EtcdLease? seen, long grant, DateTimeOffset expires, CancellationToken cancellation)
    {
        RangeResponse now = await client.RangeAsync(new RangeRequest { Key = KeyOf(subnet) }, cancellation);
        if (now.Kvs.Count > 0 && now.Kvs[0].Lease == grant)
        {
            await _grants.HoldAsync(EtcdKeys.NameOf(subnet), grant, seen?.LeaseId ?? 0, cancellation);
            return new WrittenLease(now.Kvs[0].ModRevision, expires);
        }

        // It may still be under way. Without its lease it cannot be done any more, so that no subnet is taken behind
        // our back. A renewal that comes late does no harm, while a revocation after it would remove our key.
        if (seen is null)
        {
            await _grants.RevokeAsync(grant, cancellation);
        }

        return null;
    }

    private TxnRequest Put(Ipv4Prefix subnet, LeaseAttributes attributes, long seenRevision, long grant)
    {
        var put = new PutRequest
        {
            Key = KeyOf(subnet),
            Value = ByteString.CopyFrom(attributes.ToJson()),
            Lease = grant,
        };
        return ConditionalWrite.IfUnchanged(put.Key, seenRevision, new RequestOp { RequestPut = put });
    }

    private ByteString KeyOf(Ipv4Prefix subnet) => ByteString.CopyFromUtf8(keys.Of(subnet));
}
