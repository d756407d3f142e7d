using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease;
using Xunit;
using static Overlay.Testing.LeaseText;

namespace Overlay.Testing;

/// <summary>What every lease store does, whatever it keeps leases in. A store's tests derive from it.</summary>
public abstract class LeaseStoreContract
{
    protected const string Ours = "192.0.2.1";

    private const string VxlanJson =
        """{"PublicIP":"192.0.2.1","PublicIPv6":null,"BackendType":"vxlan","BackendData":"""
        + """{"VNI":1,"VtepMAC":"c6:d2:32:6f:8f:44"},"BackendV6Data":[1,2.50]}""";

    private static readonly LeaseAttributes s_vxlan = Owner(Ours) with
    {
        Backend = new BackendLeaseData("vxlan", """{ "VNI": 1, "VtepMAC": "c6:d2:32:6f:8f:44" }""", "[1, 2.50]"),
    };

    private readonly List<string> _warnings = [];

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected static NetworkConfig Config { get; } = NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}""");

    protected string[] Warnings
    {
        get
        {
            lock (_warnings)
            {
                return [.. _warnings];
            }
        }
    }

    /// <summary>One more host's access to the same leases.</summary>
    protected abstract ILeaseStore NewStore();

    /// <summary>Writes an entry as somebody else does.</summary>
    protected abstract Task PutAsync(string name, string value);

    /// <summary>Removes an entry as somebody else does.</summary>
    protected abstract Task RemoveAsync(string name);

    /// <summary>All entries and their values.</summary>
    protected abstract Task<IReadOnlyDictionary<string, string>> ReadAllAsync();

    protected void Warn(string line)
    {
        lock (_warnings)
        {
            _warnings.Add(line);
        }
    }

    [Fact]
    public async Task A_lease_is_taken_and_written_in_flannels_form()
    {
        await using ILeaseStore store = NewStore();

        AcquiredLease taken = await AcquireAsync(store);

        Assert.True(taken.IsNew);
        Assert.True(Config.Allows(taken.Lease.Subnet));
        Assert.InRange(taken.Lease.Expires - DateTimeOffset.UtcNow, TimeSpan.FromHours(23.9), TimeSpan.FromHours(24));
        KeyValuePair<string, string> entry = Assert.Single(await ReadAllAsync());
        Assert.Equal(Name(taken.Lease.Subnet), entry.Key);
        Assert.Equal("""{"PublicIP":"192.0.2.1","PublicIPv6":null}""", entry.Value.TrimEnd());
        Assert.Empty(Warnings);
    }

    [Fact]
    public async Task What_a_backend_publishes_is_in_the_lease_and_peers_get_it_unread()
    {
        await using ILeaseStore store = NewStore();
        await using ILeaseStore peer = NewStore();
        await using var watch = new WatchLog(peer, Config);
        await watch.WaitForAsync(1);

        var request = new LeaseRequest(s_vxlan, Cidr("10.5.9.0/24"));
        Assert.Null(await store.FindOwnAsync(Config, request, Cancel));
        SubnetLease own = (await store.AcquireAsync(Config, request, Cancel)).Lease;
        Assert.Equal(s_vxlan, own.Attributes);
        var laterRequest = new LeaseRequest(Owner(Ours), PreviousSubnet: null);
        Assert.Equal(s_vxlan, (await peer.FindOwnAsync(Config, laterRequest, Cancel))?.Attributes);
        Assert.Equal(VxlanJson, (await ReadAllAsync())["10.5.9.0-24"].TrimEnd());
        await watch.WaitForAsync("changes 10.5.9.0/24=192.0.2.1");
        LeaseUpdate.Changes changes = Assert.IsType<LeaseUpdate.Changes>(watch.Updates[^1]);
        Assert.Equal(s_vxlan, Assert.Single(changes.Items).Lease?.Attributes);

        await store.RenewAsync(own, Cancel);
        Assert.Equal(VxlanJson, (await ReadAllAsync())["10.5.9.0-24"].TrimEnd());
    }

    [Fact]
    public async Task A_lease_taken_again_publishes_what_the_backend_says_now()
    {
        await PutAsync("10.5.7.0-24", VxlanJson);
        await using ILeaseStore store = NewStore();

        Assert.Equal(Cidr("10.5.7.0/24"), (await AcquireAsync(store)).Lease.Subnet);

        Assert.Equal(Value(Ours), Assert.Single(await ReadAllAsync()).Value.TrimEnd());
    }

    [Fact]
    public async Task The_lease_of_our_public_address_is_taken_again()
    {
        await PutAsync("10.5.7.0-24", Value(Ours));
        await using ILeaseStore store = NewStore();

        AcquiredLease taken = await AcquireAsync(store, previous: "10.5.9.0/24");

        Assert.False(taken.IsNew);
        Assert.Equal(Cidr("10.5.7.0/24"), taken.Lease.Subnet);
        Assert.Single(await ReadAllAsync());
    }

    [Fact]
    public async Task Of_several_leases_of_ours_the_previous_one_is_taken()
    {
        await PutAsync("10.5.7.0-24", Value(Ours));
        await PutAsync("10.5.9.0-24", Value(Ours));
        await using ILeaseStore store = NewStore();

        Assert.Equal(Cidr("10.5.9.0/24"), (await AcquireAsync(store, previous: "10.5.9.0/24")).Lease.Subnet);
        Assert.Equal(2, (await ReadAllAsync()).Count);
    }

    [Fact]
    public async Task A_lease_of_ours_that_the_config_does_not_allow_is_removed()
    {
        await PutAsync("10.6.7.0-24", Value(Ours));
        await using ILeaseStore store = NewStore();

        AcquiredLease taken = await AcquireAsync(store, previous: "10.5.9.0/24");

        Assert.Equal(Cidr("10.5.9.0/24"), taken.Lease.Subnet);
        Assert.Equal(["10.5.9.0-24"], (await ReadAllAsync()).Keys);
    }

    [Theory]
    [InlineData("10.5.9.0/24", true)]
    [InlineData("10.5.8.0/24", false)]
    [InlineData("10.7.9.0/24", false)]
    public async Task The_previous_subnet_is_taken_if_it_is_free_and_allowed(string previous, bool isTaken)
    {
        await PutAsync("10.5.8.0-24", Value("192.0.2.8"));
        await using ILeaseStore store = NewStore();

        AcquiredLease taken = await AcquireAsync(store, previous);

        Assert.Equal(isTaken, taken.Lease.Subnet == Cidr(previous));
        Assert.NotEqual(Cidr("10.5.8.0/24"), taken.Lease.Subnet);
        Assert.Equal(isTaken ? 0 : 1, Warnings.Length);
    }

    [Theory]
    [InlineData(Ours)]
    [InlineData("192.0.2.8")]
    public async Task A_lost_subnet_is_neither_taken_nor_removed(string holder)
    {
        await PutAsync("10.5.8.0-24", Value(holder));
        await using ILeaseStore store = NewStore();
        var request = new LeaseRequest(Owner(Ours), Cidr("10.5.8.0/24"), LostSubnet: Cidr("10.5.8.0/24"));

        AcquiredLease taken = await store.AcquireAsync(Config, request, Cancel);

        Assert.True(taken.IsNew);
        Assert.NotEqual(Cidr("10.5.8.0/24"), taken.Lease.Subnet);
        Assert.Equal(Value(holder), (await ReadAllAsync())["10.5.8.0-24"]);
    }

    [Fact]
    public async Task An_entry_that_cannot_be_read_keeps_its_subnet()
    {
        await PutAsync("10.5.8.0-24", "half an ent");
        await using ILeaseStore store = NewStore();

        Assert.NotEqual(Cidr("10.5.8.0/24"), (await AcquireAsync(store, previous: "10.5.8.0/24")).Lease.Subnet);
        Assert.Equal("half an ent", (await ReadAllAsync())["10.5.8.0-24"]);
    }

    [Fact]
    public async Task When_every_subnet_is_leased_one_line_says_so()
    {
        var small = NetworkConfig.Parse("""{"Network":"10.5.0.0/28"}""");
        await PutAsync("10.5.0.4-30", Value("192.0.2.4"));
        await PutAsync("10.5.0.8-29", Value("192.0.2.8"));
        await using ILeaseStore store = NewStore();

        LeaseStoreException refusal = await Assert.ThrowsAsync<LeaseStoreException>(
            () => store.AcquireAsync(small, new LeaseRequest(Owner(Ours), null), Cancel));

        Assert.StartsWith("out of subnets", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Fact]
    public async Task A_public_address_no_peer_could_use_gets_no_lease()
    {
        await using ILeaseStore store = NewStore();

        LeaseStoreException refusal = await Assert.ThrowsAsync<LeaseStoreException>(
            () => store.AcquireAsync(Config, new LeaseRequest(Owner("127.0.0.9"), null), Cancel));

        Assert.Contains("127.0.0.9", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(await ReadAllAsync());
    }

    [Fact]
    public async Task A_host_inside_the_network_gets_a_subnet_that_no_host_has_its_address_in()
    {
        var narrow = NetworkConfig.Parse(
            """{"Network":"10.5.0.0/16","SubnetMin":"10.5.8.0","SubnetMax":"10.5.10.0"}""");
        await using ILeaseStore store = NewStore();

        AcquiredLease first = await store.AcquireAsync(
            narrow, new LeaseRequest(Owner("10.5.8.3"), Cidr("10.5.9.0/24")), Cancel);
        AcquiredLease second = await store.AcquireAsync(
            narrow, new LeaseRequest(Owner("10.5.200.3"), Cidr("10.5.8.0/24")), Cancel);

        Assert.Equal((Cidr("10.5.9.0/24"), Cidr("10.5.10.0/24")), (first.Lease.Subnet, second.Lease.Subnet));
    }

    [Fact]
    public async Task A_renewal_extends_the_lease_and_a_missing_one_is_made_again()
    {
        await using ILeaseStore store = NewStore();
        SubnetLease lease = (await AcquireAsync(store)).Lease;

        SubnetLease renewed = await store.RenewAsync(lease, Cancel);
        Assert.True(renewed.Expires > lease.Expires);

        await RemoveAsync(Name(lease.Subnet));
        renewed = await store.RenewAsync(renewed, Cancel);
        Assert.Equal(lease.Subnet, renewed.Subnet);
        Assert.Equal([Name(lease.Subnet)], (await ReadAllAsync()).Keys);
    }

    [Fact]
    public async Task A_renewal_never_overwrites_another_owners_lease()
    {
        await using ILeaseStore store = NewStore();
        SubnetLease lease = (await AcquireAsync(store)).Lease;
        await PutAsync(Name(lease.Subnet), Value("192.0.2.99"));

        LeaseLostException loss =
            await Assert.ThrowsAsync<LeaseLostException>(() => store.RenewAsync(lease, Cancel));

        Assert.Contains("192.0.2.99", loss.Message, StringComparison.Ordinal);
        Assert.Contains(Name(lease.Subnet), loss.Message, StringComparison.Ordinal);
        Assert.Equal(Value("192.0.2.99"), (await ReadAllAsync())[Name(lease.Subnet)]);
    }

    [Fact]
    public async Task A_renewal_repairs_an_entry_of_ours_that_cannot_be_read()
    {
        await using ILeaseStore store = NewStore();
        SubnetLease lease = (await AcquireAsync(store)).Lease;
        await PutAsync(Name(lease.Subnet), "{");

        await store.RenewAsync(lease, Cancel);

        Assert.Equal(Value(Ours), (await ReadAllAsync())[Name(lease.Subnet)].TrimEnd());
    }

    [Fact]
    public async Task A_lease_given_back_is_gone_and_giving_it_back_again_does_no_harm()
    {
        await using ILeaseStore store = NewStore();
        SubnetLease lease = (await AcquireAsync(store)).Lease;

        await store.ReleaseAsync(lease, Cancel);
        await store.ReleaseAsync(lease, Cancel);

        Assert.Empty(await ReadAllAsync());
    }

    [Fact]
    public async Task A_lease_that_another_holds_by_now_is_not_given_back()
    {
        await using ILeaseStore store = NewStore();
        SubnetLease lease = (await AcquireAsync(store)).Lease;
        await PutAsync(Name(lease.Subnet), Value("192.0.2.8"));

        await store.ReleaseAsync(lease, Cancel);

        Assert.Equal(Value("192.0.2.8"), (await ReadAllAsync())[Name(lease.Subnet)]);
    }

    [Fact]
    public async Task A_watch_begins_with_a_snapshot_and_goes_on_with_changes()
    {
        await PutAsync("10.5.2.0-24", Value("192.0.2.2"));
        await PutAsync("10.5.1.0-24", Value("192.0.2.1"));
        await using ILeaseStore store = NewStore();
        await using var watch = new WatchLog(store, Config);
        Assert.Equal(1, await watch.WaitForAsync("snapshot 10.5.1.0/24=192.0.2.1 10.5.2.0/24=192.0.2.2"));

        await PutAsync("10.5.3.0-24", Value("192.0.2.3"));
        Assert.Equal(2, await watch.WaitForAsync("changes 10.5.3.0/24=192.0.2.3"));
        await PutAsync("10.5.3.0-24", Value("192.0.2.7"));
        Assert.Equal(3, await watch.WaitForAsync("changes 10.5.3.0/24=192.0.2.7"));
        await RemoveAsync("10.5.3.0-24");
        Assert.Equal(4, await watch.WaitForAsync("changes -10.5.3.0/24"));
    }

    [Fact]
    public async Task A_bad_entry_removes_nothing_and_is_reported_once()
    {
        await PutAsync("10.5.2.0-24", Value("192.0.2.2"));
        await using ILeaseStore store = NewStore();
        await using var watch = new WatchLog(store, Config);
        await watch.WaitForAsync("snapshot 10.5.2.0/24=192.0.2.2");

        await PutAsync("not-a-subnet", "{}");
        await PutAsync("10.5.2.0-24", "{");
        await PutAsync("10.5.3.0-24", "::1");
        await PutAsync("10.5.4.0-24", Value("192.0.2.4"));
        await Eventually.IsTrue(
            () => watch.Descriptions[^1].EndsWith(" 10.5.4.0/24=192.0.2.4", StringComparison.Ordinal),
            () => string.Join("; ", watch.Descriptions));

        var view = new LeaseView(Cidr("10.5.1.0/24"), Ip(Ours));
        foreach (LeaseUpdate update in watch.Updates)
        {
            Assert.Empty(view.Apply(update).Removed);
        }

        Assert.Equal(2, view.Leases.Count);
        await Eventually.IsTrue(() => Warnings.Length >= 3, () => $"3 warnings, but {string.Join("; ", Warnings)}");
        Assert.Equal(3, Warnings.Length);
    }

    [Fact]
    public async Task Twenty_stores_at_once_take_twenty_subnets_three_times_in_a_row()
    {
        for (int round = 1; round <= 3; round++)
        {
            ILeaseStore[] stores = [.. Enumerable.Range(0, 20).Select(_ => NewStore())];
            try
            {
                AcquiredLease[] taken =
                    await Task.WhenAll(stores.Select((store, host) => Task.Run(() => store.AcquireAsync(
                    Config, new LeaseRequest(Owner($"192.0.2.{host + 1}"), Cidr("10.5.9.0/24")), Cancel))));

                Assert.Equal(20, taken.Select(one => one.Lease.Subnet).Distinct().Count());
                Assert.Equal(
                    taken.Select(one => Name(one.Lease.Subnet)).Order(StringComparer.Ordinal),
                    (await ReadAllAsync()).Keys.Order(StringComparer.Ordinal));
                for (int host = 0; host < stores.Length; host++)
                {
                    await stores[host].ReleaseAsync(taken[host].Lease, Cancel);
                }
            }
            finally
            {
                foreach (ILeaseStore store in stores)
                {
                    await store.DisposeAsync();
                }
            }
        }
    }

    protected static Task<AcquiredLease> AcquireAsync(
        ILeaseStore store, string? previous = null, string publicIp = Ours) =>
        store.AcquireAsync(
            Config, new LeaseRequest(Owner(publicIp), previous is null ? null : Cidr(previous)), Cancel);
}
