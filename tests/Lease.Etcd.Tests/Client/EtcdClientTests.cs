using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Mvccpb;
using Overlay.Lease.Etcd.Client;
using Overlay.Testing;
using Xunit;
using static Etcdserverpb.Compare.Types;
using static Overlay.Lease.Etcd.Tests.Requests;

namespace Overlay.Lease.Etcd.Tests.Client;

public sealed class EtcdClientTests(SharedEtcd etcd) : IClassFixture<SharedEtcd>, IAsyncDisposable
{
    private readonly EtcdClient _client = new(Options(etcd.Server.Endpoint));
    private readonly string _key = NewKey();

    [Fact]
    public async Task A_fault_of_ours_is_not_reported_as_a_lost_connection()
    {
        var method = new Method<RangeRequest, RangeResponse>(
            MethodType.Unary,
            "etcdserverpb.KV",
            "Range",
            Marshallers.Create(request => request.ToByteArray(), RangeRequest.Parser.ParseFrom),
            Marshallers.Create<RangeResponse>(
                response => response.ToByteArray(), _ => throw new NotSupportedException("a fault of ours")));
        using var connection = new EtcdConnection(etcd.Server.Endpoint, Options(etcd.Server.Endpoint));

        RpcException fault = await Assert.ThrowsAsync<RpcException>(() => UnaryCall.RunAsync(
            connection,
            EtcdCall.Of(Read(_key)),
            (to, options) => to.Invoker.AsyncUnaryCall(method, null, options, Read(_key)).ResponseAsync,
            token: null,
            TimeSpan.FromSeconds(20),
            Cancel));

        Assert.Equal("a fault of ours", Assert.IsType<NotSupportedException>(fault.InnerException).Message);
    }

    [Fact]
    public async Task What_etcd_says_of_a_failure_is_decoded_and_made_one_line()
    {
        await using var relay = new TcpRelay(etcd.Server.Endpoint);
        await using var client = new EtcdClient(
            Options(relay.Endpoint) with { PingInterval = TimeSpan.FromMinutes(1) }); // one connection for both calls
        Assert.Null(await client.ValueAsync(_key));
        relay.Refuse("KV/Range", (int)StatusCode.Unknown, "100%25 of%0Athe%20disk");

        EtcdException failure = await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync(_key));

        Assert.Equal(
            $"etcd http://{relay.Endpoint.Authority}: read of {_key}: 100% of the disk", failure.Message);
        Assert.Equal(StatusCode.Unknown, failure.Code);
    }

    [Fact]
    public async Task What_is_written_is_read_with_its_revisions()
    {
        PutResponse first = await _client.PutAsync(Write(_key, "one"), Cancel);
        PutResponse second = await _client.PutAsync(
            new PutRequest { Key = Bytes(_key), Value = Bytes("two"), PrevKv = true }, Cancel);
        RangeResponse response = await _client.RangeAsync(Read(_key), Cancel);

        KeyValue kv = Assert.Single(response.Kvs);
        Assert.Equal("two", kv.Value.ToStringUtf8());
        Assert.Equal("one", second.PrevKv.Value.ToStringUtf8());
        Assert.Equal(
            (first.Header.Revision, second.Header.Revision, 2, 0),
            (kv.CreateRevision, kv.ModRevision, kv.Version, kv.Lease));
        Assert.True(response.Header.Revision >= kv.ModRevision);
    }

    [Fact]
    public async Task A_range_reads_all_keys_with_the_prefix_and_can_be_removed_at_once()
    {
        await _client.PutAsync(Write($"{_key}/a", "1"), Cancel);
        await _client.PutAsync(Write($"{_key}/b", "2"), Cancel);
        RangeResponse response = await _client.RangeAsync(ReadAll($"{_key}/"), Cancel);
        Assert.Equal(["1", "2"], response.Kvs.Select(kv => kv.Value.ToStringUtf8()));

        RangeRequest range = ReadAll($"{_key}/");
        DeleteRangeResponse removed = await _client.DeleteRangeAsync(
            new DeleteRangeRequest { Key = range.Key, RangeEnd = range.RangeEnd, PrevKv = true }, Cancel);
        Assert.Equal((2, 2), (removed.Deleted, removed.PrevKvs.Count));
        Assert.Empty((await _client.RangeAsync(range, Cancel)).Kvs);
    }

    [Fact]
    public async Task A_transaction_does_one_thing_or_the_other()
    {
        TxnResponse won = await _client.TxnAsync(WriteIfAbsent(_key, "mine"), Cancel);
        TxnResponse lost = await _client.TxnAsync(WriteIfAbsent(_key, "yours"), Cancel);
        Assert.True(won.Succeeded);
        Assert.False(lost.Succeeded);
        Assert.Equal("mine", Assert.Single(lost.Responses).ResponseRange.Kvs.Single().Value.ToStringUtf8());
        Assert.Equal("mine", await _client.ValueAsync(_key));
    }

    [Fact]
    public async Task Every_kind_of_comparison_means_what_its_name_says()
    {
        long lease = (await _client.LeaseGrantAsync(new LeaseGrantRequest { TTL = 600 }, Cancel)).ID;
        await _client.PutAsync(Write(_key, "v", lease), Cancel);
        KeyValue kv = (await _client.RangeAsync(Read(_key), Cancel)).Kvs.Single();
        var request = new TxnRequest();
        request.Compare.AddRange(
        [
            On(CompareTarget.Version, compare => compare.Version = 1),
            On(CompareTarget.Create, compare => compare.CreateRevision = kv.CreateRevision),
            On(CompareTarget.Mod, compare => compare.ModRevision = kv.ModRevision),
            On(CompareTarget.Value, compare => compare.Value = Bytes("v")),
            On(CompareTarget.Lease, compare => compare.Lease = lease),
            On(CompareTarget.Mod, compare => compare.ModRevision = 0, CompareResult.Greater),
        ]);
        Assert.True((await _client.TxnAsync(request, Cancel)).Succeeded);
        request.Compare.Add(On(CompareTarget.Lease, compare => compare.Lease = lease, CompareResult.NotEqual));
        Assert.False((await _client.TxnAsync(request, Cancel)).Succeeded);

        Compare On(CompareTarget target, Action<Compare> with, CompareResult result = CompareResult.Equal)
        {
            var compare = new Compare { Key = kv.Key, Target = target, Result = result };
            with(compare);
            return compare;
        }
    }

    [Fact]
    public async Task A_lease_is_granted_kept_alive_asked_for_and_revoked_with_its_key()
    {
        LeaseGrantResponse lease = await _client.LeaseGrantAsync(new LeaseGrantRequest { TTL = 86_400 }, Cancel);
        await _client.PutAsync(Write(_key, "v", lease.ID), Cancel);
        LeaseTimeToLiveResponse asked = await _client.LeaseTimeToLiveAsync(
            new LeaseTimeToLiveRequest { ID = lease.ID, Keys = true }, Cancel);
        Assert.Equal((86_400, 86_400), (lease.TTL, asked.GrantedTTL));
        Assert.InRange(asked.TTL, 86_000, 86_400);
        Assert.Equal(_key, Assert.Single(asked.Keys).ToStringUtf8());

        LeaseKeepAliveResponse kept = await _client.LeaseKeepAliveAsync(lease.ID, Cancel);
        Assert.Equal((lease.ID, 86_400), (kept.ID, kept.TTL));

        await _client.LeaseRevokeAsync(lease.ID, Cancel);
        Assert.Null(await _client.ValueAsync(_key));
        Assert.Equal(0, (await _client.LeaseKeepAliveAsync(lease.ID, Cancel)).TTL);
        Assert.Equal(
            -1, (await _client.LeaseTimeToLiveAsync(new LeaseTimeToLiveRequest { ID = lease.ID }, Cancel)).TTL);
    }

    [Fact]
    public async Task A_lease_that_does_not_exist_is_an_error_of_the_request()
    {
        EtcdException failure = await Assert.ThrowsAsync<EtcdException>(
            () => _client.LeaseRevokeAsync(0xABCDE, Cancel));
        Assert.True(failure.IsLeaseNotFound && !failure.IsNotReady && !failure.IsRefused);
        Assert.Equal(
            $"etcd {etcd.Server.Endpoint.Scheme}://{etcd.Server.Endpoint.Authority}: revocation of lease abcde: "
                + "requested lease not found", failure.Message);
        Assert.True(
            (await Assert.ThrowsAsync<EtcdException>(
                () => _client.PutAsync(Write(_key, "v", 0xABCDE), Cancel))).IsLeaseNotFound);
    }

    [Fact]
    public async Task Status_tells_version_and_leader()
    {
        StatusResponse status = await _client.StatusAsync(etcd.Server.Endpoint, Cancel);
        Assert.StartsWith("3.", status.Version, StringComparison.Ordinal);
        Assert.Equal(status.Header.MemberId, status.Leader);
        Assert.Equal(status.Version, (await _client.StatusAsync(null, Cancel)).Version);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => _client.StatusAsync(new Uri("http://stranger:1"), Cancel));
    }

    [Fact]
    public async Task Ten_thousand_keys_are_read_in_one_answer()
    {
        const int Count = 10_000, AtOnce = 100;
        for (int i = 0; i < Count; i += AtOnce)
        {
            var batch = new TxnRequest();
            batch.Success.AddRange(Enumerable.Range(i, AtOnce)
                .Select(n => new RequestOp { RequestPut = Write($"{_key}/{n:d5}", $"{n}{new string('.', 200)}") }));
            await _client.TxnAsync(batch, Cancel);
        }

        RangeResponse response = await _client.RangeAsync(ReadAll($"{_key}/"), Cancel);
        Assert.Equal(Count, response.Kvs.Count);
        Assert.All(response.Kvs.Select((kv, n) => (kv, n)), pair => Assert.StartsWith(
            $"{pair.n}.", pair.kv.Value.ToStringUtf8(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Fifty_callers_at_once_get_each_their_own_answer()
    {
        await Task.WhenAll(Enumerable.Range(0, 50).Select(async n =>
        {
            await _client.PutAsync(Write($"{_key}/{n}", $"{n}"), Cancel);
            Assert.Equal($"{n}", await _client.ValueAsync($"{_key}/{n}"));
        }));
    }

    [Fact]
    public async Task A_call_that_is_cancelled_ends_as_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _client.RangeAsync(Read(_key), cancelled.Token));
    }

    [Fact]
    public async Task A_key_with_control_characters_makes_one_harmless_line()
    {
        EtcdException failure = await Assert.ThrowsAsync<EtcdException>(
            () => _client.PutAsync(Write("/a\nb\u001b[31m", "v", 0xABCDE), Cancel));
        Assert.Contains("write of /a b [31m:", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revision_that_is_compacted_or_to_come_cannot_be_read()
    {
        using var own = EtcdServer.Start();
        await using var client = new EtcdClient(Options(own.Endpoint));
        await client.PutAsync(Write(_key, "1"), Cancel);
        PutResponse last = await client.PutAsync(Write(_key, "2"), Cancel);
        await new EtcdAdministration(own.Endpoint).CompactAsync(last.Header.Revision, Cancel);

        EtcdException gone = await Assert.ThrowsAsync<EtcdException>(
            () => client.RangeAsync(new RangeRequest { Key = Bytes(_key), Revision = 1 }, Cancel));
        EtcdException toCome = await Assert.ThrowsAsync<EtcdException>(
            () => client.RangeAsync(new RangeRequest { Key = Bytes(_key), Revision = 1000 }, Cancel));
        Assert.True(gone.IsCompacted && !gone.IsNotReady);
        Assert.True(!toCome.IsCompacted && !toCome.IsNotReady);
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();
}
