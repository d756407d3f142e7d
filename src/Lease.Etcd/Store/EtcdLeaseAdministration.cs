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
    private readonly TimeProvider _time;

    /// <summary>Reads certificate files if there are any; etcd is asked nothing yet.</summary>
    /// <param name="options">How etcd is reached.</param>
    /// <param name="prefix">Below which flannel's keys are, for example
    /// <see cref="EtcdLeaseStore.DefaultPrefix"/>.</param>
    /// <param name="time">Turns the time a lease has left into when it ends.</param>
    /// <exception cref="LeaseStoreException">A certificate file cannot be used.</exception>
    public EtcdLeaseAdministration(EtcdOptions options, string prefix, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(prefix);
        ArgumentNullException.ThrowIfNull(time);
        _keys = new EtcdKeys(prefix);
        Description = _keys.Describe(options);
        _time = time;
        try
        {
            _client = new EtcdClient(options);
        }
        catch (EtcdException e)
        {
            throw EtcdFaults.Explain("use etcd", e, _keys);
        }
    }

    /// <inheritdoc/>
    public string Description { get; }

    /// <inheritdoc/>
    public Task<string?> ReadConfigTextAsync(CancellationToken cancellationToken) => ExplainedAsync(
        "read the network config",
        async () => (await FindAsync(_keys.Config, cancellationToken))?.Value.ToStringUtf8());

    /// <inheritdoc/>
    public async Task WriteConfigTextAsync(string json, string? replacing, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(json);
        bool isWritten = await ExplainedAsync("write the network config", async () =>
        {
            KeyValue? now = await FindAsync(_keys.Config, cancellationToken);
            PutRequest put =
                new() { Key = ByteString.CopyFromUtf8(_keys.Config), Value = ByteString.CopyFromUtf8(json) };
            return now?.Value.ToStringUtf8() == replacing
                && await ChangeAsync(
                    put.Key, now?.ModRevision ?? 0, new RequestOp { RequestPut = put }, cancellationToken);
        });
        if (!isWritten)
        {
            throw ChangedMeanwhile($"the network config {_keys.Config}");
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<LeaseEntry>> ListAsync(NetworkConfig? config, CancellationToken cancellationToken) =>
        ExplainedAsync("list the leases", async () =>
        {
            EtcdListing listing = await EtcdListing.ReadAsync(_client, _keys, _ => null, cancellationToken);
            IEnumerable<long> ids = listing.Leases.Values.Select(
                lease => lease.LeaseId).Where(id => id != 0).Distinct();
            ConcurrentDictionary<long, DateTimeOffset?> ends = [];
            await Parallel.ForEachAsync(
                ids,
                new ParallelOptions { MaxDegreeOfParallelism = QuestionsAtATime, CancellationToken = cancellationToken },
                async (id, cancellation) => ends[id] = await EndOfAsync(id, cancellation));
            return LeaseEntries.Of(
                listing.Leases.Values,
                config is null ? null : listing.Survey(config),
                lease => lease.IsReservation ? DateTimeOffset.MaxValue : ends[lease.LeaseId]);
        });

    /// <inheritdoc/>
    public Task<LeaseReservation> ReserveAsync(
        NetworkConfig config, Ipv4Prefix subnet, Ipv4Address publicIp, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(config);
        ReservationRules.Check(config, subnet, publicIp);
        return ExplainedAsync($"reserve {subnet}", async () =>
        {
            EtcdListing listing = await EtcdListing.ReadAsync(_client, _keys, _ => null, cancellationToken);
            IReadOnlyList<SubnetLease> leases = listing.Survey(config).Leases;
            EtcdLease? found = listing.Find(subnet);
            if (found is { IsReadable: false })
            {
                throw new LeaseStoreException($"{subnet} cannot be reserved: {_keys.Of(subnet)} is there and is no "
                    + "lease "
                    + $"({found.Defect}); remove it first: overlay lease remove {subnet}");
            }

            ReservationRules.RequireFree(subnet, publicIp, found?.Lease, leases);
            ReservationKind kind =
                found is null ? ReservationKind.Made
                : found.IsReservation ? ReservationKind.Unchanged
                : ReservationKind.FromLease;
            if (kind != ReservationKind.Unchanged)
            {
                // What else the owner has said in its lease is kept as it stands: only the time to live goes.
                PutRequest put =
                    new() { Key = ByteString.CopyFromUtf8(_keys.Of(subnet)), IgnoreValue = found is not null };
                if (found is null)
                {
                    put.Value = ByteString.CopyFrom(new LeaseAttributes(publicIp).ToJson());
                }

                if (!await ChangeAsync(
                    put.Key, found?.ModRevision ?? 0, new RequestOp { RequestPut = put }, cancellationToken))
                {
                    throw ChangedMeanwhile($"the lease {subnet}");
                }
            }

            return new LeaseReservation(
                kind, leases.FirstOrDefault(lease => lease.PublicIp == publicIp && lease.Subnet != subnet)?.Subnet);
        });
    }

    /// <inheritdoc/>
    public Task<LeaseEntry?> RemoveAsync(string name, CancellationToken cancellationToken) =>
        ExplainedAsync<LeaseEntry?>($"remove the lease {name}", async () =>
        {
            EtcdListing listing = await EtcdListing.ReadAsync(_client, _keys, _ => null, cancellationToken);
            if (!listing.Leases.TryGetValue(name, out EtcdLease? found))
            {
                return null;
            }

            DateTimeOffset? end = found.IsReservation ? DateTimeOffset.MaxValue : await EndOfAsync(
                found.LeaseId, cancellationToken);
            RequestOp delete = new() { RequestDeleteRange = new DeleteRangeRequest { Key = found.RawKey } };
            return await ChangeAsync(found.RawKey, found.ModRevision, delete, cancellationToken)
                ? LeaseEntries.Of(found, end)
                : throw ChangedMeanwhile($"the lease {name}");
        });

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private async Task<KeyValue?> FindAsync(string key, CancellationToken cancellationToken)
    {
        RangeResponse answer = await _client.RangeAsync(
            new RangeRequest { Key = ByteString.CopyFromUtf8(key) }, cancellationToken);
        return answer.Kvs.Count > 0 ? answer.Kvs[0] : null;
    }

    // Null when the lease ended since it was listed, or when this user may not ask: the entry is still worth showing.
    private async Task<DateTimeOffset?> EndOfAsync(long leaseId, CancellationToken cancellationToken)
    {
        try
        {
            LeaseTimeToLiveResponse answer = await _client.LeaseTimeToLiveAsync(
                new LeaseTimeToLiveRequest { ID = leaseId }, cancellationToken);
            return answer.TTL > 0 ? _time.GetUtcNow() + TimeSpan.FromSeconds(answer.TTL) : null;
        }
        catch (EtcdException e) when (e.Code == StatusCode.PermissionDenied || e.IsLeaseNotFound)
        {
            return null;
        }
    }

    private async Task<bool> ChangeAsync(
        ByteString key, long seenRevision, RequestOp change, CancellationToken cancellationToken) =>
        (await _client.TxnAsync(ConditionalWrite.IfUnchanged(key, seenRevision, change), cancellationToken)).Succeeded;

    private static LeaseStoreException ChangedMeanwhile(string what) =>
        new($"{what} was changed by somebody else meanwhile, so it is left alone; look at it, and try again");

    private Task<T> ExplainedAsync<T>(string purpose, Func<Task<T>> work) =>
        EtcdFaults.ExplainedAsync(purpose, work, _keys);
}
