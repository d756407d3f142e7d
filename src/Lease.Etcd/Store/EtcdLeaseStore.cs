using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Etcdserverpb;
using Google.Protobuf;
using Overlay.Lease.Etcd.Client;
using Overlay.Lease.Judging;
using Overlay.Lease.StoreKit;

namespace Overlay.Lease.Etcd.Store;

/// <summary>
/// Leases in etcd v3 under flannel's own keys and values, so that stock nodes and ours share one network. etcd ends a
/// lease 24 hours after it was written; a key without a time to live is a reservation and stays one.
/// </summary>
/// <remarks>
/// Nothing is written but our own key, and that only on condition that it still is as it was read. A bad key is passed
/// over, with one warning for each version of it; a key that was good keeps its last good content until it is good
/// again or gone.
/// </remarks>
public sealed class EtcdLeaseStore : ILeaseStore
{
    /// <summary>flannel's prefix.</summary>
    public const string DefaultPrefix = "/coreos.com/network";

    internal const string Noun = "key";

    private readonly EtcdKeys _keys;
    private readonly EtcdClient _client;
    private readonly EtcdLeaseWriter _writer;
    private readonly OwnLeaseKeeper _keeper;
    private readonly TimeProvider _clock;
    private readonly Action<string> _warn;
    private readonly SemaphoreSlim _writing = new(1);

    private int _watchSeed;

    /// <summary>Reads certificate files if there are any; etcd is asked nothing yet.</summary>
    /// <param name="options">How etcd is reached.</param>
    /// <param name="prefix">Below which flannel's keys are, for example <see cref="DefaultPrefix"/>.</param>
    /// <param name="clock">Dates our own lease and runs the waits. No clock decides over a lease in etcd.</param>
    /// <param name="warn">Gets one line for each thing passed over; called from any thread, one call at a time.</param>
    /// <param name="random">Chooses among free subnets and varies the waits; null for an unpredictable choice.</param>
    /// <exception cref="LeaseStoreException">A certificate file cannot be used.</exception>
    public EtcdLeaseStore(
        EtcdOptions options, string prefix, TimeProvider clock, Action<string> warn, Random? random = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(prefix);
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(warn);
        _keys = new EtcdKeys(prefix);
        Description = _keys.Describe(options);
        _clock = clock;
        _warn = Warnings.OneAtATime(warn);
        try
        {
            _client = new EtcdClient(options, _warn, new StoreCounts(clock));
        }
        catch (EtcdException problem)
        {
            throw EtcdFaults.Explain("use etcd", problem, _keys);
        }

        _writer = new EtcdLeaseWriter(_client, _keys, clock);
        random ??= new Random();
        _watchSeed = random.Next();
        _keeper = new OwnLeaseKeeper(_client, _keys, _writer, clock, _warn, random);
    }

    /// <summary>
    /// How often a watch reads all leases though nothing was announced, up to a fifth sooner or later. Default 5 min.
    /// </summary>
    public TimeSpan RelistInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long a watch keeps to what it knows when etcd turns out to be another one, or an older state of itself: by
    /// then the hosts have written their leases there. Default 60 s.
    /// </summary>
    public TimeSpan StrangeStorePatience { get; init; } = TimeSpan.FromSeconds(60);

    /// <inheritdoc/>
    public string Description { get; }

    /// <inheritdoc/>
    public StoreCounts Counts => _client.Counts;

    /// <inheritdoc/>
    public async Task<NetworkConfig> ReadConfigAsync(CancellationToken cancellation)
    {
        var request = new RangeRequest { Key = ByteString.CopyFromUtf8(_keys.Config) };
        RangeResponse answer = await ExplainedAsync(
            "read the network config", () => _client.RangeAsync(request, cancellation));
        if (answer.Kvs.Count == 0)
        {
            throw new LeaseStoreNotReadyException(
                $"flannel config not found in etcd store at {_keys.Config}; put one with: overlay config put, for "
                    + $"example: {StoredConfigText.Example}");
        }

        return StoredConfigText.Parse(
            answer.Kvs[0].Value.ToStringUtf8(), $"{_keys.Config} in etcd", "correct it with: overlay config put");
    }

    /// <inheritdoc/>
    public Task<AcquiredLease> AcquireAsync(
        NetworkConfig config, LeaseRequest request, CancellationToken cancellation)
    {
        AcquireRules.Check(config, request, _keys.Config);
        _keeper.Use(config);
        return InTurnAsync(
            "take a lease", () => _keeper.AcquireAsync(config, request, cancellation), cancellation);
    }

    /// <inheritdoc/>
    public Task<SubnetLease?> FindOwnAsync(
        NetworkConfig config, LeaseRequest request, CancellationToken cancellation)
    {
        AcquireRules.Check(config, request, _keys.Config);
        return ExplainedAsync("look for the own lease", FindOwnAsync);

        async Task<SubnetLease?> FindOwnAsync()
        {
            EtcdListing listing = await EtcdListing.ReadAsync(_client, _keys, _ => null, cancellation);
            return AcquireChoice.FindHeld(listing.Survey(config), config, request)?.Lease;
        }
    }

    /// <inheritdoc/>
    public Task<SubnetLease> RenewAsync(SubnetLease own, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(own);
        return InTurnAsync(
            $"renew the lease {own.Subnet}", () => _keeper.RenewAsync(own, cancellation), cancellation);
    }

    /// <inheritdoc/>
    public Task ReleaseAsync(SubnetLease own, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(own);
        return InTurnAsync($"give back the lease {own.Subnet}", ReleaseAsync, cancellation);

        async Task<bool> ReleaseAsync()
        {
            await _keeper.ReleaseAsync(own, cancellation);
            return true;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<LeaseUpdate> WatchAsync(
        NetworkConfig config, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(config);
        _keeper.Use(config);
        // A watch runs beside the keeper, and a Random is for one thread.
        var random = new Random(Interlocked.Increment(ref _watchSeed));
        await using var watch = new EtcdLeaseWatch(_client, _keys, config, _keeper, _clock, _warn, random)
        {
            RelistInterval = RelistInterval,
            StrangeStorePatience = StrangeStorePatience,
        };
        while (true)
        {
            yield return await watch.NextAsync(cancellation);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        _writing.Dispose();
    }

    private async Task<T> InTurnAsync<T>(string purpose, Func<Task<T>> work, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            return await ExplainedAsync(purpose, work);
        }
        finally
        {
            _writing.Release();
        }
    }

    private Task<T> ExplainedAsync<T>(string purpose, Func<Task<T>> work) =>
        EtcdFaults.ExplainedAsync(purpose, work, _keys);
}
