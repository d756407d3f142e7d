using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Daemon.Backends.Udp;
using Overlay.Daemon.Leases;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Lease.Etcd.Client;
using Overlay.Lease.Etcd.Store;
using Overlay.Router.Routes;
using Overlay.Testing;
using Xunit;
using static Overlay.Daemon.Tests.Leases.LoopRig;

namespace Overlay.Daemon.Tests.Leases;

/// <summary>The loop and its keeper on a real etcd.</summary>
public sealed class KeeperInEtcdTests
{
    [Fact]
    public async Task A_wall_clock_set_past_the_end_keeps_subnet_and_peers_in_a_real_etcd()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using var server = EtcdServer.Start();
        ManualTime time = new();
        await using EtcdLeaseStore store = NewStore();
        await using EtcdLeaseStore other = NewStore();
        SubnetLease own =
            (await store.AcquireAsync(Config, new LeaseRequest(LeaseText.Owner("192.0.2.1"), null), cancel)).Lease;
        await other.AcquireAsync(Config, new LeaseRequest(LeaseText.Owner("192.0.2.2"), null), cancel);
        LineLog log = new();
        HealthBoard health = new(time);
        RouteTableCell cell = new();
        StartingPoint start = new(Config, own, IsNew: true, Peers: null);
        LeaseKeeper keeper = new(store, start, Margin, time, new FixedRandom(0), log) { Health = health };
        string directory = Directory.CreateTempSubdirectory("overlay-loop-").FullName;
        LeaseLoop loop = new(
            store,
            start,
            keeper,
            new BackendLeases("udp", _ => true),
            (leases, _) =>
            {
                Assert.Equal(own.Subnet, leases.OwnSubnet); // the host is not moved to another
                new RoutePublisher(cell.Publish, Config.Network, _ => false, log) { Health = health }.Publish(leases);
            },
            new SnapshotWriter(new SnapshotFile(directory, log) { Health = health }, time), time, log)
        {
            Health = health,
        };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task running = loop.RunAsync(stop.Token);
        await loop.FirstUpdate.WaitAsync(Patience, cancel);

        time.Advance(TimeSpan.FromMinutes(1)); // a lease just taken is not renewed
        time.SetWallClock(TimeSpan.FromHours(25));
        time.Advance(LeaseKeeper.Check);

        await Until(() => log.Lines.Exists(
            line => line.StartsWith("Lease renewed, new expiration:", StringComparison.Ordinal)));
        // a mark: it is told of after the renewal
        await other.AcquireAsync(Config, new LeaseRequest(LeaseText.Owner("192.0.2.3"), null), cancel);
        await Until(() => cell.Current.Count == 2);
        Assert.DoesNotContain(log.Lines, line => line.StartsWith("Subnet removed", StringComparison.Ordinal)
            || line.Contains("is lost", StringComparison.Ordinal));
        Assert.False(running.IsCompleted);
        await stop.CancelAsync();
        await running.ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        Directory.Delete(directory, recursive: true);

        EtcdLeaseStore NewStore() =>
            new(new EtcdOptions { Endpoints = [server.Endpoint] }, EtcdLeaseStore.DefaultPrefix, time, _ => { });
    }
}
