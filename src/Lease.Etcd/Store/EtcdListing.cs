using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Etcdserverpb;
using Google.Protobuf;
using Mvccpb;
using Overlay.Lease.Etcd.Client;
using Overlay.Lease.Judging;
using Overlay.Net;

namespace Overlay.Lease.Etcd.Store;

/// <summary>All lease keys at one revision, as a majority of the members agrees on them.</summary>
/// <param name="ClusterId">Which etcd answered.</param>
/// <param name="Revision">Of the whole store.</param>
/// <param name="Leases">By name.</param>
internal sealed record EtcdListing(ulong ClusterId, long Revision, IReadOnlyDictionary<string, EtcdLease> Leases)
{
    // 10,000 leases are about 1.5 MB. What else is there may be longer than an answer may be: then it is asked for in
    // halves.
    private const int PageKeys = 5_000;

    /// <param name="client">Where to read.</param>
    /// <param name="keys">What to read.</param>
    /// <param name="known">Versions read before: one that has not changed since stays the same object.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="EtcdException">It could not be read whole.</exception>
    internal static async Task<EtcdListing> ReadAsync(
        EtcdClient client,
        EtcdKeys keys,
        Func<string, EtcdLease?> known,
        CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return await ReadPagesAsync(client, keys, known, cancellation);
            }
            catch (EtcdException problem) when (problem.IsCompacted)
            {
                // Between two pages the first one's revision has gone: the next try has a newer one.
            }
        }
    }

    internal EtcdLease? Find(Ipv4Prefix subnet) => Leases.GetValueOrDefault(EtcdKeys.NameOf(subnet));

    /// <summary>What the leases amount to under a config.</summary>
    internal LeaseSurvey Survey(NetworkConfig config) =>
        LeaseJudge.Judge([.. Leases.Values], config, DateTimeOffset.MinValue, EtcdLeaseStore.Noun);

    private static async Task<EtcdListing> ReadPagesAsync(
        EtcdClient client,
        EtcdKeys keys,
        Func<string, EtcdLease?> known,
        CancellationToken cancellation)
    {
        var leases = new Dictionary<string, EtcdLease>(StringComparer.Ordinal);
        var request = new RangeRequest
        {
            Key = ByteString.CopyFromUtf8(keys.Subnets),
            RangeEnd = ByteString.CopyFromUtf8(keys.SubnetsEnd),
            Limit = PageKeys,
        };
        string? unread = null;
        while (true)
        {
            RangeResponse page;
            try
            {
                page = await client.RangeAsync(request, cancellation);
            }
            catch (EtcdException problem) when (problem.IsTooLong && !request.KeysOnly)
            {
                // Whatever somebody has put there, the rest of the keys is read: in smaller pages, and without the one
                // value that is too long by itself. From the first on, all at one revision.
                request.Revision = request.Revision != 0 ? request.Revision : await CurrentRevisionAsync(
                    client, request, cancellation);
                request.KeysOnly = request.Limit == 1;
                request.Limit = Math.Max(1, request.Limit / 2);
                unread =
                    "its value is more than the "
                    + $"{EtcdConnection.MaximumMessageBytes} bytes that are read; remove it";
                continue;
            }

            foreach (KeyValue kv in page.Kvs)
            {
                string name = keys.NameOf(kv.Key);
                EtcdLease? before = known(name);
                leases[name] = before?.ModRevision == kv.ModRevision ? before
                    : EtcdLease.Read(name, kv, before, request.KeysOnly ? unread : null);
            }

            if (request.Revision == 0)
            {
                request.Revision = page.Header.Revision;
            }

            if (!page.More || page.Kvs.Count == 0)
            {
                return new EtcdListing(page.Header.ClusterId, request.Revision, leases);
            }

            request.Key = ByteString.CopyFrom([.. page.Kvs[^1].Key.Span, 0]);
            request.KeysOnly = false;
            request.Limit = Math.Min(PageKeys, request.Limit * 2);
        }
    }

    private static async Task<long> CurrentRevisionAsync(
        EtcdClient client, RangeRequest range, CancellationToken cancellation)
    {
        var count = new RangeRequest { Key = range.Key, RangeEnd = range.RangeEnd, CountOnly = true };
        return (await client.RangeAsync(count, cancellation)).Header.Revision;
    }
}
