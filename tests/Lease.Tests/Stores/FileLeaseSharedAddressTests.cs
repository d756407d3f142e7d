using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using Overlay.Lease.Stores;
using Overlay.Testing;
using Xunit;
using static Overlay.Lease.Tests.Leases;

namespace Overlay.Lease.Tests.Stores;

/// <summary>
/// Two hosts with one public address take one lease file for their own: both are warned, and nobody else is.
/// </summary>
public sealed class FileLeaseSharedAddressTests : StoreFixture
{
    private const string Name = "10.5.8.0-24", Subnet = "10.5.8.0/24", Shared = "192.0.2.1";

    private static readonly TimeSpan s_settle = TimeSpan.FromMilliseconds(60), s_reread = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Each_of_two_hosts_with_one_public_address_is_warned_once()
    {
        List<string> linesLeft = [], linesRight = [];
        await using var left = new FileLeaseStore(Root, Time, linesLeft.Add);
        await using var right = new FileLeaseStore(Root, Time, linesRight.Add);
        SubnetLease own = await TakeAsync(left);
        for (int hours = 0; hours < 3; hours++)
        {
            Time.Advance(TimeSpan.FromHours(1));
            Assert.Equal(own.Subnet, (await TakeAsync(right)).Subnet);
            Time.Advance(TimeSpan.FromHours(1));
            await left.RenewAsync(own, Cancel);
        }

        string line =
            $"the lease {Subnet} of {Shared} is written by another process with this public address ({FileOf(Name)}); "
            + "if two hosts have it, give each its own with --public-ip";
        Assert.Equal(line, Assert.Single(linesLeft));
        Assert.Equal(line, Assert.Single(linesRight));
    }

    [Fact]
    public async Task A_watch_tells_it_without_waiting_for_the_renewal()
    {
        await using FileLeaseStore store = NewStore();
        await TakeAsync(store);
        await using var watch = new WatchLog(store, Config);
        await watch.WaitForAsync(1);
        Time.Advance(TimeSpan.FromHours(1));

        PutLease(Name, Shared);

        await Eventually.IsTrue(() => Warnings.Length > 0, () => "the warning", () => Time.Advance(s_reread));
        Assert.Contains(Shared, Assert.Single(Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Our_own_renewals_are_nobody_elses_whoever_watches()
    {
        await using FileLeaseStore store = NewStore();
        SubnetLease own = await TakeAsync(store);
        await using var watch = new WatchLog(store, Config);
        for (int renewals = 1; renewals < 50; renewals++)
        {
            await watch.WaitForAsync(renewals, () => Time.Advance(s_settle));
            Time.Advance(TimeSpan.FromHours(1));
            await store.RenewAsync(own, Cancel);
        }

        Assert.Empty(Warnings);
    }

    [Fact]
    public async Task A_lease_of_ours_from_before_a_restart_is_nobody_elses()
    {
        PutLease(Name, Shared, age: TimeSpan.FromHours(3));
        await using FileLeaseStore store = NewStore();

        await store.RenewAsync(await TakeAsync(store), Cancel);

        Assert.Empty(Warnings);
    }

    [Theory]
    [InlineData(-3600)] // put back by a restore, or what a network mount still remembers
    [InlineData(1)] // a file system that rounds its times
    [InlineData(2 * 3600)] // made to last longer by hand
    [InlineData(30 * 86_400)]
    public async Task A_date_that_no_renewal_gives_is_not_taken_for_another_host(int secondsFromNow)
    {
        await using FileLeaseStore store = NewStore();
        SubnetLease own = await TakeAsync(store);

        PutLease(Name, Shared, age: TimeSpan.FromSeconds(-secondsFromNow));
        await store.RenewAsync(own, Cancel);

        Assert.Empty(Warnings);
    }

    [Fact]
    public async Task A_date_ahead_is_not_taken_for_another_host_when_its_time_has_come_either()
    {
        await using FileLeaseStore store = NewStore();
        SubnetLease own = await TakeAsync(store);
        await using var watch = new WatchLog(store, Config);
        await watch.WaitForAsync(1);
        PutLease(Name, Shared, age: TimeSpan.FromHours(-3));
        await watch.WaitForAsync(2, () => Time.Advance(s_settle));
        Time.Advance(TimeSpan.FromHours(4));

        await store.RenewAsync(own, Cancel);

        Assert.Empty(Warnings);
    }

    [Fact]
    public async Task A_lease_made_a_reservation_is_not_taken_for_another_host()
    {
        await using FileLeaseStore store = NewStore();
        SubnetLease own = await TakeAsync(store);
        await using var operators = new FileLeaseAdministration(Root, Time);
        Time.Advance(TimeSpan.FromHours(1));

        await operators.ReserveAsync(Config, own.Subnet, own.PublicIp, Cancel);
        await store.RenewAsync(own, Cancel);
        await operators.RemoveAsync(Name, Cancel);
        await store.RenewAsync(own, Cancel);

        Assert.Empty(Warnings);
        Assert.Equal(Time.GetUtcNow().UtcDateTime, File.GetLastWriteTimeUtc(FileOf(Name)));
    }

    [Fact]
    public async Task A_lease_we_gave_back_may_be_anybodys()
    {
        await using FileLeaseStore store = NewStore();
        await store.ReleaseAsync(await TakeAsync(store), Cancel);
        await using var watch = new WatchLog(store, Config);
        await watch.WaitForAsync(1);
        Time.Advance(TimeSpan.FromHours(1));

        PutLease(Name, Shared);
        await watch.WaitForAsync(2, () => Time.Advance(s_reread));

        Assert.Empty(Warnings);
    }

    [Fact]
    public async Task A_lease_that_another_address_has_taken_is_lost_and_nothing_else()
    {
        await using FileLeaseStore store = NewStore();
        SubnetLease own = await TakeAsync(store);
        Time.Advance(TimeSpan.FromHours(1));
        PutLease(Name, "192.0.2.8");

        await Assert.ThrowsAsync<LeaseLostException>(() => store.RenewAsync(own, Cancel));

        Assert.Empty(Warnings);
    }

    private async Task<SubnetLease> TakeAsync(FileLeaseStore store) =>
        (await store.AcquireAsync(Config, new LeaseRequest(Owner(Shared), Cidr(Subnet)), Cancel)).Lease;
}
