using System;
using System.Threading.Tasks;
using Overlay.Lease.Etcd.Store;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.LeaseText;

namespace Overlay.Lease.Etcd.Tests.Store;

/// <summary>What becomes of our key when an older one that overlaps it makes us lose it.</summary>
public sealed class OverlappedLeaseTests(SharedStoreLab etcd) : IClassFixture<SharedStoreLab>, IAsyncLifetime
{
    private const string Ours = "192.0.2.1";
    private const string Rival = "10.5.8.0-22";

    // The older key lies outside of this one and so takes nothing; in the other it counts.
    private static readonly NetworkConfig s_narrow = NetworkConfig.Parse("""{"Network":"10.5.8.0/23"}""");
    private static readonly NetworkConfig s_wide = NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}""");

    private EtcdStoreLab Lab => etcd.Lab;

    public async ValueTask InitializeAsync()
    {
        await Lab.ClearAsync();
        await Lab.PutLeaseAsync(Rival, "192.0.2.9");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Our_key_is_removed_and_the_older_one_left_alone()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease own = await AcquireNarrowAsync(store);

        LeaseLostException loss = await LoseAsync(store, own);

        Assert.Contains("10.5.8.0/22 held by 192.0.2.9", loss.Message, StringComparison.Ordinal);
        Assert.Null(await Lab.ReadAsync(Name(own.Subnet)));
        Assert.NotNull(await Lab.ReadAsync(Rival));
    }

    [Fact]
    public async Task A_key_that_may_be_another_process_s_stays()
    {
        await using EtcdLeaseStore earlier = Lab.NewStore();
        SubnetLease own = await AcquireNarrowAsync(earlier);
        await using EtcdLeaseStore store = Lab.NewStore();

        await LoseAsync(store, own);

        Assert.NotNull(await Lab.ReadAsync(Name(own.Subnet)));
    }

    [Fact]
    public async Task A_reservation_stays_and_is_named()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease own = await AcquireNarrowAsync(store);
        await Lab.PutLeaseAsync(Name(own.Subnet), Ours, ttl: 0);

        LeaseLostException loss = await LoseAsync(store, own);

        Assert.EndsWith(
            $"; the reservation {Lab.KeyOf(Name(own.Subnet))} stays until it is removed: overlay lease remove "
                + $"{own.Subnet}",
            loss.Message,
            StringComparison.Ordinal);
        Assert.NotNull(await Lab.ReadAsync(Name(own.Subnet)));
    }

    [Fact]
    public async Task A_removal_that_fails_hides_nothing_and_is_made_up_for_with_the_next_lease()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease own = await AcquireNarrowAsync(store);
        Lab.Relay.CutBefore("KV/Txn");

        LeaseLostException loss = await LoseAsync(store, own);

        Assert.Contains("10.5.8.0/22 held by 192.0.2.9", loss.Message, StringComparison.Ordinal);
        Assert.Contains(
            $"; {Lab.KeyOf(Name(own.Subnet))} could not be removed and ends by itself: "
                + "", loss.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', loss.Message);
        Assert.NotNull(await Lab.ReadAsync(Name(own.Subnet)));
        Lab.Relay.Heal();
        await store.AcquireAsync(
            s_wide,
            new LeaseRequest(own.Attributes, PreviousSubnet: null, LostSubnet: own.Subnet),
            EtcdStoreLab.Cancel);
        Assert.Null(await Lab.ReadAsync(Name(own.Subnet)));
    }

    private static async Task<SubnetLease> AcquireNarrowAsync(EtcdLeaseStore store) =>
        (await store.AcquireAsync(s_narrow, new LeaseRequest(Owner(Ours), null), EtcdStoreLab.Cancel)).Lease;

    private static async Task<LeaseLostException> LoseAsync(EtcdLeaseStore store, SubnetLease own)
    {
        await using (WatchLog watch = new(store, s_wide)) // tells the store which config holds now
        {
            await watch.WaitForAsync(1);
        }

        return await Assert.ThrowsAsync<LeaseLostException>(() => store.RenewAsync(own, EtcdStoreLab.Cancel));
    }
}
