using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Lease.Stores;
using Xunit;
using static Overlay.Lease.Tests.Leases;

namespace Overlay.Lease.Tests.Stores;

public sealed class FileLeaseReservationTests : StoreFixture
{
    private static readonly DateTime s_farAhead = new(2100, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    [Fact]
    public async Task A_renewal_keeps_the_date_of_a_reservation()
    {
        string path = Reserve("10.5.8.0-24", "192.0.2.1");
        await using FileLeaseStore store = NewStore();

        SubnetLease renewed = await store.RenewAsync(LeaseOf("10.5.8.0/24", "192.0.2.1"), Cancel);

        Assert.Equal(DateTimeOffset.MaxValue, renewed.Expires);
        Assert.Equal(s_farAhead, File.GetLastWriteTimeUtc(path));
    }

    [Fact]
    public async Task Taking_a_reserved_subnet_keeps_its_date()
    {
        string path = Reserve("10.5.8.0-24", "192.0.2.1");
        await using FileLeaseStore store = NewStore();

        AcquiredLease acquired = await store.AcquireAsync(
            Config, new LeaseRequest(Owner("192.0.2.1"), Cidr("10.5.9.0/24")), Cancel);

        Assert.Equal(new SubnetLease(
            Cidr("10.5.8.0/24"), new LeaseAttributes(Ip("192.0.2.1")), DateTimeOffset.MaxValue), acquired.Lease);
        Assert.False(acquired.IsNew);
        Assert.Equal(s_farAhead, File.GetLastWriteTimeUtc(path));
    }

    [Fact]
    public async Task The_reserved_one_of_two_leases_of_a_host_is_taken()
    {
        PutLease("10.5.7.0-24", "192.0.2.1");
        Reserve("10.5.8.0-24", "192.0.2.1");
        await using FileLeaseStore store = NewStore();

        Assert.Equal(
            Cidr("10.5.8.0/24"), (await store.AcquireAsync(
                Config, new LeaseRequest(Owner("192.0.2.1"), Cidr("10.5.7.0/24")), Cancel)).Lease.Subnet);
    }

    [Fact]
    public async Task A_reservation_that_the_config_does_not_allow_any_longer_is_reported_and_stays()
    {
        string path = Reserve("10.99.8.0-24", "192.0.2.1");
        await using FileLeaseStore store = NewStore();

        AcquiredLease acquired = await store.AcquireAsync(Config, new LeaseRequest(Owner("192.0.2.1"), null), Cancel);

        Assert.True(Config.Allows(acquired.Lease.Subnet));
        Assert.Equal(s_farAhead, File.GetLastWriteTimeUtc(path));
        Assert.Contains(
            Warnings, line => line.Contains("10.99.8.0-24 is reserved for 192.0.2.1", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("10.5.8.0/23", 1)] // overlaps it
    [InlineData("10.5.8.0/24", 0)] // is it: whoever holds it now goes by our address
    [InlineData("10.5.12.0/24", 0)] // has nothing to do with it
    public async Task A_reservation_that_overlaps_what_was_just_lost_is_reported_and_stays(string lost, int warnings)
    {
        string path = Reserve("10.5.8.0-24", "192.0.2.1");
        await using FileLeaseStore store = NewStore();

        AcquiredLease acquired = await store.AcquireAsync(
            Config, new LeaseRequest(Owner("192.0.2.1"), PreviousSubnet: null, LostSubnet: Cidr(lost)), Cancel);

        Assert.False(acquired.Lease.Subnet.Overlaps(Cidr(lost)));
        Assert.Equal(lost == "10.5.12.0/24", acquired.Lease.Subnet == Cidr("10.5.8.0/24"));
        Assert.Equal(s_farAhead, File.GetLastWriteTimeUtc(path));
        Assert.Equal(
            warnings,
            Warnings.Count(line => line.Contains(
                "or the subnet just lost to one, overlaps it", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_reservation_that_cannot_be_used_is_reported_once_however_often_a_lease_is_asked_for()
    {
        var full = NetworkConfig.Parse("""{"Network":"10.7.0.0/16","SubnetMin":"10.7.1.0","SubnetMax":"10.7.1.0"}""");
        PutLease("10.7.1.0-24", "192.0.2.9");
        Reserve("10.99.8.0-24", "192.0.2.1");
        await using FileLeaseStore store = NewStore();

        for (int attempt = 0; attempt < 3; attempt++)
        {
            await Assert.ThrowsAsync<LeaseStoreException>(
                () => store.AcquireAsync(full, new LeaseRequest(Owner("192.0.2.1"), null), Cancel));
        }

        Assert.Single(
            Warnings, line => line.Contains("10.99.8.0-24 is reserved for 192.0.2.1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_reservation_is_never_given_back_by_its_host()
    {
        string path = Reserve("10.5.8.0-24", "192.0.2.1");
        await using FileLeaseStore store = NewStore();

        await store.ReleaseAsync(LeaseOf("10.5.8.0/24", "192.0.2.1"), Cancel);

        Assert.Equal(s_farAhead, File.GetLastWriteTimeUtc(path));
    }

    [Fact]
    public async Task A_reservation_of_another_host_is_neither_taken_nor_renewed()
    {
        Reserve("10.5.8.0-24", "192.0.2.8");
        await using FileLeaseStore store = NewStore();

        Assert.NotEqual(
            Cidr("10.5.8.0/24"), (await store.AcquireAsync(
                Config, new LeaseRequest(Owner("192.0.2.1"), Cidr("10.5.8.0/24")), Cancel)).Lease.Subnet);
        await Assert.ThrowsAsync<LeaseLostException>(
            () => store.RenewAsync(LeaseOf("10.5.8.0/24", "192.0.2.1"), Cancel));
        Assert.Equal(Value("192.0.2.8"), File.ReadAllText(FileOf("10.5.8.0-24")));
    }

    [Theory]
    [InlineData(9 * 365, false)]
    [InlineData(11 * 365, true)]
    public async Task What_expires_more_than_ten_years_from_now_is_a_reservation(int days, bool isReservation)
    {
        PutLease("10.5.8.0-24", "192.0.2.1", age: TimeSpan.FromDays(-days));
        await using FileLeaseStore store = NewStore();

        LeaseUpdate.Snapshot snapshot = Assert.IsType<LeaseUpdate.Snapshot>(
            await store.WatchAsync(Config, Cancel).FirstAsync(Cancel));

        Assert.Equal(isReservation, Assert.Single(snapshot.Leases).Expires == DateTimeOffset.MaxValue);
    }

    [Fact]
    public async Task A_lease_removed_and_made_again_has_an_end()
    {
        File.Delete(Reserve("10.5.8.0-24", "192.0.2.1"));
        await using FileLeaseStore store = NewStore();

        SubnetLease renewed = await store.RenewAsync(
            LeaseOf("10.5.8.0/24", "192.0.2.1") with { Expires = DateTimeOffset.MaxValue }, Cancel);

        Assert.Equal(Time.GetUtcNow() + FileLeaseStore.TimeToLive, renewed.Expires);
    }

    private string Reserve(string name, string publicIp)
    {
        string path = PutLease(name, publicIp);
        File.SetLastWriteTimeUtc(path, s_farAhead);
        return path;
    }
}
