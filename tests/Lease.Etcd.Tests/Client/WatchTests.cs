using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Etcdserverpb;
using Mvccpb;
using Overlay.Lease.Etcd.Client;
using Overlay.Testing;
using Xunit;
using static Overlay.Lease.Etcd.Tests.Requests;

namespace Overlay.Lease.Etcd.Tests.Client;

public sealed class WatchTests(SharedEtcd etcd) : IClassFixture<SharedEtcd>, IAsyncDisposable
{
    private readonly EtcdClient _client = new(Options(etcd.Server.Endpoint));
    private readonly string _key = NewKey();

    [Fact]
    public async Task A_watch_is_confirmed_and_then_tells_of_puts_and_deletes()
    {
        await using IAsyncEnumerator<WatchResponse> watch = _client.WatchAsync(Watch(_key), Cancel)
            .GetAsyncEnumerator(Cancel);
        Assert.True((await NextAsync(watch)).Created);

        await _client.PutAsync(Write($"{_key}/a", "1"), Cancel);
        Event put = Assert.Single((await NextAsync(watch)).Events);
        await _client.DeleteRangeAsync(new DeleteRangeRequest { Key = Bytes($"{_key}/a") }, Cancel);
        Event deleted = Assert.Single((await NextAsync(watch)).Events);

        Assert.Equal((Event.Types.EventType.Put, $"{_key}/a", "1"), (
            put.Type, put.Kv.Key.ToStringUtf8(), put.Kv.Value.ToStringUtf8()));
        Assert.Equal((Event.Types.EventType.Delete, $"{_key}/a"), (deleted.Type, deleted.Kv.Key.ToStringUtf8()));
    }

    [Fact]
    public async Task A_watch_from_a_revision_tells_what_has_happened_since()
    {
        PutResponse first = await _client.PutAsync(Write(_key, "1"), Cancel);
        await _client.PutAsync(Write(_key, "2"), Cancel);
        await _client.PutAsync(Write(_key, "3"), Cancel);

        await using IAsyncEnumerator<WatchResponse> watch = _client.WatchAsync(
            Watch(_key, first.Header.Revision + 1), Cancel).GetAsyncEnumerator(Cancel);
        Assert.True((await NextAsync(watch)).Created);
        List<string> values = [];
        while (values.Count < 2)
        {
            values.AddRange((await NextAsync(watch)).Events.Select(change => change.Kv.Value.ToStringUtf8()));
        }

        Assert.Equal(["2", "3"], values);
    }

    [Fact]
    public async Task A_watch_that_is_cancelled_ends_as_cancelled_and_the_connection_goes_on()
    {
        using var stop = new CancellationTokenSource();
        await using IAsyncEnumerator<WatchResponse> watch = _client.WatchAsync(Watch(_key), stop.Token)
            .GetAsyncEnumerator(Cancel);
        Assert.True((await NextAsync(watch)).Created);
        Task<bool> waiting = watch.MoveNextAsync().AsTask();
        stop.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Null(await _client.ValueAsync(_key));
    }

    [Fact]
    public async Task A_watch_from_a_compacted_revision_says_where_history_begins_and_ends()
    {
        using var own = EtcdServer.Start();
        await using var client = new EtcdClient(Options(own.Endpoint));
        await client.PutAsync(Write(_key, "1"), Cancel);
        PutResponse last = await client.PutAsync(Write(_key, "2"), Cancel);
        await new EtcdAdministration(own.Endpoint).CompactAsync(last.Header.Revision, Cancel);

        await using IAsyncEnumerator<WatchResponse> watch = client.WatchAsync(Watch(_key, 1), Cancel)
            .GetAsyncEnumerator(Cancel);
        Assert.True((await NextAsync(watch)).Created);
        WatchResponse cancelled = await NextAsync(watch);
        Assert.True(cancelled.Canceled);
        Assert.Equal(last.Header.Revision, cancelled.CompactRevision);
        EtcdException end = await Assert.ThrowsAsync<EtcdException>(async () => await watch.MoveNextAsync());
        Assert.True(end.IsCompacted);
        Assert.Contains($"the oldest is {last.Header.Revision}", end.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_ends_when_etcd_is_killed_and_can_be_opened_again()
    {
        using var own = EtcdServer.Start();
        await using var client = new EtcdClient(Options(own.Endpoint));
        PutResponse before = await client.PutAsync(Write(_key, "1"), Cancel);
        await using (
            IAsyncEnumerator<WatchResponse> watch = client.WatchAsync(Watch(_key), Cancel).GetAsyncEnumerator(Cancel))
        {
            Assert.True((await NextAsync(watch)).Created);
            own.Kill();
            EtcdException end = await Assert.ThrowsAsync<EtcdException>(async () => await watch.MoveNextAsync());
            Assert.True(end.IsNotReady, end.Message);
        }

        EtcdException refusal =
            await Assert.ThrowsAsync<EtcdException>(() => client.PutAsync(Write(_key, "2"), Cancel));
        Assert.Equal(EtcdFailure.NotSent, refusal.Failure);
        own.Restart();
        await client.PutAsync(Write(_key, "2"), Cancel);
        await using IAsyncEnumerator<WatchResponse> again = client.WatchAsync(
            Watch(_key, before.Header.Revision + 1), Cancel).GetAsyncEnumerator(Cancel);
        Assert.True((await NextAsync(again)).Created);
        Assert.Equal("2", Assert.Single((await NextAsync(again)).Events).Kv.Value.ToStringUtf8());
    }

    [Fact]
    public async Task A_quiet_watch_outlives_many_pings()
    {
        // As often as this etcd allows, which is the case with the defaults of both, too.
        Assert.Equal(TimeSpan.FromSeconds(5), Options(etcd.Server.Endpoint).PingInterval);
        using var own = EtcdServer.Start(new EtcdServerOptions { Arguments = ["--grpc-keepalive-min-time=1s"] });
        await using var client = new EtcdClient(Options(own.Endpoint) with { PingInterval = TimeSpan.FromSeconds(1) });
        await using IAsyncEnumerator<WatchResponse> watch = client.WatchAsync(Watch(_key), Cancel)
            .GetAsyncEnumerator(Cancel);
        Assert.True((await NextAsync(watch)).Created);
        Task<WatchResponse> next = NextAsync(watch);

        // Four pings at least: the third too many ends it (grpc-go's http2_server.go, maxPingStrikes).
        await Assert.ThrowsAsync<TimeoutException>(() => next.WaitAsync(TimeSpan.FromSeconds(6), Cancel));
        await client.PutAsync(Write(_key, "after the silence"), Cancel);
        Assert.Equal("after the silence", Assert.Single((await next).Events).Kv.Value.ToStringUtf8());
    }

    [Fact]
    public async Task A_watch_on_an_etcd_that_hangs_is_ended_by_a_ping_without_an_answer()
    {
        using var own = EtcdServer.Start();
        var second = TimeSpan.FromSeconds(1);
        await using var client = new EtcdClient(
            Options(own.Endpoint) with { PingInterval = second, PingTimeout = second });
        await using IAsyncEnumerator<WatchResponse> watch = client.WatchAsync(Watch(_key), Cancel)
            .GetAsyncEnumerator(Cancel);
        Assert.True((await NextAsync(watch)).Created);
        own.Pause();
        EtcdException end = await Assert.ThrowsAsync<EtcdException>(() => NextAsync(watch));
        Assert.True(end.IsNotReady, end.Message);
        Assert.DoesNotContain("client port", end.Message, StringComparison.Ordinal); // it has answered before
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private static async Task<WatchResponse> NextAsync(IAsyncEnumerator<WatchResponse> watch)
    {
        Assert.True(await watch.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60), Cancel));
        return watch.Current;
    }
}
