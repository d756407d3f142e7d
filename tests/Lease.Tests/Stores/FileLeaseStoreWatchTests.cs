using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Lease.Stores;
using Overlay.Net;
using Overlay.Testing;
using Xunit;
using static Overlay.Lease.Tests.Leases;

namespace Overlay.Lease.Tests.Stores;

public sealed class FileLeaseStoreWatchTests : StoreFixture
{
    private static readonly TimeSpan s_reread = TimeSpan.FromSeconds(10);

    // Longer than any test: only an event can bring an update then.
    private static readonly TimeSpan s_never = TimeSpan.FromDays(40);

    [Fact]
    public async Task Begins_with_a_snapshot_of_all_leases()
    {
        PutLease("10.5.2.0-24", "192.0.2.2");
        PutLease("10.5.1.0-24", "192.0.2.1");
        await using FileLeaseStore store = NewStore();
        await using var watch = new WatchLog(store, Config);

        Assert.Equal("snapshot 10.5.1.0/24=192.0.2.1 10.5.2.0/24=192.0.2.2", Described(await watch.WaitForAsync(1)));
    }

    [Fact]
    public async Task A_new_a_changed_and_a_removed_file_are_announced()
    {
        await using FileLeaseStore store = NewStore(s_never);
        await using var watch = new WatchLog(store, Config);
        await watch.WaitForAsync(1);

        PutLease("10.5.1.0-24", "192.0.2.1");
        Assert.Equal("changes 10.5.1.0/24=192.0.2.1", Described(await watch.WaitForAsync(2, Settle)));

        PutLease("10.5.1.0-24", "192.0.2.7");
        Assert.Equal("changes 10.5.1.0/24=192.0.2.7", Described(await watch.WaitForAsync(3, Settle)));

        File.Delete(FileOf("10.5.1.0-24"));
        Assert.Equal("changes -10.5.1.0/24", Described(await watch.WaitForAsync(4, Settle)));
    }

    [Fact]
    public async Task A_missed_event_is_found_by_the_periodic_look()
    {
        await using WatchLog watch = WatchWithoutEvents(s_reread);
        await watch.WaitForAsync(1);

        PutLease("10.5.1.0-24", "192.0.2.1");

        Assert.Equal(
            "changes 10.5.1.0/24=192.0.2.1", Described(await watch.WaitForAsync(2, () => Time.Advance(s_reread))));
    }

    [Fact]
    public async Task A_lease_expires_24_hours_after_it_was_written()
    {
        PutLease("10.5.1.0-24", "192.0.2.1", age: TimeSpan.FromHours(23));
        PutLease("10.5.2.0-24", "192.0.2.2", age: TimeSpan.FromHours(22));
        await using WatchLog watch = WatchWithoutEvents(s_reread);
        await watch.WaitForAsync(1);
        DateTimeOffset due = Time.GetUtcNow() + TimeSpan.FromHours(1);

        LeaseUpdate update = await watch.WaitForAsync(2, () => Time.Advance(TimeSpan.FromMinutes(1)));

        Assert.Equal("changes -10.5.1.0/24", Described(update));
        Assert.True(Time.GetUtcNow() >= due);
        Assert.True(File.Exists(FileOf("10.5.1.0-24")));
    }

    [Fact]
    public async Task A_directory_that_goes_away_is_one_gap_and_a_snapshot_follows_its_return()
    {
        PutLease("10.5.1.0-24", "192.0.2.1");
        await using FileLeaseStore store = NewStore();
        await using var watch = new WatchLog(store, Config);
        await watch.WaitForAsync(1);
        string aside = $"{Root}.aside";

        Directory.Move(Root, aside);
        Assert.Equal("gap", Described(await watch.WaitForAsync(2, () => Time.Advance(s_reread))));
        for (int look = 0; look < 5; look++)
        {
            Time.Advance(s_reread);
        }

        Directory.Move(aside, Root);
        Assert.Equal(
            "snapshot 10.5.1.0/24=192.0.2.1", Described(await watch.WaitForAsync(3, () => Time.Advance(s_reread))));

        PutLease("10.5.2.0-24", "192.0.2.2");
        Assert.Equal("changes 10.5.2.0/24=192.0.2.2", Described(await watch.WaitForAsync(4, Settle)));
    }

    [Theory]
    [InlineData("config")]
    [InlineData("subnets")]
    public async Task A_store_that_is_incomplete_at_the_start_is_a_gap_until_it_is_whole(string missing)
    {
        string path = Path.Combine(Root, missing);
        Directory.Move(path, $"{path}.aside");
        await using FileLeaseStore store = NewStore();
        await using var watch = new WatchLog(store, Config);
        LeaseUpdate.Gap gap = Assert.IsType<LeaseUpdate.Gap>(await watch.WaitForAsync(1));
        Assert.Contains(missing, gap.Reason, StringComparison.Ordinal);

        Directory.Move($"{path}.aside", path);

        Assert.Equal("snapshot", Described(await watch.WaitForAsync(2, () => Time.Advance(s_reread))));
    }

    [Fact]
    public async Task A_file_that_is_being_rewritten_keeps_its_lease_until_it_can_be_read_again()
    {
        PutLease("10.5.1.0-24", "192.0.2.1");
        await using WatchLog watch = WatchWithoutEvents(s_reread);
        await watch.WaitForAsync(1);

        PutText("10.5.1.0-24", """{"PublicIP":"192.""");
        PutLease("10.5.2.0-24", "192.0.2.2");
        Assert.Equal(
            "changes 10.5.2.0/24=192.0.2.2", Described(await watch.WaitForAsync(2, () => Time.Advance(s_reread))));
        Assert.Contains("keeps the lease it held before", Assert.Single(Warnings), StringComparison.Ordinal);

        PutLease("10.5.1.0-24", "192.0.2.9");
        Assert.Equal(
            "changes 10.5.1.0/24=192.0.2.9", Described(await watch.WaitForAsync(3, () => Time.Advance(s_reread))));

        PutText("10.5.1.0-24", "");
        PutLease("10.5.3.0-24", "192.0.2.3");
        Assert.Equal(
            "changes 10.5.3.0/24=192.0.2.3", Described(await watch.WaitForAsync(4, () => Time.Advance(s_reread))));

        File.Delete(FileOf("10.5.1.0-24"));
        Assert.Equal("changes -10.5.1.0/24", Described(await watch.WaitForAsync(5, () => Time.Advance(s_reread))));
    }

    [Fact]
    public async Task Our_own_renewal_is_reported_with_its_new_expiry()
    {
        await using FileLeaseStore store = NewStore(s_never);
        SubnetLease own = (await store.AcquireAsync(Config, new LeaseRequest(Owner("192.0.2.1"), null), Cancel)).Lease;
        await using var watch = new WatchLog(store, Config);
        await watch.WaitForAsync(1);
        var view = new LeaseView(own.Subnet, own.PublicIp);
        Assert.True(view.Apply(watch.Updates[0]).IsEmpty);

        Time.Advance(TimeSpan.FromSeconds(5));
        SubnetLease renewed = await store.RenewAsync(own, Cancel);
        LeaseUpdate.Changes changes =
            Assert.IsType<LeaseUpdate.Changes>(await watch.WaitForAsync(2, Settle));

        Assert.Equal(renewed, Assert.Single(changes.Items).Lease);
    }

    [Fact]
    public async Task Any_sequence_of_changes_ends_in_what_a_fresh_reader_sees()
    {
        const int Seed = 808;
        var random = new Random(Seed);
        await using WatchLog watch = WatchWithoutEvents(s_reread);
        await watch.WaitForAsync(1);
        var view = new LeaseView(default, default);
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

            var fresh = new LeaseFolder(Subnets, Time, Warn);
            fresh.RefreshAll();
            IEnumerable<SubnetLease> expected = fresh.Survey(Config).Leases;
            Assert.True(
                expected.SequenceEqual(view.Leases.OrderBy(lease => lease.Subnet.Address)),
                $"seed {Seed}, round {round}");
        }
    }

    private static string Described(LeaseUpdate update) => WatchLog.Describe(update);

    private FileLeaseStore NewStore(TimeSpan reread) =>
        new(Root, Time, Warn, new Random(1)) { RereadInterval = reread };

    private void Settle() => Time.Advance(FolderEvents.Settle);
}
