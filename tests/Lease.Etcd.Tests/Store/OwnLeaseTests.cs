using System;
using System.Linq;
using System.Threading.Tasks;
using Etcdserverpb;
using Mvccpb;
using Overlay.Lease.Etcd.Store;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.LeaseText;

namespace Overlay.Lease.Etcd.Tests.Store;

/// <summary>What may happen to our own lease in etcd, and what is written.</summary>
public sealed class OwnLeaseTests(SharedStoreLab etcd) : IClassFixture<SharedStoreLab>, IAsyncLifetime
{
    private const string Ours = "192.0.2.1";

    private static readonly NetworkConfig s_config = NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}""");

    private EtcdStoreLab Lab => etcd.Lab;

    public async ValueTask InitializeAsync() => await Lab.ClearAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_renewal_gives_the_key_a_new_lease_and_ends_the_old_one()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease own = (await AcquireAsync(store)).Lease;
        KeyValue before = await OwnKeyAsync(own);

        await store.RenewAsync(own, EtcdStoreLab.Cancel);

        KeyValue after = await OwnKeyAsync(own);
        Assert.NotEqual(before.Lease, after.Lease);
        Assert.Equal((before.Value, before.CreateRevision), (after.Value, after.CreateRevision));
        Assert.Equal(-1, (await Lab.Client.LeaseTimeToLiveAsync(
            new LeaseTimeToLiveRequest { ID = before.Lease }, EtcdStoreLab.Cancel)).TTL);
    }

    [Fact]
    public async Task A_lease_taken_over_from_an_earlier_run_loses_nothing_that_others_tied_to_it()
    {
        long shared = await Lab.GrantAsync(600);
        await Lab.PutAsync(Lab.KeyOf("10.5.8.0-24"), Value(Ours), shared);
        await Lab.PutAsync("/elsewhere", "theirs", shared);
        await using EtcdLeaseStore store = Lab.NewStore();

        SubnetLease own = (await AcquireAsync(store)).Lease;
        await store.RenewAsync(own, EtcdStoreLab.Cancel);

        Assert.Equal(Cidr("10.5.8.0/24"), own.Subnet);
        Assert.InRange(await Lab.TimeToLiveAsync("10.5.8.0-24"), 86_000, 86_400);
        LeaseTimeToLiveResponse left = await Lab.Client.LeaseTimeToLiveAsync(
            new LeaseTimeToLiveRequest { ID = shared, Keys = true }, EtcdStoreLab.Cancel);
        Assert.Equal(["/elsewhere"], left.Keys.Select(key => key.ToStringUtf8()));
    }

    [Fact]
    public async Task A_renewal_after_a_restart_takes_the_key_as_it_is()
    {
        await Lab.PutLeaseAsync("10.5.8.0-24", Ours);
        await using EtcdLeaseStore store = Lab.NewStore();

        SubnetLease renewed = await store.RenewAsync(
            new SubnetLease(
                Cidr("10.5.8.0/24"), new LeaseAttributes(Ip(Ours)), DateTimeOffset.UtcNow), EtcdStoreLab.Cancel);

        Assert.InRange(renewed.Expires - DateTimeOffset.UtcNow, TimeSpan.FromHours(23.9), TimeSpan.FromHours(24));
    }

    [Fact]
    public async Task A_second_host_with_our_public_address_is_noticed_and_named()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease own = (await AcquireAsync(store)).Lease;
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync(1);
        await using EtcdLeaseStore twin = Lab.NewStore();

        Assert.Equal(own.Subnet, (await AcquireAsync(twin)).Lease.Subnet);

        await watch.WaitForAsync("question");
        LeaseLostException loss =
            await Assert.ThrowsAsync<LeaseLostException>(() => store.RenewAsync(own, EtcdStoreLab.Cancel));
        Assert.Contains(Ours, loss.Message, StringComparison.Ordinal);
        Assert.Contains("--public-ip", loss.Message, StringComparison.Ordinal);

        // Another subnet then, and the twin's is left alone.
        var request = new LeaseRequest(Owner(Ours), own.Subnet, LostSubnet: own.Subnet);
        AcquiredLease other = await store.AcquireAsync(s_config, request, EtcdStoreLab.Cancel);
        Assert.NotEqual(own.Subnet, other.Lease.Subnet);
        await twin.RenewAsync(own, EtcdStoreLab.Cancel);
        await store.RenewAsync(other.Lease, EtcdStoreLab.Cancel);
        Assert.Equal(2, (await Lab.ReadAllAsync()).Count);
    }

    [Fact]
    public async Task A_lease_written_over_by_another_host_is_in_question_and_lost()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease own = (await AcquireAsync(store)).Lease;
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync(1);

        await Lab.PutLeaseAsync(Name(own.Subnet), "192.0.2.99");

        Assert.Equal(3, await watch.WaitForAsync("question"));
        var view = new LeaseView(own.Subnet, own.PublicIp);
        Assert.All(watch.Updates, update => view.Apply(update));
        Assert.False(view.OwnIsHeld);
        await Assert.ThrowsAsync<LeaseLostException>(() => store.RenewAsync(own, EtcdStoreLab.Cancel));
        Assert.Contains("192.0.2.99", (await OwnKeyAsync(own)).Value.ToStringUtf8(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_key_with_our_public_address_is_warned_of_once()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease own = (await AcquireAsync(store)).Lease;
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync(1);

        await Lab.PutLeaseAsync("10.5.8.0-24", Ours);
        await watch.WaitForAsync(2);
        await Lab.PutLeaseAsync("10.5.8.0-24", Ours);
        await watch.WaitForAsync(3);

        string line = Assert.Single(Lab.Warnings);
        Assert.Contains(
            "/coreos.com/network/subnets/10.5.8.0-24 has this host's public address", line, StringComparison.Ordinal);
        await store.RenewAsync(own, EtcdStoreLab.Cancel);
        Assert.Equal(2, (await Lab.ReadAllAsync()).Count);
    }

    [Fact]
    public async Task Another_key_with_our_public_address_that_comes_back_is_warned_of_again()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        await AcquireAsync(store);
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync(1);

        await Lab.PutLeaseAsync("10.5.8.0-24", Ours);
        await watch.WaitForAsync(2);
        await Lab.DeleteAsync("10.5.8.0-24");
        await watch.WaitForAsync("changes -10.5.8.0/24");
        await Lab.PutLeaseAsync("10.5.8.0-24", Ours);
        await watch.WaitForAsync(4);

        Assert.Equal(2, Lab.Warnings.Length);
    }

    [Fact]
    public async Task An_overlapping_key_that_came_later_takes_nothing_from_us()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease own = (await AcquireAsync(store, "10.5.8.0/24")).Lease;
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync(1);

        await Lab.PutLeaseAsync("10.5.8.0-22", "192.0.2.9");
        await Lab.PutLeaseAsync("10.5.20.0-24", "192.0.2.10");

        Assert.Equal(2, await watch.WaitForAsync("changes 10.5.20.0/24=192.0.2.10"));
        Assert.Contains("10.5.8.0/22 overlaps 10.5.8.0/24", Assert.Single(Lab.Warnings), StringComparison.Ordinal);
        await store.RenewAsync(own, EtcdStoreLab.Cancel);
    }

    [Fact]
    public async Task A_key_that_was_made_before_ours_and_overlaps_it_makes_ours_a_lost_one()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease own = (await AcquireAsync(store, "10.5.8.0/24")).Lease;
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync(1);

        // Ours is deleted and made again by nobody before the other is there: the other was first.
        await Lab.DeleteAsync("10.5.8.0-24");
        await Lab.PutLeaseAsync("10.5.8.0-22", "192.0.2.9");
        await Lab.PutLeaseAsync("10.5.8.0-24", Ours);

        await watch.WaitForAsync("question");
        LeaseLostException loss =
            await Assert.ThrowsAsync<LeaseLostException>(() => store.RenewAsync(own, EtcdStoreLab.Cancel));
        Assert.DoesNotContain('\n', loss.Message);
        var request = new LeaseRequest(Owner(Ours), own.Subnet, LostSubnet: own.Subnet);
        Assert.False(Cidr("10.5.8.0/22")
            .Contains((await store.AcquireAsync(s_config, request, EtcdStoreLab.Cancel)).Lease.Subnet));
    }

    [Fact]
    public async Task A_lease_that_vanished_is_not_made_again_over_one_that_overlaps_it()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease own = (await AcquireAsync(store, "10.5.8.0/24")).Lease;
        await Lab.DeleteAsync("10.5.8.0-24");
        await Lab.PutLeaseAsync("10.5.8.0-22", "192.0.2.9");

        LeaseLostException loss =
            await Assert.ThrowsAsync<LeaseLostException>(() => store.RenewAsync(own, EtcdStoreLab.Cancel));

        Assert.Contains("10.5.8.0/22 held by 192.0.2.9", loss.Message, StringComparison.Ordinal);
        Assert.Null(await Lab.ReadAsync("10.5.8.0-24"));
    }

    [Fact]
    public async Task Hosts_with_different_configs_never_hold_leases_that_overlap()
    {
        var wide = NetworkConfig.Parse("""{"Network":"10.5.0.0/16","SubnetLen":20}""");
        await using EtcdLeaseStore left = Lab.NewStore(seed: 1);
        await using EtcdLeaseStore right = Lab.NewStore(seed: 2);
        for (int round = 0; round < 20; round++)
        {
            AcquiredLease[] taken = await Task.WhenAll(
                Task.Run(() => AcquireAsync(left, "10.5.17.0/24")),
                Task.Run(() => right.AcquireAsync(
                    wide, new LeaseRequest(Owner("192.0.2.2"), Cidr("10.5.16.0/20")), EtcdStoreLab.Cancel)));

            Assert.False(taken[0].Lease.Subnet.Overlaps(taken[1].Lease.Subnet));
            Assert.Equal(2, (await Lab.ReadAllAsync()).Count);
            await left.ReleaseAsync(taken[0].Lease, EtcdStoreLab.Cancel);
            await right.ReleaseAsync(taken[1].Lease, EtcdStoreLab.Cancel);
        }
    }

    [Fact]
    public async Task Foreign_leases_with_unknown_fields_are_read_and_never_written()
    {
        const string Foreign = """
            {"PublicIP":"192.0.2.8","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1},"Later":[1]}
            """;
        long written = await Lab.PutAsync(Lab.KeyOf("10.5.8.0-24"), Foreign, await Lab.GrantAsync(600));
        await using EtcdLeaseStore store = Lab.NewStore();
        await using var watch = new WatchLog(store, s_config);

        SubnetLease own = (await AcquireAsync(store, "10.5.8.0/24")).Lease;
        await store.RenewAsync(own, EtcdStoreLab.Cancel);
        await watch.WaitForAsync(1);
        await store.ReleaseAsync(own, EtcdStoreLab.Cancel);

        KeyValue kv = Assert.Single(await Lab.ReadAllAsync());
        Assert.Equal((Foreign, written), (kv.Value.ToStringUtf8(), kv.ModRevision));
        Assert.StartsWith("snapshot 10.5.8.0/24=192.0.2.8", watch.Descriptions[0], StringComparison.Ordinal);
    }

    private static Task<AcquiredLease> AcquireAsync(EtcdLeaseStore store, string? previous = null) =>
        store.AcquireAsync(
        s_config, new LeaseRequest(Owner(Ours), previous is null ? null : Cidr(previous)), EtcdStoreLab.Cancel);

    private async Task<KeyValue> OwnKeyAsync(SubnetLease own) =>
        await Lab.ReadAsync(Name(own.Subnet)) ?? throw new InvalidOperationException($"there is no {own.Subnet}");
}
