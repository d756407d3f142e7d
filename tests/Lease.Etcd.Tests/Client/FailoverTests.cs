using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading.Tasks;
using Etcdserverpb;
using Grpc.Core;
using Overlay.Lease.Etcd.Client;
using Overlay.Testing;
using Xunit;
using static Overlay.Lease.Etcd.Tests.Requests;

namespace Overlay.Lease.Etcd.Tests.Client;

public sealed class FailoverTests(SharedEtcd etcd) : IClassFixture<SharedEtcd>
{
    // Waited for where no answer comes.
    private static readonly TimeSpan s_short = TimeSpan.FromMilliseconds(500);

    // Waited for where no answer comes, and long enough for the answers that do, however busy the machine is.
    private static readonly TimeSpan s_medium = TimeSpan.FromSeconds(4);

    // So long that a test that comes to its end in a third of it has waited for none, however busy the machine is.
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(60);

    private readonly string _key = NewKey();

    [Fact]
    public async Task An_endpoint_that_refuses_costs_nothing_for_reads_writes_and_watches()
    {
        EtcdOptions options = Options(
            DeadEnds.Refusing(), etcd.Server.Endpoint) with { RequestTimeout = s_long, ConnectTimeout = s_long };
        await using var client = new EtcdClient(options);
        long start = Stopwatch.GetTimestamp();
        await client.PutAsync(Write(_key, "v"), Cancel);
        await using var second = new EtcdClient(options);
        Assert.Equal("v", await second.ValueAsync(_key));
        await using var third = new EtcdClient(options);
        await foreach (WatchResponse response in third.WatchAsync(Watch(_key), Cancel))
        {
            Assert.True(response.Created);
            break;
        }

        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, s_long / 3);
    }

    [Fact]
    public async Task An_endpoint_that_hangs_costs_a_read_its_deadline_once()
    {
        using LoopbackServer hanging = DeadEnds.Silent();
        await using var client = new EtcdClient(
            Options(hanging.Endpoint, etcd.Server.Endpoint) with { RequestTimeout = s_medium });
        long start = Stopwatch.GetTimestamp();
        Assert.Null(await client.ValueAsync(_key));
        Assert.True(Stopwatch.GetElapsedTime(start) >= s_medium);

        // The one that works is asked from now on: the other's connection was given up, so that asking it takes a new
        // one.
        Assert.Null(await client.ValueAsync(_key));
        Assert.Equal(1, hanging.Connections);
    }

    [Fact]
    public async Task A_write_that_got_no_answer_is_not_done_twice()
    {
        // Both endpoints lead to one etcd, so that it has counted what was done.
        await using var relay = new TcpRelay(etcd.Server.Endpoint);
        relay.MuteAfter("KV/Put");
        await using var client = new EtcdClient(
            Options(relay.Endpoint, etcd.Server.Endpoint) with { RequestTimeout = s_medium });
        EtcdException failure = await Assert.ThrowsAsync<EtcdException>(
            () => client.PutAsync(Write(_key, "v"), Cancel));
        Assert.Equal((StatusCode.DeadlineExceeded, EtcdFailure.Interrupted), (failure.Code, failure.Failure));
        Assert.StartsWith(
            $"etcd http://{relay.Endpoint.Authority}: write of {_key}: no answer within 4 s",
            failure.Message,
            StringComparison.Ordinal);
        Assert.Equal(1, await VersionAsync());

        // The next call asks the other.
        await client.PutAsync(Write(_key, "again"), Cancel);
        Assert.Equal(2, await VersionAsync());

        async Task<long> VersionAsync()
        {
            await using var other = new EtcdClient(Options(etcd.Server.Endpoint));
            return Assert.Single((await other.RangeAsync(Read(_key), Cancel)).Kvs).Version;
        }
    }

    [Fact]
    public async Task A_hanging_etcd_that_goes_on_is_reached_again_at_once()
    {
        using var own = EtcdServer.Start();
        await using var client = new EtcdClient(Options(own.Endpoint) with { RequestTimeout = s_short });
        Assert.Null(await UntilReadyAsync(() => client.ValueAsync(_key), within: s_long));
        own.Pause();
        Assert.True((await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync(_key))).IsNotReady);
        own.Resume();
        Assert.Null(await UntilReadyAsync(() => client.ValueAsync(_key), within: s_long));
    }

    [Fact]
    public async Task A_call_that_got_no_answer_leaves_a_watch_that_may_still_live()
    {
        using var own = EtcdServer.Start();
        await using var client = new EtcdClient(
            Options(own.Endpoint) with { RequestTimeout = s_medium, PingTimeout = s_long });
        await using IAsyncEnumerator<WatchResponse> watch = client.WatchAsync(Watch(_key), Cancel)
            .GetAsyncEnumerator(Cancel);
        Assert.True(await watch.MoveNextAsync());
        Task<bool> next = watch.MoveNextAsync().AsTask();
        own.Pause();
        Assert.True((await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync(_key))).IsNotReady);
        own.Resume();
        await UntilReadyAsync(() => client.PutAsync(Write(_key, "later"), Cancel), within: s_long);
        Assert.True(await next);
        Assert.Equal("later", watch.Current.Events[0].Kv.Value.ToStringUtf8());
    }

    [Fact]
    public async Task A_watch_ends_when_its_client_is_disposed()
    {
        var client = new EtcdClient(Options(etcd.Server.Endpoint));
        await using IAsyncEnumerator<WatchResponse> watch = client.WatchAsync(Watch(_key), Cancel)
            .GetAsyncEnumerator(Cancel);
        Assert.True(await watch.MoveNextAsync());
        Task<bool> next = watch.MoveNextAsync().AsTask();
        await client.DisposeAsync();
        Assert.Contains("the client was disposed", (
            await Assert.ThrowsAsync<EtcdException>(() => next)).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.ValueAsync(_key));
    }

    [Fact]
    public async Task A_watch_opened_again_asks_the_next_endpoint()
    {
        using var own = EtcdServer.Start();
        await using var client = new EtcdClient(Options(own.Endpoint, etcd.Server.Endpoint));
        IAsyncEnumerator<WatchResponse> watch = client.WatchAsync(Watch(_key), Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await watch.MoveNextAsync());
        own.Stop();
        Assert.True((await Assert.ThrowsAsync<EtcdException>(async () => await watch.MoveNextAsync())).IsNotReady);
        await watch.DisposeAsync();

        watch = client.WatchAsync(Watch(_key), Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await watch.MoveNextAsync());
        await client.PutAsync(Write(_key, "there"), Cancel);
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal("there", Assert.Single(watch.Current.Events).Kv.Value.ToStringUtf8());
        await watch.DisposeAsync();
    }

    [Fact]
    public async Task Without_any_endpoint_the_line_names_them_all_and_each_reason()
    {
        using LoopbackServer hanging = DeadEnds.Silent();
        Uri refusing = DeadEnds.Refusing();
        await using var client = new EtcdClient(Options(refusing, hanging.Endpoint) with
        {
            RequestTimeout = TimeSpan.FromSeconds(2),
        });
        EtcdException failure = await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync(_key));
        Assert.True(failure.IsNotReady);
        Assert.Equal(
            $"etcd: read of {_key}: no endpoint can do it: {refusing.Authority}: Connection refused; "
                + $"{hanging.Endpoint.Authority}: no answer within 2 s. "
                + "Is http right, and this a client port of etcd v3?",
            failure.Message);
    }

    [Fact]
    public async Task A_connection_that_does_not_come_up_costs_the_connect_timeout_and_a_write_goes_to_the_next()
    {
        using DeadEnds.Full silent = DeadEnds.FillUp();
        EtcdOptions options = Options(silent.Endpoint) with { ConnectTimeout = s_medium, RequestTimeout = s_long };
        await using var alone = new EtcdClient(options with { ConnectTimeout = s_short });
        EtcdException failure = await Assert.ThrowsAsync<EtcdException>(() => alone.PutAsync(Write(_key, "v"), Cancel));
        Assert.Equal(
            (EtcdFailure.NotSent, $"etcd http://{silent.Endpoint.Authority}: write of {_key}: no connection in time"), (
                failure.Failure, failure.Message));

        await using var client = new EtcdClient(options with { Endpoints = [silent.Endpoint, etcd.Server.Endpoint] });
        await client.PutAsync(Write(_key, "v"), Cancel);
        Assert.Equal("v", await client.ValueAsync(_key));
    }

    [Fact]
    public async Task A_cluster_goes_on_without_a_member_then_without_its_leader_and_not_without_a_majority()
    {
        using var cluster = EtcdCluster.Start();
        EtcdServer leader = await cluster.FindLeaderAsync(Cancel);
        int first = ((List<EtcdServer>)[.. cluster.Members]).FindIndex(member => member != leader);
        EtcdOptions options = Options([cluster.Endpoints[first], .. cluster.Endpoints]);
        await using var patient = new EtcdClient(options with { RequestTimeout = s_long, ConnectTimeout = s_long });
        await patient.PutAsync(Write(_key, "three"), Cancel);

        cluster.Members[first].Stop();
        long start = Stopwatch.GetTimestamp();
        await patient.PutAsync(Write(_key, "two"), Cancel);
        Assert.Equal("two", await patient.ValueAsync(_key));
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, s_long / 3); // no deadline was waited for

        await using var client = new EtcdClient(options with { RequestTimeout = s_medium });
        cluster.Members[first].Restart();
        leader.Kill();
        await UntilReadyAsync(
            () => client.PutAsync(Write(_key, "without its leader"), Cancel), within: s_long);
        Assert.Equal("without its leader", await UntilReadyAsync(
            () => client.ValueAsync(_key), within: s_long));

        // The last one knows of no leader and says so instead of keeping the call until its deadline.
        await using IAsyncEnumerator<WatchResponse> watch = client.WatchAsync(Watch(_key), Cancel)
            .GetAsyncEnumerator(Cancel);
        Assert.True(await watch.MoveNextAsync());
        cluster.Members[first].Kill();
        EtcdException end = await Assert.ThrowsAsync<EtcdException>(async () => await watch.MoveNextAsync());
        Assert.True(end.IsNotReady, end.Message);
        long since = Stopwatch.GetTimestamp();
        EtcdException failure;
        do
        {
            failure = await Assert.ThrowsAsync<EtcdException>(() => client.PutAsync(Write(_key, "alone"), Cancel));
            Assert.True(failure.IsNotReady, failure.Message);
            Assert.True(Stopwatch.GetElapsedTime(since) < s_long, failure.Message);
        }
        while (!failure.Message.Contains("no leader", StringComparison.Ordinal));
        Assert.Equal(EtcdFailure.NotSent, failure.Failure);
    }
}
