using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Etcdserverpb;
using Google.Protobuf;
using Mvccpb;
using Overlay.Lease.Etcd.Client;
using Overlay.Lease.Etcd.Store;
using Overlay.Testing;
using Xunit;

namespace Overlay.Lease.Etcd.Tests.Store;

/// <summary>An etcd, and a client of the test's own that writes behind the store's back.</summary>
public sealed class EtcdStoreLab : IAsyncDisposable
{
    private readonly EtcdClient _client;
    private readonly List<string> _warnings = [];

    /// <param name="options">Of the etcd.</param>
    /// <param name="prefix">Of the stores' keys.</param>
    /// <param name="patience">How long a store waits for an answer; null for as short as a test may wait.</param>
    internal EtcdStoreLab(
        EtcdServerOptions? options = null, string prefix = EtcdLeaseStore.DefaultPrefix, TimeSpan? patience = null)
    {
        Server = EtcdServer.Start(options);
        Relay = new TcpRelay(Server.Endpoint);
        Prefix = prefix;
        Options = new EtcdOptions
        {
            Endpoints = [Relay.Endpoint],
            RequestTimeout = patience ?? TimeSpan.FromSeconds(2),
        };
        _client = new EtcdClient(Requests.Options(Server.Endpoint)); // waits that a busy machine does not come to
    }

    internal static CancellationToken Cancel => TestContext.Current.CancellationToken;

    internal EtcdServer Server { get; }

    /// <summary>What the stores reach the server through, and the test does not.</summary>
    internal TcpRelay Relay { get; }

    internal string Prefix { get; }

    /// <summary>Waits short enough for a test.</summary>
    internal EtcdOptions Options { get; }

    internal EtcdClient Client => _client;

    internal string[] Warnings
    {
        get
        {
            lock (_warnings)
            {
                return [.. _warnings];
            }
        }
    }

    internal EtcdLeaseStore NewStore(int seed = 1, TimeSpan? relist = null, TimeProvider? clock = null) => new(
        Options, Prefix, clock ?? TimeProvider.System, Warn, new Random(seed))
    {
        RelistInterval = relist ?? TimeSpan.FromMinutes(5),
        StrangeStorePatience = TimeSpan.FromSeconds(1),
    };

    internal void Warn(string line)
    {
        lock (_warnings)
        {
            _warnings.Add(line);
        }
    }

    internal string KeyOf(string name) => $"{Prefix}/subnets/{name}";

    /// <returns>The revision of the write.</returns>
    internal async Task<long> PutAsync(string key, string value, long lease = 0)
    {
        var request = new PutRequest
        {
            Key = ByteString.CopyFromUtf8(key),
            Value = ByteString.CopyFromUtf8(value),
            Lease = lease,
        };
        return (await _client.PutAsync(request, Cancel)).Header.Revision;
    }

    /// <summary>Writes a lease as flannel does, with a time to live in seconds; 0 for none.</summary>
    internal async Task<long> PutLeaseAsync(string name, string publicIp, long ttl = 86_400) =>
        await PutAsync(KeyOf(name), LeaseText.Value(publicIp), ttl == 0 ? 0 : await GrantAsync(ttl));

    internal async Task<long> GrantAsync(long ttl) =>
        (await _client.LeaseGrantAsync(new LeaseGrantRequest { TTL = ttl }, Cancel)).ID;

    internal Task DeleteAsync(string name) => _client.DeleteRangeAsync(
        new DeleteRangeRequest { Key = ByteString.CopyFromUtf8(KeyOf(name)) }, Cancel);

    /// <summary>Null when there is no such lease.</summary>
    internal async Task<KeyValue?> ReadAsync(string name) =>
        (await _client.RangeAsync(
            new RangeRequest { Key = ByteString.CopyFromUtf8(KeyOf(name)) }, Cancel)).Kvs.FirstOrDefault();

    internal async Task<IReadOnlyList<KeyValue>> ReadAllAsync() => (await _client.RangeAsync(
        new RangeRequest
        {
            Key = ByteString.CopyFromUtf8($"{Prefix}/subnets/"),
            RangeEnd = ByteString.CopyFromUtf8($"{Prefix}/subnets0"),
        },
        Cancel)).Kvs;

    /// <summary>Seconds left of a key's time to live; −1 for none.</summary>
    internal async Task<long> TimeToLiveAsync(string name)
    {
        KeyValue kv = await ReadAsync(name) ?? throw new InvalidOperationException($"there is no {name}");
        return kv.Lease == 0
            ? -1
            : (await _client.LeaseTimeToLiveAsync(new LeaseTimeToLiveRequest { ID = kv.Lease }, Cancel)).TTL;
    }

    /// <summary>Does something while no store reaches etcd.</summary>
    internal async Task WhileCutAsync(WatchLog watch, Func<Task> work)
    {
        int before = watch.Updates.Length;
        Relay.Cut();
        await watch.WaitForAsync("gap", before);
        await work();
        Relay.Heal();
    }

    /// <summary>Writes other keys, then forgets all history.</summary>
    internal async Task BumpAndCompactAsync()
    {
        long revision = 0;
        for (int i = 0; i < 5; i++)
        {
            revision = await PutAsync("/elsewhere", $"{i}");
        }

        await new EtcdAdministration(Server.Endpoint).CompactAsync(revision, Cancel);
    }

    /// <summary>Removes every key, so that the next test finds an empty etcd.</summary>
    internal async Task ClearAsync()
    {
        await _client.DeleteRangeAsync(
            new DeleteRangeRequest { Key = ByteString.CopyFrom(0), RangeEnd = ByteString.CopyFrom(0) },
            CancellationToken.None);
        lock (_warnings)
        {
            _warnings.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await Relay.DisposeAsync();
        Server.Dispose();
    }
}

/// <summary>
/// One etcd for a whole class of tests. It starts with the first of them: what a fixture throws when it is made,
/// without an etcd for example, fails the tests instead of skipping them.
/// </summary>
public sealed class SharedStoreLab : IAsyncDisposable
{
    private EtcdStoreLab? _lab;

    public EtcdStoreLab Lab => _lab ??= new();

    public ValueTask DisposeAsync() => _lab?.DisposeAsync() ?? ValueTask.CompletedTask;
}
