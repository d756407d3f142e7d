using System;
using System.Linq;
using System.Threading.Tasks;
using Etcdserverpb;
using Google.Protobuf;
using Overlay.Lease.Etcd.Store;
using Overlay.Net;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.LeaseText;

namespace Overlay.Lease.Etcd.Tests.Store;

/// <summary>What a watch tells when etcd goes away, dies, is replaced, keeps silent or is crowded.</summary>
public sealed class EtcdWatchFaultTests : IAsyncDisposable
{
    private const string Ours = "192.0.2.1";

    private static readonly NetworkConfig s_config = NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}""");

    private EtcdStoreLab? _lab;

    private EtcdStoreLab Lab => _lab ??= new EtcdStoreLab();

    public ValueTask DisposeAsync() => _lab?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task While_etcd_is_away_there_is_one_gap_and_what_happened_is_caught_up_with()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        await Lab.PutLeaseAsync("10.5.8.0-24", "192.0.2.8");
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync("snapshot 10.5.8.0/24=192.0.2.8");

        await Lab.WhileCutAsync(watch, () => Lab.PutLeaseAsync("10.5.8.0-24", "192.0.2.9"));

        await Eventually.IsTrue(
            () => watch.Descriptions[^1].EndsWith("10.5.8.0/24=192.0.2.9", StringComparison.Ordinal),
            () => string.Join("; ", watch.Descriptions));
        Assert.Equal("gap", watch.Descriptions[1]);
        Assert.StartsWith("snapshot", watch.Descriptions[2], StringComparison.Ordinal);
        Assert.Single(watch.Updates.OfType<LeaseUpdate.Gap>());
        Assert.DoesNotContain('\n', watch.Updates.OfType<LeaseUpdate.Gap>().Single().Reason);
    }

    [Fact]
    public async Task A_gap_whose_cause_becomes_another_one_is_reported_again()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync("snapshot");

        await Lab.WhileCutAsync(
            watch, () => new EtcdAdministration(Lab.Server.Endpoint).EnableUsersAsync("secret", EtcdStoreLab.Cancel));

        LeaseUpdate.Gap second = Assert.IsType<LeaseUpdate.Gap>(await watch.WaitForAsync(3));
        Assert.EndsWith("user name is empty", second.Reason, StringComparison.Ordinal);
        Assert.Equal(["snapshot", "gap", "gap"], watch.Descriptions);
    }

    [Fact]
    public async Task A_connection_that_is_dead_is_found_by_pings()
    {
        var second = TimeSpan.FromSeconds(1);
        await using var store = new EtcdLeaseStore(
            Lab.Options with { PingInterval = second, PingTimeout = second },
            Lab.Prefix,
            TimeProvider.System,
            Lab.Warn);
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync("snapshot");

        // Its kernel still acknowledges what is sent, and the next listing is minutes away: only pings get no answer.
        Lab.Server.Pause();
        try
        {
            await watch.WaitForAsync("gap");
        }
        finally
        {
            Lab.Server.Resume();
        }

        await Lab.PutLeaseAsync("10.5.8.0-24", "192.0.2.8");
        await Eventually.IsTrue(
            () => watch.Descriptions[^1].EndsWith(" 10.5.8.0/24=192.0.2.8", StringComparison.Ordinal),
            () => string.Join("; ", watch.Descriptions));
    }

    [Fact]
    public async Task When_the_leader_dies_the_others_tell_of_the_next_lease()
    {
        using var cluster = EtcdCluster.Start();
        EtcdServer leader = await cluster.FindLeaderAsync(EtcdStoreLab.Cancel);
        await using var store = new EtcdLeaseStore(
            Lab.Options with { Endpoints = [
                leader.Endpoint, .. cluster.Endpoints] }, Lab.Prefix, TimeProvider.System, Lab.Warn);
        SubnetLease own = (await AcquireAsync(store)).Lease;
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync(1);

        leader.Kill();

        // A new leader may take longer than one call's patience.
        SubnetLease? renewed = null;
        await Eventually.IsTrue(() => (renewed = TryRenew()) is not null, () => "a renewal with the leader gone");
        await using var other = new EtcdLeaseStore(
            Lab.Options with { Endpoints = cluster.Endpoints }, Lab.Prefix, TimeProvider.System, Lab.Warn);
        Ipv4Prefix taken = (await other.AcquireAsync(
            s_config, new LeaseRequest(Owner("192.0.2.2"), null), EtcdStoreLab.Cancel)).Lease.Subnet;
        await Eventually.IsTrue(
            () => watch.Descriptions[^1]
                .Contains($"{taken}=192.0.2.2", StringComparison.Ordinal), () => string.Join("; ", watch.Descriptions));
        Assert.DoesNotContain("question", watch.Descriptions);

        SubnetLease? TryRenew()
        {
            try
            {
                return store.RenewAsync(own, EtcdStoreLab.Cancel).GetAwaiter().GetResult();
            }
            catch (LeaseStoreNotReadyException)
            {
                return null;
            }
        }
    }

    [Fact]
    public async Task What_a_deaf_watch_missed_is_found_by_the_periodic_listing()
    {
        await using EtcdLeaseStore store = Lab.NewStore(relist: TimeSpan.FromMilliseconds(200));
        await Lab.PutLeaseAsync("10.5.7.0-24", "192.0.2.7");
        await Lab.PutLeaseAsync("10.5.8.0-24", "192.0.2.8");
        Lab.Relay.DeafenStreams();
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync(1);

        await Lab.DeleteAsync("10.5.7.0-24");
        await Lab.PutLeaseAsync("10.5.8.0-24", "192.0.2.18");
        await Lab.PutLeaseAsync("10.5.9.0-24", "192.0.2.9");

        var view = new LeaseView(Cidr("10.5.200.0/24"), Ip("192.0.2.200"));
        int seen = 0;
        await Eventually.IsTrue(
            () =>
            {
                for (; seen < watch.Updates.Length; seen++)
                {
                    view.Apply(watch.Updates[seen]);
                }

                return view.Leases.Select(
                    lease => lease.PublicIp).ToHashSet().SetEquals([Ip("192.0.2.18"), Ip("192.0.2.9")]);
            },
            () => string.Join("; ", watch.Descriptions));
        Assert.DoesNotContain("gap", watch.Descriptions);
    }

    [Fact]
    public async Task Listings_among_many_events_tell_nothing_twice_and_take_nothing_back()
    {
        await using EtcdLeaseStore store = Lab.NewStore(relist: TimeSpan.FromMilliseconds(1));
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync("snapshot");

        for (int i = 1; i <= 300; i++)
        {
            await Lab.PutAsync(Lab.KeyOf($"10.5.{i % 3}.0-24"), Value($"192.0.2.{i % 200}"));
        }

        await Eventually.IsTrue(
            () => watch.Descriptions[^1].Contains("10.5.0.0/24=192.0.2.100", StringComparison.Ordinal),
            () => watch.Descriptions[^1]);
        LeaseChange[] changes = [.. watch.Updates.OfType<LeaseUpdate.Changes>().SelectMany(update => update.Items)];
        Assert.InRange(changes.Length, 3, 300);
        Assert.All(changes, change => Assert.Equal(LeaseChangeKind.Put, change.Kind));
        foreach (IGrouping<Ipv4Prefix, LeaseChange> subnet in changes.GroupBy(change => change.Subnet))
        {
            // Of one subnet's addresses each is higher than the one before, and once they start again after 199.
            uint[] hosts = [.. subnet.Select(change => change.Lease!.PublicIp.Value & 0xFF)];
            Assert.DoesNotContain(hosts.Zip(hosts[1..]), pair => pair.Second == pair.First);
            Assert.InRange(hosts.Zip(hosts[1..]).Count(pair => pair.Second < pair.First), 0, 1);
        }
    }

    [Fact]
    public async Task An_empty_etcd_in_place_of_ours_removes_nobody_until_we_are_registered_there()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease own = (await AcquireAsync(store)).Lease;
        await Lab.PutLeaseAsync("10.5.8.0-24", "192.0.2.8");
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync(1);
        await using var empty = new EtcdStoreLab();
        var view = new LeaseView(own.Subnet, own.PublicIp);

        Lab.Relay.Redirect(empty.Server.Endpoint);
        await watch.WaitForAsync("question");
        Assert.All(watch.Updates, update => Assert.Empty(view.Apply(update).Removed));
        Assert.Single(view.Leases);

        await empty.PutLeaseAsync("10.5.9.0-24", "192.0.2.9");
        await store.RenewAsync(own, EtcdStoreLab.Cancel);
        await Eventually.IsTrue(
            () => watch.Updates[^1] is LeaseUpdate.Snapshot { Leases.Count: 2 },
            () => string.Join("; ", watch.Descriptions));
        Assert.NotNull(await empty.ReadAsync(Name(own.Subnet)));
    }

    [Fact]
    public async Task Among_ten_thousand_leases_each_change_is_reported_alone_and_without_another_listing()
    {
        const int Hosts = 10_000;
        var config = NetworkConfig.Parse("""{"Network":"10.0.0.0/8"}""");
        long lease = await Lab.GrantAsync(86_400);
        for (int first = 1; first <= Hosts; first += 100)
        {
            var hundred = new TxnRequest();
            for (int host = first; host < first + 100; host++)
            {
                hundred.Success.Add(new RequestOp { RequestPut = Put(host, lease) });
            }

            await Lab.Client.TxnAsync(hundred, EtcdStoreLab.Cancel);
        }

        await using EtcdLeaseStore store = Lab.NewStore();
        await store.AcquireAsync(config, new LeaseRequest(Owner(Ours), null), EtcdStoreLab.Cancel);
        await using var watch = new WatchLog(store, config);
        LeaseUpdate all = await watch.WaitForAsync(1);
        Assert.Equal(Hosts + 1, Assert.IsType<LeaseUpdate.Snapshot>(all).Leases.Count);

        for (int host = 1; host <= 51; host++)
        {
            await Lab.Client.PutAsync(Put(host, lease), EtcdStoreLab.Cancel);
            LeaseUpdate told = await watch.WaitForAsync(host + 1);
            LeaseChange change = Assert.Single(Assert.IsType<LeaseUpdate.Changes>(told).Items);
            Assert.Equal(0x0A000000 + ((uint)host << 8), change.Subnet.Address.Value);
        }

        PutRequest Put(int host, long lease) => new()
        {
            Key = ByteString.CopyFromUtf8(Lab.KeyOf(Name(new Ipv4Prefix(Ip("10.0.0.0") + ((uint)host << 8), 24)))),
            Value = ByteString.CopyFromUtf8(Value($"{Ip("172.16.0.0") + (uint)host}")),
            Lease = lease,
        };
    }

    private static Task<AcquiredLease> AcquireAsync(EtcdLeaseStore store) =>
        store.AcquireAsync(s_config, new LeaseRequest(Owner(Ours), null), EtcdStoreLab.Cancel);
}
