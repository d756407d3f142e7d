using System;
using System.Threading.Tasks;
using Overlay.Lease.Etcd.Store;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.LeaseText;

namespace Overlay.Lease.Etcd.Tests.Store;

/// <summary>What a store does while something else than etcd answers at its endpoint.</summary>
public sealed class EtcdStrangerTests : IAsyncDisposable
{
    private static readonly NetworkConfig s_config = NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}""");

    private readonly EtcdStoreLab _lab = new();

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    [Theory]
    [InlineData("a proxy that answers 503")]
    [InlineData("a proxy that answers 404")]
    [InlineData("a server of HTTP/1.1")]
    [InlineData("one that closes at once")]
    public async Task While_it_answers_nobody_is_removed_and_then_all_goes_on(string kind)
    {
        await using EtcdLeaseStore store = _lab.NewStore();
        SubnetLease own =
            (await store.AcquireAsync(s_config, new LeaseRequest(Owner("192.0.2.1"), null), EtcdStoreLab.Cancel)).Lease;
        await _lab.PutLeaseAsync("10.5.250.0-24", "192.0.2.8");
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync(1);
        int snapshot = watch.Descriptions.Length;
        using LoopbackServer stranger = kind switch
        {
            "a proxy that answers 503" => CannedHttp2.Start(503, "text/html", [(byte)'?']),
            "a proxy that answers 404" => CannedHttp2.Start(404, "text/html", [(byte)'?']),
            "a server of HTTP/1.1" => DeadEnds.Http11(),
            _ => DeadEnds.Closing(isReset: false),
        };

        _lab.Relay.Redirect(stranger.Endpoint);
        await watch.WaitForAsync("gap", snapshot);
        LeaseStoreException failure = await Assert.ThrowsAnyAsync<LeaseStoreException>(
            () => store.RenewAsync(own, EtcdStoreLab.Cancel));
        Assert.Contains(_lab.Relay.Endpoint.Authority, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
        Assert.All(watch.Descriptions[snapshot..], update => Assert.Equal("gap", update));

        _lab.Relay.Redirect(_lab.Server.Endpoint);
        await watch.WaitForAsync(watch.Descriptions[snapshot - 1], snapshot);
        await store.RenewAsync(own, EtcdStoreLab.Cancel);
    }
}
