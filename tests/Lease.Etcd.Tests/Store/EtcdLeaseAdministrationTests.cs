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

public sealed class EtcdLeaseAdministrationTests(SharedStoreLab etcd) : IClassFixture<SharedStoreLab>, IAsyncLifetime
{
    private static readonly NetworkConfig s_config = NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}""");

    private EtcdStoreLab Lab => etcd.Lab;

    public async ValueTask InitializeAsync() => await Lab.ClearAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Every_key_is_listed_by_address_with_the_end_that_etcd_gives_it()
    {
        await Lab.PutLeaseAsync("10.5.20.0-24", "192.0.2.20", ttl: 3600);
        await Lab.PutLeaseAsync("10.5.3.0-24", "192.0.2.3", ttl: 0);
        await Lab.PutAsync(Lab.KeyOf("10.5.4.0-24"), "half a lea", await Lab.GrantAsync(7200));
        await Lab.PutLeaseAsync("10.5.20.128-25", "192.0.2.21");
        await Lab.PutAsync(Lab.KeyOf("garbage"), "{}");
        await using EtcdLeaseAdministration store = NewAdministration();

        IReadOnlyList<LeaseEntry> entries = await store.ListAsync(s_config, EtcdStoreLab.Cancel);

        Assert.Equal(
            ["10.5.3.0-24", "10.5.4.0-24", "10.5.20.0-24", "10.5.20.128-25", "garbage"], entries.Select(
                entry => entry.Name));
        Assert.True(entries[0].IsReservation);
        Assert.Null(entries[0].Fault);
        Assert.Null(entries[1].Attributes);
        Assert.Contains("not valid JSON: half a lea", entries[1].Fault, StringComparison.Ordinal);
        Assert.InRange(LeftOf(entries[1]), 7100, 7200);
        Assert.Equal(Ip("192.0.2.20"), entries[2].Attributes?.PublicIp);
        Assert.InRange(LeftOf(entries[2]), 3500, 3600);
        Assert.Contains(
            "10.5.20.128/25 overlaps 10.5.20.0/24 held by 192.0.2.20", entries[3].Fault, StringComparison.Ordinal);
        Assert.Contains("the name is not a subnet", entries[4].Fault, StringComparison.Ordinal);
        Assert.Equal(
            [false, true, false, false, true], (await store.ListAsync(null, EtcdStoreLab.Cancel))
                .Select(entry => entry.Fault is not null));
    }

    [Fact]
    public async Task Hundreds_of_leases_have_each_their_own_end_and_keys_of_one_etcd_lease_share_it()
    {
        const int Own = 200;
        for (int i = 0; i < Own; i++)
        {
            await Lab.PutLeaseAsync($"10.5.{i + 1}.0-24", "192.0.2.1", ttl: 1000 * (i + 1));
        }

        long shared = await Lab.GrantAsync(777);
        await Lab.PutAsync(Lab.KeyOf("10.5.250.0-24"), Value("192.0.2.2"), shared);
        await Lab.PutAsync(Lab.KeyOf("10.5.251.0-24"), Value("192.0.2.3"), shared);
        await using EtcdLeaseAdministration store = NewAdministration();

        IReadOnlyList<LeaseEntry> entries = await store.ListAsync(s_config, EtcdStoreLab.Cancel);

        Assert.Equal(Own + 2, entries.Count);
        Assert.All(
            Enumerable.Range(0, Own), i => Assert.InRange(LeftOf(entries[i]), 1000 * (i + 1) - 100, 1000 * (i + 1)));
        Assert.All(entries.Skip(Own), entry => Assert.InRange(LeftOf(entry), 677, 777));
    }

    [Fact]
    public async Task A_free_subnet_is_reserved_as_a_key_without_a_time_to_live_and_its_host_keeps_it_so()
    {
        await using EtcdLeaseAdministration store = NewAdministration();

        LeaseReservation done = await ReserveAsync(store, "10.5.8.0/24", "192.0.2.1");

        Assert.Equal(new LeaseReservation(ReservationKind.Made, null), done);
        KeyValue made = Assert.IsType<KeyValue>(await Lab.ReadAsync("10.5.8.0-24"));
        Assert.Equal((Value("192.0.2.1"), 0L), (made.Value.ToStringUtf8(), made.Lease));

        await using EtcdLeaseStore host = Lab.NewStore();
        SubnetLease taken =
            (await host.AcquireAsync(s_config, new LeaseRequest(Owner("192.0.2.1"), null), EtcdStoreLab.Cancel)).Lease;
        Assert.Equal((Cidr("10.5.8.0/24"), DateTimeOffset.MaxValue), (taken.Subnet, taken.Expires));
        await host.RenewAsync(taken, EtcdStoreLab.Cancel);
        Assert.Equal(-1, await Lab.TimeToLiveAsync("10.5.8.0-24"));
    }

    [Fact]
    public async Task The_lease_of_a_running_host_loses_its_time_to_live_and_nothing_else()
    {
        const string Text = """{"PublicIP":"192.0.2.1","PublicIPv6":null,"Newer":[1, 2]}""";
        await Lab.PutAsync(Lab.KeyOf("10.5.8.0-24"), Text, await Lab.GrantAsync(3600));
        await Lab.PutLeaseAsync("10.5.9.0-24", "192.0.2.1");
        await using EtcdLeaseAdministration store = NewAdministration();

        LeaseReservation first = await ReserveAsync(store, "10.5.8.0/24", "192.0.2.1");
        KeyValue made = Assert.IsType<KeyValue>(await Lab.ReadAsync("10.5.8.0-24"));
        LeaseReservation second = await ReserveAsync(store, "10.5.8.0/24", "192.0.2.1");

        Assert.Equal(new LeaseReservation(ReservationKind.FromLease, Cidr("10.5.9.0/24")), first);
        Assert.Equal((Text, 0L), (made.Value.ToStringUtf8(), made.Lease));
        Assert.Equal(ReservationKind.Unchanged, second.Kind);
        Assert.Equal(made.ModRevision, (await Lab.ReadAsync("10.5.8.0-24"))?.ModRevision);
    }

    [Fact]
    public async Task A_host_with_a_lease_and_a_reservation_takes_the_reservation()
    {
        await Lab.PutLeaseAsync("10.5.7.0-24", "192.0.2.1");
        await using EtcdLeaseAdministration store = NewAdministration();
        await ReserveAsync(store, "10.5.8.0/24", "192.0.2.1");
        await using EtcdLeaseStore host = Lab.NewStore();

        AcquiredLease taken = await host.AcquireAsync(
            s_config, new LeaseRequest(Owner("192.0.2.1"), Cidr("10.5.7.0/24")), EtcdStoreLab.Cancel);

        Assert.Equal(Cidr("10.5.8.0/24"), taken.Lease.Subnet);
    }

    [Theory]
    [InlineData("10.5.8.0/24", "192.0.2.1", "it is leased to 192.0.2.8")]
    [InlineData("10.5.9.0/24", "192.0.2.1", "10.5.8.0/23, which overlaps it, is leased to 192.0.2.8", "10.5.8.0-23")]
    [InlineData("10.5.8.0/24", "192.0.2.1", "/subnets/10.5.8.0-24 is there and is no lease", "10.5.8.0-24", "{")]
    [InlineData("10.5.8.0/25", "192.0.2.1", "the network config allows /24 from 10.5.1.0 to 10.5.255.0")]
    [InlineData("10.5.7.0/24", "127.0.0.9", "the public address 127.0.0.9 is not one host's address")]
    public async Task A_reservation_that_cannot_be_is_one_line_and_changes_nothing(
        string subnet, string publicIp, string reason, string name = "10.5.8.0-24", string? text = null)
    {
        await Lab.PutAsync(Lab.KeyOf(name), text ?? Value("192.0.2.8"), await Lab.GrantAsync(3600));
        await using EtcdLeaseAdministration store = NewAdministration();

        LeaseStoreException refusal = await Assert.ThrowsAsync<LeaseStoreException>(
            () => ReserveAsync(store, subnet, publicIp));

        Assert.StartsWith($"{subnet} cannot be reserved", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
        KeyValue left = Assert.Single(await Lab.ReadAllAsync());
        Assert.Equal(1, left.Version);
    }

    [Fact]
    public async Task Of_many_who_reserve_one_subnet_at_once_one_has_it()
    {
        await using EtcdLeaseAdministration store = NewAdministration();

        LeaseStoreException?[] refusals = await Task.WhenAll(Enumerable.Range(1, 16).Select(host =>
            RefusalAsync(() => ReserveAsync(store, "10.5.8.0/24", $"192.0.2.{host}"))));

        Assert.Single(refusals, refusal => refusal is null);
        Assert.Equal(1, Assert.Single(await Lab.ReadAllAsync()).Version);
    }

    [Fact]
    public async Task Removing_says_what_was_there_and_a_second_time_that_nothing_was()
    {
        await Lab.PutLeaseAsync("10.5.8.0-24", "192.0.2.8", ttl: 3600);
        await Lab.PutAsync(Lab.KeyOf("10.5.9.0-24"), "{");
        await using EtcdLeaseAdministration store = NewAdministration();

        LeaseEntry removed = Assert.IsType<LeaseEntry>(await store.RemoveAsync("10.5.8.0-24", EtcdStoreLab.Cancel));

        Assert.Equal(Ip("192.0.2.8"), removed.Attributes?.PublicIp);
        Assert.InRange(LeftOf(removed), 3500, 3600);
        Assert.NotNull((await store.RemoveAsync("10.5.9.0-24", EtcdStoreLab.Cancel))?.Fault);
        Assert.Null(await store.RemoveAsync("10.5.8.0-24", EtcdStoreLab.Cancel));
        Assert.Empty(await Lab.ReadAllAsync());
    }

    [Fact]
    public async Task The_config_is_written_as_given_and_only_over_what_was_read()
    {
        const string First = "{ \"Network\" : \"10.5.0.0/16\" }\n";
        await using EtcdLeaseAdministration store = NewAdministration();
        Assert.Null(await store.ReadConfigTextAsync(EtcdStoreLab.Cancel));

        await store.WriteConfigTextAsync(First, null, EtcdStoreLab.Cancel);
        Assert.Equal(First, await store.ReadConfigTextAsync(EtcdStoreLab.Cancel));
        Assert.Contains(
            "was changed by somebody else", (await RefusalAsync(
                () => store.WriteConfigTextAsync("{}", null, EtcdStoreLab.Cancel)))?.Message, StringComparison.Ordinal);

        LeaseStoreException?[] refusals = await Task.WhenAll(Enumerable.Range(1, 16).Select(writer =>
            RefusalAsync(() =>
                store.WriteConfigTextAsync($$"""{"Network":"10.{{writer}}.0.0/16"}""", First, EtcdStoreLab.Cancel))));
        Assert.Single(refusals, refusal => refusal is null);
        await using EtcdLeaseStore host = Lab.NewStore();
        Assert.Equal(16, (await host.ReadConfigAsync(EtcdStoreLab.Cancel)).Network.Length);
    }

    [Fact]
    public async Task A_user_who_may_only_read_lists_and_learns_what_writing_takes()
    {
        await using var lab = new EtcdStoreLab();
        await lab.PutLeaseAsync("10.5.8.0-24", "192.0.2.8", ttl: 3600);
        var users = new EtcdAdministration(lab.Server.Endpoint);
        await users.EnableUsersAsync("root-secret", EtcdStoreLab.Cancel);
        await users.AddUserAsync("reader", "reader-secret", "READ", $"{lab.Prefix}/", EtcdStoreLab.Cancel);
        await using var store = new EtcdLeaseAdministration(
            lab.Options with { Username = "reader", Password = "reader-secret" }, lab.Prefix, TimeProvider.System);

        LeaseEntry entry = Assert.Single(await store.ListAsync(s_config, EtcdStoreLab.Cancel));
        Assert.Equal(Ip("192.0.2.8"), entry.Attributes?.PublicIp);
        Assert.InRange(LeftOf(entry), 3500, 3600);
        LeaseStoreException? refusal = await RefusalAsync(() => ReserveAsync(store, "10.5.9.0/24", "192.0.2.1"));
        Assert.Contains("permission denied", refusal?.Message, StringComparison.Ordinal);
        Assert.Contains("etcdctl role grant-permission", refusal?.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refusal?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_etcd_that_is_away_is_one_line()
    {
        await using EtcdLeaseAdministration store = NewAdministration();
        Lab.Relay.Cut();
        try
        {
            LeaseStoreException? refusal = await RefusalAsync(() => store.ListAsync(s_config, EtcdStoreLab.Cancel));

            Assert.IsType<LeaseStoreNotReadyException>(refusal);
            Assert.StartsWith("cannot list the leases: etcd ", refusal.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', refusal.Message);
        }
        finally
        {
            Lab.Relay.Heal();
        }
    }

    private EtcdLeaseAdministration NewAdministration() => new(Lab.Options, Lab.Prefix, TimeProvider.System);

    private static Task<LeaseReservation> ReserveAsync(ILeaseAdministration store, string subnet, string publicIp) =>
        store.ReserveAsync(s_config, Cidr(subnet), Ip(publicIp), EtcdStoreLab.Cancel);

    private static double LeftOf(LeaseEntry entry) =>
        ((entry.Expires ?? throw new InvalidOperationException(
            $"{entry.Name} has no end")) - TimeProvider.System.GetUtcNow()).TotalSeconds;

    private static async Task<LeaseStoreException?> RefusalAsync(Func<Task> work)
    {
        try
        {
            await work();
            return null;
        }
        catch (LeaseStoreException problem)
        {
            return problem;
        }
    }
}
