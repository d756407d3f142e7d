using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease.Etcd.Client;
using Overlay.Lease.Etcd.Store;
using Overlay.Testing;
using Xunit;

namespace Overlay.Lease.Etcd.Tests.Store;

/// <summary>How often a watch asks: hosts that began together do not go on together.</summary>
public sealed class EtcdWatchPaceTests
{
    private static readonly NetworkConfig s_config = NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}""");

    [Fact]
    public async Task Pauses_double_up_to_5_seconds_each_up_to_a_fifth_shorter_or_longer()
    {
        double[] nominal = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5];
        await PausesAsync(DeadEnds.Refusing(), nominal);
    }

    [Fact]
    public async Task Where_a_proxy_limits_requests_pauses_double_up_to_a_minute()
    {
        double[] nominal = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 60, 60, 60, 60, 60, 60];
        using LoopbackServer proxy = CannedHttp2.Start(429, "text/html", "slower"u8.ToArray());
        await PausesAsync(proxy.Endpoint, nominal);
    }

    [Fact]
    public async Task Each_watch_lists_again_after_another_time_of_about_5_minutes()
    {
        await using var lab = new EtcdStoreLab();
        var time = new ImpatientTime(_ => { });
        await using EtcdLeaseStore store = lab.NewStore(clock: time);
        const int Watches = 5;
        for (int i = 0; i < Watches; i++)
        {
            await using var watch = new WatchLog(store, s_config);
            await Eventually.IsTrue(
                () => time.Waits.Length == i + 1, () => $"the wait for another listing, number {i}");
        }

        Assert.All(time.Waits, wait => Assert.InRange(wait, TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(6)));
        Assert.Equal(Watches, time.Waits.Distinct().Count());
    }

    private static async Task PausesAsync(Uri endpoint, double[] nominal)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(EtcdStoreLab.Cancel);
        var time = new ImpatientTime(waits =>
        {
            if (waits == nominal.Length)
            {
                stop.Cancel();
            }
        });
        await using var store = new EtcdLeaseStore(
            new EtcdOptions { Endpoints = [endpoint] }, EtcdLeaseStore.DefaultPrefix, time, _ =>
                { }, new Random(1));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (LeaseUpdate update in store.WatchAsync(s_config, stop.Token))
            {
                Assert.IsType<LeaseUpdate.Gap>(update);
            }
        });

        double[] factors = [.. time.Waits.Zip(nominal, (wait, of) => wait.TotalSeconds / of)];
        Assert.Equal(nominal.Length, factors.Length);
        Assert.All(factors, factor => Assert.InRange(factor, 0.8, 1.2));
        Assert.True(factors.Min() < 0.9 && factors.Max() > 1.1, string.Join(' ', factors));
    }
}
