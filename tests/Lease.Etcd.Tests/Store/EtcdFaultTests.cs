using System;
using System.Threading.Tasks;
using Grpc.Core;
using Mvccpb;
using Overlay.Lease.Etcd.Client;
using Overlay.Lease.Etcd.Store;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.LeaseText;

namespace Overlay.Lease.Etcd.Tests.Store;

/// <summary>What a caller is told, and what is done, when etcd is away, full, silent or refuses.</summary>
public sealed class EtcdFaultTests : IAsyncDisposable
{
    private const string Ours = "192.0.2.1";

    private static readonly NetworkConfig s_config = NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}""");

    private EtcdStoreLab? _lab;

    private EtcdStoreLab Lab => _lab ??= new EtcdStoreLab();

    public ValueTask DisposeAsync() => _lab?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task A_write_whose_answer_was_lost_is_found_to_be_ours()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        Lab.Relay.MuteAfter("KV/Txn");
        Task<AcquiredLease> acquire = AcquireAsync(store);
        await Eventually.IsTrue(() => Lab.Relay.IsMute, () => "the write to be sent");
        await Eventually.IsTrue(
            () => Lab.ReadAllAsync().GetAwaiter().GetResult().Count == 1, () => "the write to be done");
        Lab.Relay.Heal();

        SubnetLease own = (await acquire).Lease;

        KeyValue kv = Assert.Single(await Lab.ReadAllAsync());
        Assert.Equal(Lab.KeyOf(Name(own.Subnet)), kv.Key.ToStringUtf8());
        await store.RenewAsync(own, EtcdStoreLab.Cancel);
        Assert.Single(await Lab.ReadAllAsync());
    }

    [Fact]
    public async Task A_renewal_whose_answer_was_lost_leaves_no_doubt_either()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease own = (await AcquireAsync(store)).Lease;
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync(1);
        Lab.Relay.MuteAfter("KV/Txn");
        Task<SubnetLease> renewal = store.RenewAsync(own, EtcdStoreLab.Cancel);
        await Eventually.IsTrue(() => Lab.Relay.IsMute, () => "the write to be sent");
        await Assert.ThrowsAsync<LeaseStoreNotReadyException>(() => renewal);
        Lab.Relay.Heal();

        await store.RenewAsync(own, EtcdStoreLab.Cancel);

        Assert.Single(await Lab.ReadAllAsync());
        Assert.DoesNotContain("question", watch.Descriptions);
    }

    [Fact]
    public async Task While_etcd_is_away_calls_say_that_it_is_not_ready()
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        Lab.Relay.Cut();

        LeaseStoreNotReadyException reading = await Assert.ThrowsAsync<LeaseStoreNotReadyException>(
            () => store.ReadConfigAsync(EtcdStoreLab.Cancel));
        await Assert.ThrowsAsync<LeaseStoreNotReadyException>(() => AcquireAsync(store));

        Assert.Contains(Lab.Relay.Endpoint.Authority, reading.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', reading.Message);
    }

    [Fact]
    public async Task A_bad_config_is_one_line_with_what_was_found()
    {
        await Lab.PutAsync("/coreos.com/network/config", "{\n \"Network\": 5\n}");
        await using EtcdLeaseStore store = Lab.NewStore();

        LeaseStoreException refusal = await Assert.ThrowsAsync<LeaseStoreException>(
            () => store.ReadConfigAsync(EtcdStoreLab.Cancel));

        Assert.Contains(
            "invalid CIDR address: 5; found: { \"Network\": 5 }", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_role_that_may_not_write_is_one_line_with_the_remedy()
    {
        var administration = new EtcdAdministration(Lab.Server.Endpoint);
        await administration.EnableUsersAsync("secret", EtcdStoreLab.Cancel);
        await administration.AddUserAsync("reader", "pass-word", "READ", "/coreos.com/network/", EtcdStoreLab.Cancel);
        await using var store = new EtcdLeaseStore(
            Lab.Options with { Username = "reader", Password = "pass-word" },
            Lab.Prefix, TimeProvider.System, Lab.Warn);
        await using var wrong = new EtcdLeaseStore(
            Lab.Options with { Username = "reader", Password = "other-word" },
            Lab.Prefix, TimeProvider.System, Lab.Warn);

        LeaseStoreException denied = await Assert.ThrowsAsync<LeaseStoreException>(() => AcquireAsync(store));
        LeaseStoreException refused = await Assert.ThrowsAsync<LeaseStoreException>(() => AcquireAsync(wrong));

        Assert.Contains(
            "grant-permission ROLE readwrite --prefix /coreos.com/network/", denied.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("pass-word", denied.Message, StringComparison.Ordinal);
        Assert.Contains("check --etcd-username and --etcd-password-file", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("other-word", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', denied.Message + refused.Message);
    }

    [Fact]
    public async Task A_full_etcd_keeps_our_lease_alive_and_takes_no_new_one()
    {
        _lab = new EtcdStoreLab(new EtcdServerOptions { Arguments = ["--quota-backend-bytes", "4194304"] });
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease own = (await AcquireAsync(store)).Lease;
        await FillAsync();

        SubnetLease renewed = await store.RenewAsync(own, EtcdStoreLab.Cancel);
        renewed = await store.RenewAsync(renewed, EtcdStoreLab.Cancel);

        Assert.InRange(renewed.Expires - DateTimeOffset.UtcNow, TimeSpan.FromHours(23.9), TimeSpan.FromHours(24));
        Assert.Contains("alarm disarm", Assert.Single(Lab.Warnings), StringComparison.Ordinal);
        await using EtcdLeaseStore next = Lab.NewStore();
        Assert.Equal(own.Subnet, (await AcquireAsync(next)).Lease.Subnet);
        await using EtcdLeaseStore other = Lab.NewStore();
        LeaseStoreNotReadyException refusal = await Assert.ThrowsAsync<LeaseStoreNotReadyException>(
            () => other.AcquireAsync(s_config, new LeaseRequest(Owner("192.0.2.2"), null), EtcdStoreLab.Cancel));
        Assert.Contains("alarm disarm", refusal.Message, StringComparison.Ordinal);
    }

    // "Too many requests" has the status of "space exceeded".
    [Theory]
    [InlineData("Lease/LeaseGrant")]
    [InlineData("KV/Txn")]
    public async Task An_etcd_that_is_busy_is_not_called_full(string call)
    {
        await using EtcdLeaseStore store = Lab.NewStore();
        SubnetLease own = (await AcquireAsync(store)).Lease;
        Lab.Relay.Refuse(call, (int)StatusCode.ResourceExhausted, "etcdserver: too many requests");

        LeaseStoreNotReadyException refusal = await Assert.ThrowsAsync<LeaseStoreNotReadyException>(
            () => store.RenewAsync(own, EtcdStoreLab.Cancel));
        Lab.Relay.Heal();

        Assert.EndsWith("too many requests", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(Lab.Warnings);
        await store.RenewAsync(own, EtcdStoreLab.Cancel);
    }

    private async Task FillAsync()
    {
        string block = new('x', 512 * 1024);
        for (int i = 0; i < 100; i++)
        {
            try
            {
                await Lab.PutAsync($"/filling/{i}", block);
            }
            catch (EtcdException problem) when (problem.Code == StatusCode.ResourceExhausted)
            {
                return;
            }
        }

        Assert.Fail("etcd never was full");
    }

    private static Task<AcquiredLease> AcquireAsync(EtcdLeaseStore store) =>
        store.AcquireAsync(s_config, new LeaseRequest(Owner(Ours), null), EtcdStoreLab.Cancel);
}
