using System;
using System.IO;
using System.Threading.Tasks;
using Overlay.Lease.Stores;
using Xunit;
using static Overlay.Lease.Tests.Leases;

namespace Overlay.Lease.Tests.Stores;

/// <summary>What a renewal does to a lease file, and giving it back.</summary>
public sealed class FileLeaseStoreRenewalTests : StoreFixture
{
    [Fact]
    public async Task A_renewal_dates_the_file_anew()
    {
        await using FileLeaseStore store = NewStore();
        SubnetLease lease =
            (await store.AcquireAsync(Config, new LeaseRequest(Owner("192.0.2.1"), null), Cancel)).Lease;
        Time.Advance(TimeSpan.FromHours(23));

        SubnetLease renewed = await store.RenewAsync(lease, Cancel);

        Assert.Equal(lease with { Expires = Time.GetUtcNow() + TimeSpan.FromHours(24) }, renewed);
        Assert.Equal(
            Time.GetUtcNow().UtcDateTime, File.GetLastWriteTimeUtc(FileOf(new SubnetKey(lease.Subnet).Format())));
    }

    [Fact]
    public async Task A_renewal_makes_a_missing_file_again()
    {
        Directory.Delete(Subnets);
        await using FileLeaseStore store = NewStore();

        await store.RenewAsync(LeaseOf("10.5.8.0/24", "192.0.2.1"), Cancel);

        Assert.Equal(["10.5.8.0-24"], FileNames());
    }

    [Fact]
    public async Task A_renewal_never_overwrites_another_owners_lease()
    {
        PutLease("10.5.8.0-24", "192.0.2.99");
        await using FileLeaseStore store = NewStore();

        LeaseLostException loss = await Assert.ThrowsAsync<LeaseLostException>(
            () => store.RenewAsync(LeaseOf("10.5.8.0/24", "192.0.2.1"), Cancel));

        Assert.Contains("192.0.2.99", loss.Message, StringComparison.Ordinal);
        Assert.Equal(Value("192.0.2.99"), File.ReadAllText(FileOf("10.5.8.0-24")));
    }

    [Fact]
    public async Task A_renewal_replaces_an_expired_lease_and_a_file_that_cannot_be_read()
    {
        PutLease("10.5.8.0-24", "192.0.2.99", age: TimeSpan.FromHours(24));
        PutText("10.5.9.0-24", "{");
        await using FileLeaseStore store = NewStore();

        await store.RenewAsync(LeaseOf("10.5.8.0/24", "192.0.2.1"), Cancel);
        await store.RenewAsync(LeaseOf("10.5.9.0/24", "192.0.2.1"), Cancel);

        Assert.Equal(Value("192.0.2.1"), File.ReadAllText(FileOf("10.5.8.0-24")).TrimEnd());
        Assert.Equal(Value("192.0.2.1"), File.ReadAllText(FileOf("10.5.9.0-24")).TrimEnd());
    }

    [Fact]
    public async Task A_lease_given_back_is_gone_and_giving_it_back_again_does_no_harm()
    {
        await using FileLeaseStore store = NewStore();
        SubnetLease lease =
            (await store.AcquireAsync(Config, new LeaseRequest(Owner("192.0.2.1"), null), Cancel)).Lease;

        await store.ReleaseAsync(lease, Cancel);
        await store.ReleaseAsync(lease, Cancel);

        Assert.Empty(FileNames());
    }

    [Fact]
    public async Task A_lease_that_another_holds_by_now_is_not_given_back()
    {
        PutLease("10.5.8.0-24", "192.0.2.8");
        await using FileLeaseStore store = NewStore();

        await store.ReleaseAsync(LeaseOf("10.5.8.0/24", "192.0.2.1"), Cancel);

        Assert.Equal(["10.5.8.0-24"], FileNames());
    }
}
