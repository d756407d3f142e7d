using System;
using System.Threading.Tasks;
using Mvccpb;
using Overlay.Lease.Etcd.Store;
using Xunit;
using static Overlay.Testing.LeaseText;

namespace Overlay.Lease.Etcd.Tests.Store;

/// <summary>
/// A key of ours without a time to live is its maker's: we use it, and only what is lost of it is put back.
/// </summary>
public sealed class OwnReservationTests(SharedStoreLab etcd) : IClassFixture<SharedStoreLab>, IAsyncLifetime
{
    private const string Ours = "192.0.2.1";
    private const string Reserved = "10.5.8.0-24";
    private const string Garbage = "not a lease";
    private const int None = -1;

    private static readonly NetworkConfig s_config = NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}""");

    private EtcdStoreLab Lab => etcd.Lab;

    public async ValueTask InitializeAsync() => await Lab.ClearAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Garbage_over_a_reservation_of_ours_is_replaced_by_the_reservation()
    {
        await ReserveAsync();
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease own = await AcquireAsync(store);
        await PutGarbageAsync(own);

        SubnetLease renewed = await store.RenewAsync(own, EtcdStoreLab.Cancel);

        Assert.Equal(DateTimeOffset.MaxValue, renewed.Expires);
        await IsReservedAsync();
    }

    [Fact]
    public async Task Garbage_over_what_was_reserved_meanwhile_is_replaced_by_the_reservation()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease own = await AcquireAsync(store, "10.5.8.0/24");
        await ReserveAsync();
        own = await store.RenewAsync(own, EtcdStoreLab.Cancel);
        await PutGarbageAsync(own);

        Assert.Equal(DateTimeOffset.MaxValue, (await store.RenewAsync(own, EtcdStoreLab.Cancel)).Expires);
        await IsReservedAsync();
    }

    [Fact]
    public async Task That_it_was_reserved_is_known_after_a_restart_by_its_end()
    {
        await ReserveAsync();
        await using EtcdLeaseStore earlier = Lab.NewStore();
        SubnetLease own = await AcquireAsync(earlier);
        await PutGarbageAsync(own);
        await using EtcdLeaseStore store = Lab.NewStore();

        Assert.Equal(DateTimeOffset.MaxValue, (await store.RenewAsync(own, EtcdStoreLab.Cancel)).Expires);
        await IsReservedAsync();
    }

    [Fact]
    public async Task A_reservation_whose_write_broke_off_is_put_back_with_the_next_renewal()
    {
        await ReserveAsync();
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease own = await AcquireAsync(store);
        await PutGarbageAsync(own);
        Lab.Relay.CutBefore("KV/Txn");
        await Assert.ThrowsAsync<LeaseStoreNotReadyException>(() => store.RenewAsync(own, EtcdStoreLab.Cancel));
        Lab.Relay.Heal();

        Assert.Equal(DateTimeOffset.MaxValue, (await store.RenewAsync(own, EtcdStoreLab.Cancel)).Expires);
        await IsReservedAsync();
    }

    [Fact]
    public async Task Garbage_over_an_ordinary_lease_of_ours_is_replaced_by_one_that_ends()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease own = await AcquireAsync(store, "10.5.8.0/24");
        await PutGarbageAsync(own);

        await store.RenewAsync(own, EtcdStoreLab.Cancel);

        Assert.InRange(await Lab.TimeToLiveAsync(Reserved), 86_000, 86_400);
    }

    [Fact]
    public async Task A_reservation_that_was_removed_or_given_an_end_is_one_no_longer()
    {
        await ReserveAsync();
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease own = await AcquireAsync(store);

        await Lab.DeleteAsync(Reserved);
        own = await store.RenewAsync(own, EtcdStoreLab.Cancel);
        Assert.InRange(await Lab.TimeToLiveAsync(Reserved), 86_000, 86_400);
        await PutGarbageAsync(own);
        await store.RenewAsync(own, EtcdStoreLab.Cancel);

        Assert.InRange(await Lab.TimeToLiveAsync(Reserved), 86_000, 86_400);
    }

    [Fact]
    public async Task A_start_takes_the_reserved_one_of_our_keys_and_leaves_it_as_it_is()
    {
        await Lab.PutLeaseAsync("10.5.7.0-24", Ours);
        long written = await ReserveAsync();
        await using EtcdLeaseStore store = Lab.NewStore();

        AcquiredLease taken = await store.AcquireAsync(
            s_config, new LeaseRequest(Owner(Ours), Cidr("10.5.7.0/24")), EtcdStoreLab.Cancel);

        Assert.Equal((Cidr("10.5.8.0/24"), DateTimeOffset.MaxValue, false), (
            taken.Lease.Subnet, taken.Lease.Expires, taken.IsNew));
        Assert.Equal(written, (await ReservedAsync()).ModRevision);
    }

    [Fact]
    public async Task A_backend_publishes_its_data_in_a_reservation_which_stays_one_and_is_written_once()
    {
        await ReserveAsync();
        await using EtcdLeaseStore store = Lab.NewStore();
        LeaseAttributes published = Owner(Ours) with { Backend = new BackendLeaseData("vxlan", """{"VNI":1}""") };

        SubnetLease own =
            (await store.AcquireAsync(s_config, new LeaseRequest(published, null), EtcdStoreLab.Cancel)).Lease;
        KeyValue written = await ReservedAsync();
        own = await store.RenewAsync(own, EtcdStoreLab.Cancel);

        Assert.Equal((Cidr("10.5.8.0/24"), DateTimeOffset.MaxValue), (own.Subnet, own.Expires));
        Assert.Equal(
            """{"PublicIP":"192.0.2.1","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1}}""",
            written.Value.ToStringUtf8());
        Assert.Equal(written.ModRevision, (await ReservedAsync()).ModRevision);
        Assert.Equal(None, await Lab.TimeToLiveAsync(Reserved));
    }

    [Fact]
    public async Task A_reservation_that_cannot_be_used_stays_and_is_reported_once()
    {
        var elsewhere = NetworkConfig.Parse("""{"Network":"10.6.0.0/16"}""");
        long written = await ReserveAsync();
        await using EtcdLeaseStore store = Lab.NewStore();

        AcquiredLease taken = await store.AcquireAsync(
            elsewhere, new LeaseRequest(Owner(Ours), null), EtcdStoreLab.Cancel);

        Assert.True(elsewhere.Allows(taken.Lease.Subnet));
        Assert.Equal(written, (await ReservedAsync()).ModRevision);
        Assert.StartsWith(
            $"{Reserved} is reserved for {Ours} and cannot be "
                + "used", Assert.Single(Lab.Warnings), StringComparison.Ordinal);
    }

    private static async Task<SubnetLease> AcquireAsync(EtcdLeaseStore store, string? previous = null) =>
        (await store.AcquireAsync(
        s_config, new LeaseRequest(Owner(Ours), previous is null ? null : Cidr(previous)), EtcdStoreLab.Cancel)).Lease;

    private Task<long> ReserveAsync() => Lab.PutLeaseAsync(Reserved, Ours, ttl: 0);

    private Task<long> PutGarbageAsync(SubnetLease own) => Lab.PutAsync(Lab.KeyOf(Name(own.Subnet)), Garbage);

    private async Task<KeyValue> ReservedAsync() =>
        await Lab.ReadAsync(Reserved) ?? throw new InvalidOperationException($"there is no {Reserved}");

    private async Task IsReservedAsync()
    {
        Assert.Equal(Value(Ours), (await ReservedAsync()).Value.ToStringUtf8());
        Assert.Equal(None, await Lab.TimeToLiveAsync(Reserved));
    }
}
