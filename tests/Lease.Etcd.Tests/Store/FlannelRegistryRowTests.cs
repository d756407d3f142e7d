using System;
using System.Threading.Tasks;
using Google.Protobuf;
using Mvccpb;
using Overlay.Lease.Etcd.Store;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.LeaseText;

namespace Overlay.Lease.Etcd.Tests.Store;

/// <summary>What flannel's tests of its etcd registry ask for, by the names of their rows.</summary>
public sealed class FlannelRegistryRowTests : IAsyncLifetime
{
    private static readonly NetworkConfig s_config = NetworkConfig.Parse(
        """{ "Network": "10.1.0.0/16", "SubnetMax": "10.1.8.0" }""");

    private EtcdStoreLab? _lab;

    private EtcdStoreLab Lab => _lab ?? throw new InvalidOperationException("not before the test has begun");

    public ValueTask InitializeAsync()
    {
        _lab = new EtcdStoreLab();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => Lab.DisposeAsync();

    [Fact]
    public async Task ETCD_1_An_empty_etcd_has_no_config_and_may_get_one()
    {
        await using EtcdLeaseStore store = Lab.NewStore();

        LeaseStoreNotReadyException absence = await Assert.ThrowsAsync<LeaseStoreNotReadyException>(
            () => store.ReadConfigAsync(EtcdStoreLab.Cancel));

        Assert.StartsWith(
            "flannel config not found in etcd store at /coreos.com/network/config; put one with: overlay config put",
            absence.Message,
            StringComparison.Ordinal);
        Assert.DoesNotContain('\n', absence.Message);
    }

    [Fact]
    public async Task ETCD_2_The_config_is_read_from_its_key()
    {
        const string Json = """{ "Network": "10.1.0.0/16", "Backend": { "Type": "host-gw" } }""";
        await Lab.PutAsync("/coreos.com/network/config", Json);
        await using EtcdLeaseStore store = Lab.NewStore();

        Assert.Equal(NetworkConfig.Parse(Json), await store.ReadConfigAsync(EtcdStoreLab.Cancel));
    }

    [Fact]
    public async Task ETCD_3_5_6_7_A_lease_is_made_listed_watched_and_deleted()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync("snapshot");

        AcquiredLease taken = await AcquireAsync(store, "10.1.5.0/24");
        Assert.True(taken.Lease.Expires > DateTimeOffset.UtcNow + TimeSpan.FromHours(23));
        KeyValue kv = Assert.Single(await Lab.ReadAllAsync());
        Assert.Equal("/coreos.com/network/subnets/10.1.5.0-24", kv.Key.ToStringUtf8());
        Assert.Equal("""{"PublicIP":"1.2.3.4","PublicIPv6":null}""", kv.Value.ToStringUtf8());
        Assert.InRange(await Lab.TimeToLiveAsync("10.1.5.0-24"), 86_300, 86_400);
        int put = await watch.WaitForAsync("changes 10.1.5.0/24=1.2.3.4");

        await store.ReleaseAsync(taken.Lease, EtcdStoreLab.Cancel);
        Assert.Null(await Lab.ReadAsync("10.1.5.0-24"));
        await watch.WaitForAsync("changes -10.1.5.0/24", put);
        Assert.Equal(3, watch.Updates.Length);
    }

    [Fact]
    public async Task ETCD_11_A_watch_recovers_from_compaction_and_hears_of_the_next_lease()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        await Lab.PutLeaseAsync("10.1.5.0-24", "1.2.3.4");
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync("snapshot 10.1.5.0/24=1.2.3.4");
        await CompactUnderTheWatchAsync(watch);

        await Lab.PutLeaseAsync("10.1.6.0-24", "1.2.3.5");

        await Eventually.IsTrue(
            () => watch.Descriptions[^1].EndsWith(" 10.1.6.0/24=1.2.3.5", StringComparison.Ordinal),
            () => string.Join("; ", watch.Descriptions));
    }

    [Fact]
    public async Task ETCD_12_After_compaction_the_own_lease_is_in_a_snapshot_and_its_renewal_is_seen()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease own = (await AcquireAsync(store, "10.1.5.0/24")).Lease;
        await using var watch = new WatchLog(store, s_config);
        int told = await watch.WaitForAsync("snapshot 10.1.5.0/24=1.2.3.4");
        own = await store.RenewAsync(own, EtcdStoreLab.Cancel);
        told = await watch.WaitForAsync("changes 10.1.5.0/24=1.2.3.4", told);

        await CompactUnderTheWatchAsync(watch);
        // What was known, at the reconnection; then what there is, because the history in between is gone.
        told = await watch.WaitForAsync("snapshot 10.1.5.0/24=1.2.3.4", told);
        told = await watch.WaitForAsync("snapshot 10.1.5.0/24=1.2.3.4", told);
        await store.RenewAsync(own, EtcdStoreLab.Cancel);
        await watch.WaitForAsync("changes 10.1.5.0/24=1.2.3.4", told);

        Assert.DoesNotContain("question", watch.Descriptions);
        Assert.Empty(Lab.Warnings);
    }

    [Fact]
    public async Task ETCD_15_A_healthy_watch_survives_compaction_and_a_restart_of_etcd()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease own = (await AcquireAsync(store, "10.1.5.0/24")).Lease;
        await using var watch = new WatchLog(store, s_config);
        int told = await watch.WaitForAsync("snapshot 10.1.5.0/24=1.2.3.4");
        own = await store.RenewAsync(own, EtcdStoreLab.Cancel);
        told = await watch.WaitForAsync("changes 10.1.5.0/24=1.2.3.4", told);

        await Lab.BumpAndCompactAsync();
        Lab.Server.Kill();
        told = await watch.WaitForAsync("gap", told);
        Lab.Server.Restart();

        // What was known, at the reconnection; then what there is, because the history in between is gone.
        told = await watch.WaitForAsync("snapshot 10.1.5.0/24=1.2.3.4", told);
        told = await watch.WaitForAsync("snapshot 10.1.5.0/24=1.2.3.4", told);
        await store.RenewAsync(own, EtcdStoreLab.Cancel);
        await watch.WaitForAsync("changes 10.1.5.0/24=1.2.3.4", told);
        Assert.DoesNotContain("question", watch.Descriptions);
    }

    [Fact]
    public async Task ETCD_13_A_lease_deleted_and_compacted_away_is_reported_as_removed()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease own = (await AcquireAsync(store, "10.1.5.0/24")).Lease;
        await using var watch = new WatchLog(store, s_config);
        var view = new LeaseView(own.Subnet, own.PublicIp);
        view.Apply(await watch.WaitForAsync(1));
        Assert.True(view.OwnIsHeld);

        await CompactUnderTheWatchAsync(watch, () => Lab.DeleteAsync("10.1.5.0-24"));

        // A snapshot without it, or the change that says so.
        await Eventually.IsTrue(
            () => watch.Descriptions[^1] is "snapshot" or "changes -10.1.5.0/24",
            () => string.Join("; ", watch.Descriptions));
        foreach (LeaseUpdate update in watch.Updates)
        {
            view.Apply(update);
        }

        Assert.False(view.OwnIsHeld);
    }

    [Theory]
    [InlineData("10.5.1.0-24", """{"PublicIP":"192.168.0.1","BackendType":"vxlan"}""", true)]
    [InlineData("10.5.1.0-24&fc00::-64", """{"PublicIP":"192.168.0.1","PublicIPv6":"fc00::1"}""", true)]
    [InlineData("10.5.1.0-24", """{"PublicIP":"2001:db8::1"}""", false)]
    [InlineData("not-a-subnet", "{}", false)]
    [InlineData("", "", false)]
    public void ETCD_16_Keys_and_values_are_read_or_refused_and_nothing_crashes(string name, string value, bool isLease)
    {
        var kv = new KeyValue
        {
            Key = ByteString.CopyFromUtf8(Lab.KeyOf(name)),
            Value = ByteString.CopyFromUtf8(value),
        };

        var lease = EtcdLease.Read(name, kv, before: null);

        Assert.Equal(isLease, lease.IsReadable);
    }

    // While the watch is cut off, history goes on and is forgotten: at the next try its revision is gone.
    private Task CompactUnderTheWatchAsync(
        WatchLog watch, Func<Task>? first = null) => Lab.WhileCutAsync(watch, async () =>
    {
        await (first?.Invoke() ?? Task.CompletedTask);
        await Lab.BumpAndCompactAsync();
    });

    private static Task<AcquiredLease> AcquireAsync(EtcdLeaseStore store, string previous) =>
        store.AcquireAsync(s_config, new LeaseRequest(Owner("1.2.3.4"), Cidr(previous)), EtcdStoreLab.Cancel);
}
