using System;
using System.Threading.Tasks;
using Mvccpb;
using Overlay.Lease.Etcd.Client;
using Overlay.Lease.Etcd.Store;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.LeaseText;

namespace Overlay.Lease.Etcd.Tests.Store;

/// <summary>
/// What becomes of the etcd leases that were granted to us: one is on our key, and none is left behind.
/// </summary>
public sealed class OwnGrantsTests : IClassFixture<SharedStoreLab>, IAsyncLifetime
{
    private const string Ours = "192.0.2.1";

    private static readonly NetworkConfig s_config = NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}""");

    private readonly EtcdClient _client;

    private int _others;

    public OwnGrantsTests(SharedStoreLab etcd)
    {
        Lab = etcd.Lab;
        _client = new EtcdClient(Lab.Options);
    }

    private EtcdStoreLab Lab { get; }

    public async ValueTask InitializeAsync()
    {
        await Lab.ClearAsync();
        _others = await CountAsync();
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    [Fact]
    public async Task After_many_renewals_few_grants_are_remembered_and_the_keys_is_among_them()
    {
        OwnLeaseKeeper keeper = NewKeeper();
        SubnetLease own = await AcquireAsync(keeper);

        for (int i = 0; i < 3 * OwnGrants.MostEnded; i++)
        {
            await keeper.RenewAsync(own, EtcdStoreLab.Cancel);
            Assert.Contains(await GrantOfKeyAsync(own), keeper.Grants);
        }

        Assert.Equal(OwnGrants.MostEnded + 1, keeper.Grants.Count);
        Assert.Equal(1, await CountAsync());
    }

    [Fact]
    public async Task A_first_write_that_never_arrived_leaves_no_grant_behind()
    {
        OwnLeaseKeeper keeper = NewKeeper();
        Lab.Relay.CutBefore("KV/Txn");
        Assert.True((await Assert.ThrowsAsync<EtcdException>(() => AcquireAsync(keeper))).IsNotReady);
        Lab.Relay.Heal();
        Assert.Equal(1, await CountAsync());

        SubnetLease own = await AcquireAsync(keeper);

        Assert.Equal(1, await CountAsync());
        Assert.Contains(await GrantOfKeyAsync(own), keeper.Grants);
    }

    [Fact]
    public async Task A_renewal_that_never_arrived_leaves_no_grant_behind()
    {
        OwnLeaseKeeper keeper = NewKeeper();
        SubnetLease own = await AcquireAsync(keeper);
        Lab.Relay.CutBefore("KV/Txn");
        Assert.True(
            (await Assert.ThrowsAsync<EtcdException>(() => keeper.RenewAsync(own, EtcdStoreLab.Cancel))).IsNotReady);
        Lab.Relay.Heal();
        Assert.Equal(2, await CountAsync()); // what may still be under way is not taken away before the next write

        await keeper.RenewAsync(own, EtcdStoreLab.Cancel);

        Assert.Equal(1, await CountAsync());
    }

    [Fact]
    public async Task A_renewal_whose_answer_was_lost_leaves_no_grant_behind()
    {
        OwnLeaseKeeper keeper = NewKeeper();
        SubnetLease own = await AcquireAsync(keeper);
        Lab.Relay.MuteAfter("KV/Txn");
        Task<SubnetLease> renewal = keeper.RenewAsync(own, EtcdStoreLab.Cancel);
        await Eventually.IsTrue(() => Lab.Relay.IsMute, () => "the write to be sent");
        Lab.Relay.Heal(); // in time for the question what became of it

        await renewal;

        Assert.Equal(1, await CountAsync());
    }

    [Fact]
    public async Task A_revocation_that_failed_is_made_up_for_after_the_next_write()
    {
        OwnLeaseKeeper keeper = NewKeeper();
        SubnetLease own = await AcquireAsync(keeper);
        Lab.Relay.CutBefore("LeaseRevoke");
        await keeper.RenewAsync(own, EtcdStoreLab.Cancel);
        Lab.Relay.Heal();
        Assert.Equal(2, await CountAsync());

        await keeper.RenewAsync(own, EtcdStoreLab.Cancel);

        Assert.Equal(1, await CountAsync());
    }

    [Fact]
    public async Task The_grant_of_a_key_that_vanished_is_revoked_when_it_is_made_again()
    {
        OwnLeaseKeeper keeper = NewKeeper();
        SubnetLease own = await AcquireAsync(keeper);
        await Lab.DeleteAsync(Name(own.Subnet));

        await keeper.RenewAsync(own, EtcdStoreLab.Cancel);

        Assert.Equal(1, await CountAsync());
        Assert.Contains(await GrantOfKeyAsync(own), keeper.Grants);
    }

    private OwnLeaseKeeper NewKeeper()
    {
        var keys = new EtcdKeys(Lab.Prefix);
        return new OwnLeaseKeeper(
            _client, keys, new EtcdLeaseWriter(
                _client, keys, TimeProvider.System), TimeProvider.System, Lab.Warn, new Random(1));
    }

    private async Task<int> CountAsync() =>
        await new EtcdAdministration(Lab.Server.Endpoint).CountLeasesAsync(EtcdStoreLab.Cancel) - _others;

    private async Task<long> GrantOfKeyAsync(SubnetLease own) =>
        (await Lab.ReadAsync(Name(own.Subnet)) ?? new KeyValue()).Lease;

    private static async Task<SubnetLease> AcquireAsync(OwnLeaseKeeper keeper) =>
        (await keeper.AcquireAsync(s_config, new LeaseRequest(Owner(Ours), null), EtcdStoreLab.Cancel)).Lease;
}
