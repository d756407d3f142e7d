using System;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Lease.Etcd.Client;
using Overlay.Lease.Etcd.Store;
using Overlay.Testing;
using Xunit;

namespace Overlay.Lease.Etcd.Tests.Store;

/// <summary>Servers that end a connection for its pings, and proxies that end a stream because it is idle.</summary>
public sealed class PunishedPingTests : IAsyncDisposable
{
    private const string Calm = "ended a connection or a call with ENHANCE_YOUR_CALM,";
    private const string WatchCall = "Watch/Watch", ReadCall = "KV/Range";
    private const string StatusCall = "Maintenance/Status";

    private static readonly NetworkConfig s_config = NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}""");

    private EtcdStoreLab? _lab;

    private EtcdStoreLab Lab => _lab ??= new EtcdStoreLab(
        new EtcdServerOptions { Arguments = ["--grpc-keepalive-min-time=30s"] });

    public ValueTask DisposeAsync() => _lab?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task A_server_that_takes_pings_for_too_many_is_reported_once_and_the_watch_stands_from_then_on()
    {
        // An etcd that says how often it may be pinged, and the proxy before it, whose gRPC library says so.
        using var proxy = new EtcdGrpcProxy(Lab.Server);
        await using var wire = new TcpRelay(proxy.Endpoint);
        EtcdOptions options = Lab.Options with
        {
            PingInterval = TimeSpan.FromSeconds(1), PingTimeout = TimeSpan.FromSeconds(2),
            RequestTimeout = TimeSpan.FromSeconds(20), ConnectTimeout = TimeSpan.FromSeconds(20),
        };
        await using var direct = new EtcdLeaseStore(
            options, EtcdLeaseStore.DefaultPrefix, TimeProvider.System, Lab.Warn);
        await using var proxied = new EtcdLeaseStore(
            options with { Endpoints = [wire.Endpoint] }, EtcdLeaseStore.DefaultPrefix, TimeProvider.System, Lab.Warn);
        await Lab.PutLeaseAsync("10.5.8.0-24", "192.0.2.8");
        await using var watch = new WatchLog(direct, s_config);
        await using var beside = new WatchLog(proxied, s_config);
        TcpRelay[] wires = [Lab.Relay, wire];

        // Each answer to a question in place of a ping is one more ping that neither has counted; three would be too
        // many.
        await Eventually.IsTrue(
            () => wires.All(one => one.Calls(StatusCall) >= 4),
            () => string.Join("; ", [
                .. Lab.Warnings, .. wires.Select(one => $"{one.Connections}, {one.Calls(StatusCall)}")]));
        await Lab.PutLeaseAsync("10.5.9.0-24", "192.0.2.9");
        foreach (WatchLog one in (WatchLog[])[watch, beside])
        {
            await one.WaitForAsync("changes 10.5.9.0/24=192.0.2.9");
            Assert.Equal(["snapshot 10.5.8.0/24=192.0.2.8", "changes 10.5.9.0/24=192.0.2.9"], one.Descriptions);
        }

        Assert.All(Lab.Warnings, line => Assert.Contains(Calm, line, StringComparison.Ordinal));
        foreach (TcpRelay one in wires)
        {
            Assert.Single(Lab.Warnings, line => line.Contains(one.Endpoint.Authority, StringComparison.Ordinal));
            Assert.Equal(1, one.Calls(ReadCall));
            Assert.InRange(one.Connections, 2, 3); // one more where a busy machine has no answer for 2 s
        }

        // Dead, it is found as soon as with pings, and left for a new one.
        int before = wire.Connections;
        proxy.Pause();
        await Eventually.IsTrue(() => wire.Connections > before, () => "a new connection");
        proxy.Resume();
        await Lab.PutLeaseAsync("10.5.10.0-24", "192.0.2.10");
        await beside.WaitForAsync("changes 10.5.10.0/24=192.0.2.10");
        Assert.DoesNotContain("gap", beside.Descriptions);
    }

    [Fact]
    public async Task A_stream_that_a_proxy_ends_and_a_connection_that_a_server_ends_are_resumed_without_a_word()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        await Lab.PutLeaseAsync("10.5.8.0-24", "192.0.2.8");
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync(1);
        await Lab.PutLeaseAsync("10.5.100.0-24", "192.0.2.9");
        await watch.WaitForAsync("changes 10.5.100.0/24=192.0.2.9"); // the watch is confirmed

        await EndAsync(1, () => Lab.Relay.ResetAsync(WatchCall));
        await EndAsync(2, () =>
        {
            Lab.Relay.Redirect(Lab.Server.Endpoint);
            return Task.CompletedTask;
        });

        Assert.Equal(
            [
                "snapshot 10.5.8.0/24=192.0.2.8", "changes 10.5.100.0/24=192.0.2.9",
                "changes 10.5.101.0/24=192.0.2.9", "changes 10.5.102.0/24=192.0.2.9",
            ],
            watch.Descriptions);
        Assert.Empty(Lab.Warnings);
        Assert.Equal(1, Lab.Relay.Calls(ReadCall));

        async Task EndAsync(int time, Func<Task> end)
        {
            await end();
            await Lab.PutLeaseAsync($"10.5.10{time}.0-24", "192.0.2.9");
            await watch.WaitForAsync($"changes 10.5.10{time}.0/24=192.0.2.9");
            Assert.Equal(time + 1, Lab.Relay.Calls(WatchCall));
        }
    }

    [Fact]
    public async Task A_watch_that_breaks_off_again_and_again_is_reported_once()
    {
        await using EtcdLeaseStore store = Lab.NewStore(clock: new ImpatientTime(_ => { }));
        await using var watch = new WatchLog(store, s_config);
        for (int time = 1; time <= 5; time++)
        {
            await Eventually.IsTrue(() => Lab.Relay.Calls(WatchCall) == time, () => $"watch {time}");
            await Lab.PutLeaseAsync($"10.5.{time}.0-24", "192.0.2.9");
            await watch.WaitForAsync($"changes 10.5.{time}.0/24=192.0.2.9");
            await Lab.Relay.ResetAsync(WatchCall);
        }

        string line = Assert.Single(Lab.Warnings);
        Assert.Contains("breaks off again and again", line, StringComparison.Ordinal);
        Assert.DoesNotContain("gap", watch.Descriptions);
        Assert.Equal(1, Lab.Relay.Calls(ReadCall));
    }
}
