using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Net;
using Overlay.Testing;
using Xunit;
using static Overlay.Lease.Tests.Leases;

namespace Overlay.Lease.Tests.Stores;

public sealed class FileLeaseStoreWatchTests : StoreFixture
{
    // Past the settling time of a burst, far short of the next periodic look.
    private static readonly TimeSpan s_settle = TimeSpan.FromMilliseconds(60);

    private static readonly TimeSpan s_reread = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Begins_with_a_snapshot_of_all_leases()
    {
        PutLease("10.5.2.0-24", "192.0.2.2");
        PutLease("10.5.1.0-24", "192.0.2.1");
        await using FileLeaseStore store = NewStore();
        await using WatchLog watch = new(store, Config);

        Assert.Equal("snapshot 10.5.1.0/24=192.0.2.1 10.5.2.0/24=192.0.2.2", Told(await watch.WaitForAsync(1)));
    }

    [Fact]
    public async Task A_new_a_changed_and_a_removed_file_are_announced()
    {
        await using FileLeaseStore store = NewStore();
        await using WatchLog watch = new(store, Config);
        await watch.WaitForAsync(1);

        PutLease("10.5.1.0-24", "192.0.2.1");
        Assert.Equal("changes 10.5.1.0/24=192.0.2.1", Told(await watch.WaitForAsync(2, SettleEvents)));

        PutLease("10.5.1.0-24", "192.0.2.7");
        Assert.Equal("changes 10.5.1.0/24=192.0.2.7", Told(await watch.WaitForAsync(3, SettleEvents)));

        File.Delete(FileOf("10.5.1.0-24"));
        Assert.Equal("changes -10.5.1.0/24", Told(await watch.WaitForAsync(4, SettleEvents)));

        void SettleEvents() => SettleWhenPending(store);
    }

    [Fact]
    public async Task A_burst_of_events_is_one_update()
    {
        await using FileLeaseStore store = NewStore();
        await using WatchLog watch = new(store, Config);
        await watch.WaitForAsync(1);

        for (int host = 1; host <= 200; host++)
        {
            PutLease($"10.5.{host}.0-24", $"192.0.2.{host}");
        }

        await Eventually.IsTrue(() => Pending(store) == 200, () => $"200 events, but only {Pending(store)}");
        LeaseUpdate update = await watch.WaitForAsync(2, () => SettleWhenPending(store));

        Assert.Equal(200, Assert.IsType<LeaseUpdate.Changes>(update).Items.Count);
    }

    [Fact]
    public async Task A_missed_event_is_found_by_the_periodic_look()
    {
        await using FileLeaseStore store = NewStore(inotify: false);
        await using WatchLog watch = new(store, Config);
        await watch.WaitForAsync(1);

        PutLease("10.5.1.0-24", "192.0.2.1");

        Assert.Equal("changes 10.5.1.0/24=192.0.2.1", Told(await watch.WaitForAsync(2, () => Time.Advance(s_reread))));
    }

    [Fact]
    public async Task A_replaced_directory_is_watched_again_once_a_look_has_found_a_change()
    {
        PutLease("10.5.1.0-24", "192.0.2.1");
        await using FileLeaseStore store = NewStore();
        await using WatchLog watch = new(store, Config);
        await watch.WaitForAsync(1);

        Directory.Move(Subnets, Path.Combine(Root, "aside"));
        Directory.CreateDirectory(Subnets);
        PutLease("10.5.2.0-24", "192.0.2.2");
        Assert.Equal(
            "changes -10.5.1.0/24 10.5.2.0/24=192.0.2.2",
            Told(await watch.WaitForAsync(2, () => Time.Advance(s_reread))));

        // Time moves on by less than a periodic look needs, so only an event can bring the next update.
        await Eventually.IsTrue(
            () =>
            {
                PutLease("10.5.3.0-24", "192.0.2.3");
                return Pending(store) > 0;
            },
            () => "an event of the new directory");
        Assert.Equal(
            "changes 10.5.3.0/24=192.0.2.3", Told(await watch.WaitForAsync(3, () => SettleWhenPending(store))));
    }

    [Fact]
    public async Task A_lease_expires_24_hours_after_it_was_written()
    {
        PutLease("10.5.1.0-24", "192.0.2.1", age: TimeSpan.FromHours(23));
        PutLease("10.5.2.0-24", "192.0.2.2", age: TimeSpan.FromHours(22));
        await using FileLeaseStore store = NewStore(inotify: false);
        await using WatchLog watch = new(store, Config);
        await watch.WaitForAsync(1);
        DateTimeOffset due = Time.GetUtcNow() + TimeSpan.FromHours(1);

        LeaseUpdate update = await watch.WaitForAsync(2, () => Time.Advance(TimeSpan.FromMinutes(1)));

        Assert.Equal("changes -10.5.1.0/24", Told(update));
        Assert.True(Time.GetUtcNow() >= due);
        Assert.True(File.Exists(FileOf("10.5.1.0-24")));
    }

    [Fact]
    public async Task A_directory_that_goes_away_is_one_gap_and_a_snapshot_follows_its_return()
    {
        PutLease("10.5.1.0-24", "192.0.2.1");
        await using FileLeaseStore store = NewStore();
        await using WatchLog watch = new(store, Config);
        await watch.WaitForAsync(1);
        string aside = $"{Root}.aside";

        Directory.Move(Root, aside);
        Assert.Equal("gap", Told(await watch.WaitForAsync(2, () => Time.Advance(s_reread))));
        for (int look = 0; look < 5; look++)
        {
            Time.Advance(s_reread);
        }

        Directory.Move(aside, Root);
        Assert.Equal("snapshot 10.5.1.0/24=192.0.2.1", Told(await watch.WaitForAsync(3, () => Time.Advance(s_reread))));

        PutLease("10.5.2.0-24", "192.0.2.2");
        Assert.Equal(
            "changes 10.5.2.0/24=192.0.2.2", Told(await watch.WaitForAsync(4, () => SettleWhenPending(store))));
    }

    [Theory]
    [InlineData("config")]
    [InlineData("subnets")]
    public async Task A_store_that_is_incomplete_at_the_start_is_a_gap_until_it_is_whole(string missing)
    {
        string path = Path.Combine(Root, missing);
        Directory.Move(path, $"{path}.aside");
        await using FileLeaseStore store = NewStore();
        await using WatchLog watch = new(store, Config);
        LeaseUpdate.Gap gap = Assert.IsType<LeaseUpdate.Gap>(await watch.WaitForAsync(1));
        Assert.Contains(missing, gap.Reason, StringComparison.Ordinal);

        Directory.Move($"{path}.aside", path);

        Assert.Equal("snapshot", Told(await watch.WaitForAsync(2, () => Time.Advance(s_reread))));
    }

    [Fact]
    public async Task A_file_that_is_being_rewritten_keeps_its_lease_until_it_can_be_read_again()
    {
        PutLease("10.5.1.0-24", "192.0.2.1");
        await using FileLeaseStore store = NewStore(inotify: false);
        await using WatchLog watch = new(store, Config);
        await watch.WaitForAsync(1);

        PutText("10.5.1.0-24", """{"PublicIP":"192.""");
        PutLease("10.5.2.0-24", "192.0.2.2");
        Assert.Equal("changes 10.5.2.0/24=192.0.2.2", Told(await watch.WaitForAsync(2, () => Time.Advance(s_reread))));
        Assert.Contains("keeps the lease it held before", Assert.Single(Warnings), StringComparison.Ordinal);

        PutLease("10.5.1.0-24", "192.0.2.9");
        Assert.Equal("changes 10.5.1.0/24=192.0.2.9", Told(await watch.WaitForAsync(3, () => Time.Advance(s_reread))));

        PutText("10.5.1.0-24", "");
        PutLease("10.5.3.0-24", "192.0.2.3");
        Assert.Equal("changes 10.5.3.0/24=192.0.2.3", Told(await watch.WaitForAsync(4, () => Time.Advance(s_reread))));

        File.Delete(FileOf("10.5.1.0-24"));
        Assert.Equal("changes -10.5.1.0/24", Told(await watch.WaitForAsync(5, () => Time.Advance(s_reread))));
    }

    [Fact]
    public async Task Our_own_renewal_is_told_with_its_new_expiry()
    {
        await using FileLeaseStore store = NewStore();
        SubnetLease own = (await store.AcquireAsync(Config, new LeaseRequest(Owner("192.0.2.1"), null), Cancel)).Lease;
        await using WatchLog watch = new(store, Config);
        await watch.WaitForAsync(1);
        LeaseView view = new(own.Subnet, own.PublicIp);
        Assert.True(view.Apply(watch.Updates[0]).IsEmpty);

        Time.Advance(TimeSpan.FromSeconds(5));
        SubnetLease renewed = await store.RenewAsync(own, Cancel);
        LeaseUpdate.Changes changes =
            Assert.IsType<LeaseUpdate.Changes>(await watch.WaitForAsync(2, () => SettleWhenPending(store)));

        Assert.Equal(renewed, Assert.Single(changes.Items).Lease);
    }

    [Fact]
    public async Task Any_sequence_of_changes_ends_in_what_a_fresh_reader_sees()
    {
        const int Seed = 808;
        Random random = new(Seed);
        await using FileLeaseStore store = NewStore(inotify: false);
        await using WatchLog watch = new(store, Config);
        await watch.WaitForAsync(1);
        LeaseView view = new(default, default);
        int seen = 0;
        for (int round = 0; round < 60; round++)
        {
            for (int change = random.Next(1, 5); change > 0; change--)
            {
                string name = $"10.5.{random.Next(1, 5)}.{(random.Next(4) == 0 ? 128 : 0)}-{random.Next(23, 26)}";
                switch (random.Next(4))
                {
                    case 0: File.Delete(FileOf(name)); break;
                    case 1: PutLease(name, $"10.5.0.{random.Next(1, 9)}"); break;
                    default: PutLease(name, $"192.0.2.{random.Next(1, 99)}"); break;
                }
            }

            PutLease("10.5.200.0-24", $"198.51.100.{round + 1}");
            Ipv4Address marker = Ip($"198.51.100.{round + 1}");
            await Eventually.IsTrue(
                () =>
                {
                    for (LeaseUpdate[] updates = watch.Updates; seen < updates.Length; seen++)
                    {
                        view.Apply(updates[seen]);
                    }

                    return view.Leases.Any(lease => lease.PublicIp == marker);
                },
                () => $"seed {Seed}, round {round}",
                () => Time.Advance(s_reread));

            LeaseFolder fresh = new(Subnets, Time, Warn);
            fresh.RefreshAll();
            IEnumerable<SubnetLease> expected = fresh.Survey(Config).Leases;
            Assert.True(
                expected.SequenceEqual(view.Leases.OrderBy(lease => lease.Subnet.Address)),
                $"seed {Seed}, round {round}");
        }
    }

    private static int Pending(FileLeaseStore store) => store.LastWatchEvents?.PendingCount ?? 0;

    private static string Told(LeaseUpdate update) => WatchLog.Describe(update);

    private void SettleWhenPending(FileLeaseStore store)
    {
        if (Pending(store) > 0)
        {
            Time.Advance(s_settle);
        }
    }
}
