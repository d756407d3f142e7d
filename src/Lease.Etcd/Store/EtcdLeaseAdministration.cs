using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Mvccpb;
using Overlay.Lease.Etcd.Client;
using Overlay.Lease.Judging;
using Overlay.Net;

namespace Overlay.Lease.Etcd.Store;

/// <summary>
/// The operator's side of an <see cref="EtcdLeaseStore"/>: the same keys. A reservation is a key without a time to
/// live. Every change is one transaction on condition that the key still is the version that was looked at.
/// </summary>
public sealed class EtcdLeaseAdministration : ILeaseAdministration
{
    // 10,000 leases are as many questions. So many at a time keep a link of 10 ms busy without crowding out the hosts'
    // own.
    private const int QuestionsAtATime = 32;

    private readonly EtcdKeys _keys;
    private readonly EtcdClient _client;
    private readonly TimeProvider _clock;

    /// <summary>Reads certificate files if there are any; etcd is asked nothing yet.</summary>
    /// <param name="options">How etcd is reached.</param>
    /// <param name="prefix">Below which flannel's keys are, for example
    /// <see cref="EtcdLeaseStore.DefaultPrefix"/>.</param>
    /// <param name="clock">Turns the time a lease has left into when it ends.</param>
    /// <exception cref="LeaseStoreException">A certificate file cannot be used.</exception>
    public EtcdLeaseAdministration(EtcdOptions options, string prefix, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(prefix);
        ArgumentNullException.ThrowIfNull(clock);
        _keys = new EtcdKeys(prefix);
        Description = _keys.Describe(options);
        _clock = clock;
        try
        {
            _client = new EtcdClient(options);
        }
        catch (EtcdException problem)
        {
            throw EtcdFaults.Explain("use etcd", problem, _keys);
        }
    }

    /// <inheritdoc/>
    public string Description { get; }

    /// <inheritdoc/>
    public Task<string?> ReadConfigTextAsync(CancellationToken cancellation) => ExplainedAsync(
        "read the network config",
        async () => (await FindAsync(_keys.Config, cancellation))?.Value.ToStringUtf8());

    /// <inheritdoc/>
    public async Task WriteConfigTextAsync(string json, string? replacing, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(json);
        bool isWritten = await ExplainedAsync("write the network config", async () =>
        {
            KeyValue? now = await FindAsync(_keys.Config, cancellation);
            var put =
                new PutRequest { Key = ByteString.CopyFromUtf8(_keys.Config), Value = ByteString.CopyFromUtf8(json) };
            return now?.Value.ToStringUtf8() == replacing
                && await ChangeAsync(
                    put.Key, now?.ModRevision ?? 0, new RequestOp { RequestPut = put }, cancellation);
        });
        if (!isWritten)
        {
            throw LeaseStoreException.ChangedMeanwhile($"the network config {_keys.Config}");
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<LeaseEntry>> ListAsync(NetworkConfig? config, CancellationToken cancellation) =>
        ExplainedAsync("list the leases", async () =>
        {
            EtcdListing listing = await EtcdListing.ReadAsync(_client, _keys, _ => null, cancellation);
            IEnumerable<long> ids = listing.Leases.Values.Select(
                lease => lease.LeaseId).Where(id => id != 0).Distinct();
            ConcurrentDictionary<long, DateTimeOffset?> ends = [];
            await Parallel.ForEachAsync(
                ids,
                new ParallelOptions { MaxDegreeOfParallelism = QuestionsAtATime, CancellationToken = cancellation },
                async (id, cancellation) => ends[id] = await EndOfAsync(id, cancellation));
            return LeaseEntries.Of(
                listing.Leases.Values,
                config is null ? null : listing.Survey(config),
                lease => lease.IsReservation ? DateTimeOffset.MaxValue : ends[lease.LeaseId]);
        });

    /// <inheritdoc/>
    public Task<LeaseReservation> ReserveAsync(
        NetworkConfig config, Ipv4Prefix subnet, Ipv4Address publicIp, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(config);
        ReservationRules.Check(config, subnet, publicIp);
        return ExplainedAsync($"reserve {subnet}", async () =>
        {
            EtcdListing listing = await EtcdListing.ReadAsync(_client, _keys, _ => null, cancellation);
            EtcdLease? found = listing.Find(subnet);
            LeaseReservation done = ReservationRules.Decide(
                listing.Survey(config), subnet, publicIp, found, _keys.Of(subnet));
            if (done.Kind == ReservationKind.Unchanged)
            {
                return done;
            }

            // What else the owner publishes in its lease is kept as it stands: only the time to live goes.
            var put = new PutRequest
            {
                Key = ByteString.CopyFromUtf8(_keys.Of(subnet)),
                IgnoreValue = found is not null,
            };
            if (found is null)
            {
                put.Value = ByteString.CopyFrom(new LeaseAttributes(publicIp).ToJson());
            }

            return await ChangeAsync(
                put.Key, found?.ModRevision ?? 0, new RequestOp { RequestPut = put }, cancellation)
                ? done
                : throw LeaseStoreException.ChangedMeanwhile($"the lease {subnet}");
        });
    }

    /// <inheritdoc/>
    public Task<LeaseEntry?> RemoveAsync(string name, CancellationToken cancellation) =>
        ExplainedAsync<LeaseEntry?>($"remove the lease {name}", async () =>
        {
            EtcdListing listing = await EtcdListing.ReadAsync(_client, _keys, _ => null, cancellation);
            if (!listing.Leases.TryGetValue(name, out EtcdLease? found))
            {
                return null;
            }

            DateTimeOffset? end = found.IsReservation ? DateTimeOffset.MaxValue : await EndOfAsync(
                found.LeaseId, cancellation);
            var delete = new RequestOp { RequestDeleteRange = new DeleteRangeRequest { Key = found.RawKey } };
            return await ChangeAsync(found.RawKey, found.ModRevision, delete, cancellation)
                ? LeaseEntries.Of(found, end)
                : throw LeaseStoreException.ChangedMeanwhile($"the lease {name}");
        });

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private async Task<KeyValue?> FindAsync(string key, CancellationToken cancellation)
    {
        RangeResponse answer = await _client.RangeAsync(
            new RangeRequest { Key = ByteString.CopyFromUtf8(key) }, cancellation);
        return answer.Kvs.Count > 0 ? answer.Kvs[0] : null;
    }

    // Null when the lease ended since it was listed, or when this user may not ask: the entry is still worth showing.
    private async Task<DateTimeOffset?> EndOfAsync(long leaseId, CancellationToken cancellation)
    {
        try
        {
            LeaseTimeToLiveResponse answer = await _client.LeaseTimeToLiveAsync(
                new LeaseTimeToLiveRequest { ID = leaseId }, cancellation);
            return answer.TTL > 0 ? _clock.GetUtcNow() + TimeSpan.FromSeconds(answer.TTL) : null;
        }
        catch (EtcdException problem) when (problem.Code == StatusCode.PermissionDenied || problem.IsLeaseNotFound)
        {
            return null;
        }
    }

    private async Task<bool> ChangeAsync(
        ByteString key, long seenRevision, RequestOp change, CancellationToken cancellation) =>
        (await _client.TxnAsync(ConditionalWrite.IfUnchanged(key, seenRevision, change), cancellation)).Succeeded;

    private Task<T> ExplainedAsync<T>(string purpose, Func<Task<T>> work) =>
        EtcdFaults.ExplainedAsync(purpose, work, _keys);
}
