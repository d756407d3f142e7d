using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Mvccpb;
using Overlay.Lease.Etcd.Store;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.LeaseText;

namespace Overlay.Lease.Etcd.Tests.Store;

/// <summary>What a host's own clock may do to leases in etcd: nothing.</summary>
public sealed class EtcdClockTests(SharedStoreLab etcd) : IClassFixture<SharedStoreLab>, IAsyncLifetime
{
    private const string Ours = "192.0.2.1";

    private static readonly NetworkConfig s_config = NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}""");
    private static readonly TimeSpan s_longerThanALease = TimeSpan.FromHours(25);

    private EtcdStoreLab Lab => etcd.Lab;

    public async ValueTask InitializeAsync() => await Lab.ClearAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData(true)] // somebody sets the clock: timers do not notice
    [InlineData(false)] // the time has passed, as on a host that slept: the periodic listing is due as well
    public async Task A_clock_that_goes_forward_by_more_than_a_lease_lasts_ends_no_lease(bool isSet)
    {
        var time = new ManualTime();
        await using EtcdLeaseStore store = Lab.NewStore(clock: time);
        SubnetLease own =
            (await store.AcquireAsync(s_config, new LeaseRequest(Owner(Ours), null), EtcdStoreLab.Cancel)).Lease;
        KeyValue before = await OwnKeyAsync(own);
        await Lab.PutLeaseAsync("10.5.8.0-24", "192.0.2.8");
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync(1);

        if (isSet)
        {
            time.SetWallClock(s_longerThanALease);
        }
        else
        {
            time.Advance(s_longerThanALease);
        }

        Assert.True(own.Expires < time.GetUtcNow());
        SubnetLease renewed = await store.RenewAsync(own, EtcdStoreLab.Cancel);

        Assert.Equal((own.Subnet, time.GetUtcNow() + TimeSpan.FromHours(24)), (renewed.Subnet, renewed.Expires));
        KeyValue after = await OwnKeyAsync(own);
        Assert.Equal((before.Value, before.CreateRevision), (after.Value, after.CreateRevision));
        Assert.Equal([Name(own.Subnet), "10.5.8.0-24"], await NamesAsync());

        // A mark: whatever the jump led to was told before it.
        await Lab.PutLeaseAsync("10.5.9.0-24", "192.0.2.9");
        await watch.WaitForAsync("changes 10.5.9.0/24=192.0.2.9");
        var view = new LeaseView(own.Subnet, own.PublicIp);
        Assert.All(watch.Updates, update => Assert.Empty(view.Apply(update).Removed));
        Assert.Equal([Ip("192.0.2.8"), Ip("192.0.2.9")], view.Leases.Select(lease => lease.PublicIp).Order());
        Assert.True(view.OwnIsHeld);
        Assert.DoesNotContain(watch.Updates, update => update is LeaseUpdate.Gap or LeaseUpdate.OwnInQuestion);
        Assert.Empty(Lab.Warnings);
    }

    [Fact]
    public async Task A_start_with_a_clock_ahead_takes_the_same_subnet_and_removes_nobody()
    {
        var time = new ManualTime();
        await using EtcdLeaseStore first = Lab.NewStore(clock: time);
        var request = new LeaseRequest(Owner(Ours), null);
        SubnetLease own = (await first.AcquireAsync(s_config, request, EtcdStoreLab.Cancel)).Lease;
        await Lab.PutLeaseAsync("10.5.8.0-24", "192.0.2.8");

        time.SetWallClock(s_longerThanALease);
        await using EtcdLeaseStore second = Lab.NewStore(seed: 2, clock: time);
        AcquiredLease again = await second.AcquireAsync(s_config, request, EtcdStoreLab.Cancel);

        Assert.Equal((own.Subnet, false), (again.Lease.Subnet, again.IsNew));
        Assert.Equal([Name(own.Subnet), "10.5.8.0-24"], await NamesAsync());
    }

    private async Task<KeyValue> OwnKeyAsync(SubnetLease own) =>
        await Lab.ReadAsync(Name(own.Subnet)) ?? throw new InvalidOperationException($"there is no {own.Subnet}");

    private async Task<IEnumerable<string>> NamesAsync() =>
        (await Lab.ReadAllAsync()).OrderBy(
            kv => kv.CreateRevision).Select(kv => kv.Key.ToStringUtf8()[Lab.KeyOf("").Length..]);
}
