using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Lease.Etcd.Store;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.LeaseText;

namespace Overlay.Lease.Etcd.Tests.Store;

/// <summary>
/// What flannel's tests of its subnet manager ask for, and what follows from its faults, by the names of the rows.
/// </summary>
public sealed class FlannelManagerRowTests(SharedStoreLab etcd) : IClassFixture<SharedStoreLab>, IAsyncLifetime
{
    private static readonly NetworkConfig s_config = NetworkConfig.Parse(
        """{ "Network": "10.3.0.0/16", "SubnetMin": "10.3.1.0", "SubnetMax": "10.3.25.0" }""");

    private EtcdStoreLab Lab => etcd.Lab;

    public async ValueTask InitializeAsync()
    {
        await Lab.ClearAsync();
        foreach (int third in (int[])[1, 2, 4, 5, 31])
        {
            await Lab.PutLeaseAsync($"10.3.{third}.0-24", "1.1.1.1");
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task LEASE_1_A_free_subnet_within_the_range_is_taken(int seed)
    {
        await using EtcdLeaseStore store = Lab.NewStore(seed);

        uint third = ((await AcquireAsync(store)).Lease.Subnet.Address.Value >> 8) & 0xFF;

        Assert.True(third is 3 or (>= 6 and <= 25), $"10.3.{third}.0/24 with seed {seed}");
    }

    [Fact]
    public async Task LEASE_3_A_previous_subnet_that_is_free_is_taken()
    {
        await using EtcdLeaseStore store = Lab.NewStore();

        Assert.Equal(Cidr("10.3.6.0/24"), (await AcquireAsync(store, "10.3.6.0/24")).Lease.Subnet);
    }

    [Fact]
    public async Task LEASE_4_A_previous_subnet_outside_the_network_is_not_taken()
    {
        await using EtcdLeaseStore store = Lab.NewStore();

        AcquiredLease taken = await AcquireAsync(store, "10.4.1.0/24");

        Assert.True(s_config.Allows(taken.Lease.Subnet));
        Assert.Contains("10.4.1.0/24", Assert.Single(Lab.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LEASE_5_A_changed_config_gives_another_subnet_and_the_old_key_goes()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease before = (await AcquireAsync(store)).Lease;
        var changed = NetworkConfig.Parse("""{ "Network": "10.4.0.0/16" }""");

        SubnetLease after =
            (await store.AcquireAsync(
                changed, new LeaseRequest(Owner("1.2.3.4"), before.Subnet), EtcdStoreLab.Cancel)).Lease;

        Assert.True(changed.Allows(after.Subnet));
        Assert.Null(await Lab.ReadAsync(Name(before.Subnet)));
        Assert.NotNull(await Lab.ReadAsync(Name(after.Subnet)));
    }

    [Fact]
    public async Task LEASE_7_A_lease_that_is_added_is_one_change()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync(1);

        await Lab.PutLeaseAsync("10.3.30.0-24", "1.1.1.1");

        Assert.Equal("changes 10.3.30.0/24=1.1.1.1", WatchLog.Describe(await watch.WaitForAsync(2)));
    }

    [Fact]
    public async Task LEASE_8_A_lease_that_runs_out_is_removed_when_etcd_says_so()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync(1);

        await Lab.PutLeaseAsync("10.3.32.0-24", "1.1.1.1", ttl: 3);

        Assert.Equal("changes 10.3.32.0/24=1.1.1.1", WatchLog.Describe(await watch.WaitForAsync(2)));
        Assert.Equal("changes -10.3.32.0/24", WatchLog.Describe(await watch.WaitForAsync(3)));
    }

    [Fact]
    public async Task LEASE_9_The_own_lease_is_seen_made_renewed_and_deleted()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync(1);

        SubnetLease own = (await AcquireAsync(store, "10.3.6.0/24")).Lease;
        Assert.Equal("changes 10.3.6.0/24=1.2.3.4", WatchLog.Describe(await watch.WaitForAsync(2)));
        await store.RenewAsync(own, EtcdStoreLab.Cancel);
        Assert.Equal("changes 10.3.6.0/24=1.2.3.4", WatchLog.Describe(await watch.WaitForAsync(3)));
        await Lab.DeleteAsync("10.3.6.0-24");
        Assert.Equal("changes -10.3.6.0/24", WatchLog.Describe(await watch.WaitForAsync(4)));

        var view = new LeaseView(own.Subnet, own.PublicIp);
        Assert.All(watch.Updates, update => view.Apply(update));
        Assert.False(view.OwnIsHeld);
    }

    [Fact]
    public async Task LEASE_11_A_previous_subnet_held_by_another_is_left_to_it()
    {
        await using EtcdLeaseStore store = Lab.NewStore();

        AcquiredLease taken = await AcquireAsync(store, "10.3.4.0/24");

        Assert.NotEqual(Cidr("10.3.4.0/24"), taken.Lease.Subnet);
        Assert.Contains(
            "1.1.1.1", (await Lab.ReadAsync("10.3.4.0-24"))!.Value.ToStringUtf8(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LEASE_12_When_all_subnets_are_taken_one_line_says_so()
    {
        var full = NetworkConfig.Parse(
            """{ "Network": "10.3.0.0/16", "SubnetMin": "10.3.1.0", "SubnetMax": "10.3.2.0" }""");
        await using EtcdLeaseStore store = Lab.NewStore();

        LeaseStoreException refusal = await Assert.ThrowsAsync<LeaseStoreException>(
            () => store.AcquireAsync(full, new LeaseRequest(Owner("1.2.3.4"), null), EtcdStoreLab.Cancel));

        Assert.StartsWith("out of subnets", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LEASE_13_The_loser_of_a_race_takes_another_subnet()
    {
        await using EtcdLeaseStore left = Lab.NewStore(seed: 1);
        await using EtcdLeaseStore right = Lab.NewStore(seed: 1);
        for (int round = 0; round < 25; round++)
        {
            // Both want the same, before and after the lost race.
            AcquiredLease[] taken = await Task.WhenAll(
                Task.Run(() => AcquireAsync(left, "10.3.6.0/24", "1.2.3.4")),
                Task.Run(() => AcquireAsync(right, "10.3.6.0/24", "1.2.3.5")));

            Assert.NotEqual(taken[0].Lease.Subnet, taken[1].Lease.Subnet);
            Assert.Contains(taken, one => one.Lease.Subnet == Cidr("10.3.6.0/24"));
            await left.ReleaseAsync(taken[0].Lease, EtcdStoreLab.Cancel);
            await right.ReleaseAsync(taken[1].Lease, EtcdStoreLab.Cancel);
        }

        Assert.Equal(5, (await Lab.ReadAllAsync()).Count);
    }

    [Fact]
    public async Task LEASE_15_A_public_address_that_changed_below_the_compaction_horizon_is_applied()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        await using var watch = new WatchLog(store, s_config);
        var view = new LeaseView(Cidr("10.3.6.0/24"), Ip("1.2.3.4"));
        view.Apply(await watch.WaitForAsync(1));

        await Lab.WhileCutAsync(watch, async () =>
        {
            await Lab.PutLeaseAsync("10.3.4.0-24", "1.1.1.9");
            await Lab.BumpAndCompactAsync();
        });

        List<SubnetLease> changed = [];
        int seen = 1;
        await Eventually.IsTrue(
            () =>
            {
                for (; seen < watch.Updates.Length; seen++)
                {
                    LeaseDelta delta = view.Apply(watch.Updates[seen]);
                    Assert.Empty(delta.Removed);
                    changed.AddRange(delta.Changed);
                }

                return changed.Count > 0;
            },
            () => string.Join("; ", watch.Descriptions));
        SubnetLease lease = Assert.Single(changed);
        Assert.Equal((Cidr("10.3.4.0/24"), Ip("1.1.1.9")), (lease.Subnet, lease.PublicIp));
    }

    [Fact]
    public async Task LEASE_16_An_own_key_without_a_lease_stays_a_reservation()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync(1);
        SubnetLease own = (await AcquireAsync(store, "10.3.6.0/24")).Lease;
        await watch.WaitForAsync(2);
        await Lab.PutLeaseAsync("10.3.6.0-24", "1.2.3.4", ttl: 0);
        await watch.WaitForAsync(3);

        own = await store.RenewAsync(own, EtcdStoreLab.Cancel);
        own = await store.RenewAsync(own, EtcdStoreLab.Cancel);
        Assert.Equal(DateTimeOffset.MaxValue, own.Expires);
        Assert.Equal(-1, await Lab.TimeToLiveAsync("10.3.6.0-24"));

        // The next start keeps it as well, and giving it back leaves it to its maker.
        await using EtcdLeaseStore next = Lab.NewStore();
        AcquiredLease again = await AcquireAsync(next);
        Assert.Equal((own, false), (again.Lease, again.IsNew));
        await next.ReleaseAsync(again.Lease, EtcdStoreLab.Cancel);
        Assert.Equal(-1, await Lab.TimeToLiveAsync("10.3.6.0-24"));
        Assert.Equal(3, watch.Updates.Length);
        Assert.Empty(Lab.Warnings);
    }

    [Fact]
    public async Task LEASE_17_A_second_snapshot_removes_nobody()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease own = (await AcquireAsync(store)).Lease;
        await using var watch = new WatchLog(store, s_config);
        var view = new LeaseView(own.Subnet, own.PublicIp);
        view.Apply(await watch.WaitForAsync(1));

        await Lab.WhileCutAsync(watch, Lab.BumpAndCompactAsync);
        await Eventually.IsTrue(
            () => watch.Updates.Skip(1).OfType<LeaseUpdate.Snapshot>().Any(),
            () => string.Join("; ", watch.Descriptions));

        Assert.All(watch.Updates.Skip(1), update => Assert.True(view.Apply(update).IsEmpty));
        Assert.True(view.OwnIsHeld);
    }

    private static Task<AcquiredLease> AcquireAsync(
        EtcdLeaseStore store, string? previous = null, string publicIp = "1.2.3.4") =>
        store.AcquireAsync(
            s_config, new LeaseRequest(Owner(publicIp), previous is null ? null : Cidr(previous)), EtcdStoreLab.Cancel);
}
