using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Lease.Stores;
using Overlay.Net;
using Xunit;
using static Overlay.Lease.Tests.Leases;

namespace Overlay.Lease.Tests.Stores;

/// <summary>Which subnet a host takes.</summary>
public sealed class FileLeaseStoreAcquireTests : StoreFixture
{
    [Fact]
    public async Task A_free_subnet_is_written_as_a_file_in_flannels_form()
    {
        Directory.Delete(Subnets);

        SubnetLease lease = await Acquire("192.0.2.1");

        string path = FileOf(new SubnetKey(lease.Subnet).Format());
        Assert.True(Config.Allows(lease.Subnet));
        Assert.Equal("""{"PublicIP":"192.0.2.1","PublicIPv6":null}""", File.ReadAllText(path).TrimEnd());
        Assert.Equal(Time.GetUtcNow() + TimeSpan.FromHours(24), lease.Expires);
        Assert.Equal(Time.GetUtcNow().UtcDateTime, File.GetLastWriteTimeUtc(path));
        Assert.Equal(Convert.ToInt32("644", 8), (int)File.GetUnixFileMode(path));
        Assert.Single(FileNames());
        Assert.Empty(Warnings);
    }

    [Fact]
    public async Task The_lease_of_our_public_address_is_taken_again_and_renewed()
    {
        PutLease("10.5.7.0-24", "192.0.2.1", age: TimeSpan.FromHours(23));

        SubnetLease lease = await Acquire("192.0.2.1", previous: "10.5.9.0/24");

        Assert.Equal(Cidr("10.5.7.0/24"), lease.Subnet);
        Assert.Equal(Time.GetUtcNow().UtcDateTime, File.GetLastWriteTimeUtc(FileOf("10.5.7.0-24")));
        Assert.Equal(["10.5.7.0-24"], FileNames());
    }

    [Theory]
    [InlineData("10.5.7.0-25")]
    [InlineData("10.5.0.0-24")]
    [InlineData("10.6.7.0-24")]
    [InlineData("10.5.7.0-24&fc00::-64")]
    public async Task A_lease_of_ours_that_the_config_does_not_allow_is_removed(string name)
    {
        PutLease(name, "192.0.2.1");

        SubnetLease lease = await Acquire("192.0.2.1", previous: "10.5.9.0/24");

        Assert.Equal(Cidr("10.5.9.0/24"), lease.Subnet);
        Assert.Equal(["10.5.9.0-24"], FileNames());
    }

    [Fact]
    public async Task A_dual_stack_lease_of_ours_gives_no_claim_to_another_hosts_subnet()
    {
        PutLease("10.5.8.0-24&fc00::-64", "192.0.2.1");
        PutLease("10.5.8.0-24", "192.0.2.8");

        Assert.NotEqual(Cidr("10.5.8.0/24"), (await Acquire("192.0.2.1", previous: "10.5.8.0/24")).Subnet);
        Assert.Equal(Value("192.0.2.8"), File.ReadAllText(FileOf("10.5.8.0-24")));
    }

    [Theory]
    [InlineData("10.5.9.0/24", null)]
    [InlineData("10.5.8.0/24", "another host holds it")]
    [InlineData("10.5.9.0/25", "the network config does not allow it")]
    [InlineData("10.7.9.0/24", "the network config does not allow it")]
    public async Task The_previous_subnet_is_taken_if_it_is_free_and_allowed(string previous, string? warning)
    {
        PutLease("10.5.8.0-24", "192.0.2.8");

        SubnetLease lease = await Acquire("192.0.2.1", previous);

        Assert.Equal(warning is null, lease.Subnet == Cidr(previous));
        Assert.NotEqual(Cidr("10.5.8.0/24"), lease.Subnet);
        Assert.Equal(
            warning is null ? 0 : 1, Warnings.Count(line => line.Contains(warning ?? "", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Of_several_leases_of_ours_the_previous_one_is_taken_again()
    {
        PutLease("10.5.7.0-24", "192.0.2.1");
        PutLease("10.5.8.0-24", "192.0.2.1");

        Assert.Equal(Cidr("10.5.8.0/24"), (await Acquire("192.0.2.1", previous: "10.5.8.0/24")).Subnet);
        Assert.Equal(["10.5.7.0-24", "10.5.8.0-24"], FileNames());
    }

    [Theory]
    [InlineData("192.0.2.1")]
    [InlineData("192.0.2.8")]
    [InlineData(null)]
    public async Task A_lost_subnet_is_neither_taken_nor_removed_whoever_holds_it(string? holder)
    {
        if (holder is not null)
        {
            PutLease("10.5.8.0-24", holder);
        }

        await using FileLeaseStore store = NewStore();
        var request = new LeaseRequest(Owner("192.0.2.1"), Cidr("10.5.8.0/24"), LostSubnet: Cidr("10.5.8.0/24"));

        AcquiredLease taken = await store.AcquireAsync(Config, request, Cancel);

        Assert.True(taken.IsNew);
        Assert.NotEqual(Cidr("10.5.8.0/24"), taken.Lease.Subnet);
        Assert.Equal(holder is not null, File.Exists(FileOf("10.5.8.0-24")));
    }

    [Fact]
    public async Task An_expired_lease_of_another_is_free_and_taken_over()
    {
        PutLease("10.5.8.0-24", "192.0.2.8", age: TimeSpan.FromHours(24));

        Assert.Equal(Cidr("10.5.8.0/24"), (await Acquire("192.0.2.1", previous: "10.5.8.0/24")).Subnet);
        Assert.Contains("192.0.2.1", File.ReadAllText(FileOf("10.5.8.0-24")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_expired_lease_is_taken_over_only_when_nothing_else_is_free()
    {
        var small = NetworkConfig.Parse("""{"Network":"10.5.0.0/28"}""");
        PutLease("10.5.0.4-30", "192.0.2.8", age: TimeSpan.FromHours(25));
        await using FileLeaseStore store = NewStore();

        List<Ipv4Prefix> order = [];
        for (int host = 1; host <= 3; host++)
        {
            order.Add(
                (await store.AcquireAsync(
                    small, new LeaseRequest(Owner($"192.0.2.{host}"), null), Cancel)).Lease.Subnet);
        }

        Assert.Equal(Cidr("10.5.0.4/30"), order[2]);
        Assert.Equal(3, order.Distinct().Count());
    }

    [Fact]
    public async Task When_every_subnet_is_leased_one_line_says_so()
    {
        var small = NetworkConfig.Parse("""{"Network":"10.5.0.0/28"}""");
        PutLease("10.5.0.4-30", "192.0.2.4");
        PutLease("10.5.0.8-29", "192.0.2.8");
        await using FileLeaseStore store = NewStore();

        LeaseStoreException refusal = await Assert.ThrowsAsync<LeaseStoreException>(
            () => store.AcquireAsync(small, new LeaseRequest(Owner("192.0.2.1"), null), Cancel));

        Assert.StartsWith("out of subnets", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_keeps_its_subnet()
    {
        PutText("10.5.8.0-24", "half a fi");

        Assert.NotEqual(Cidr("10.5.8.0/24"), (await Acquire("192.0.2.1", previous: "10.5.8.0/24")).Subnet);
        Assert.Equal("half a fi", File.ReadAllText(FileOf("10.5.8.0-24")));
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("127.0.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    public async Task A_public_address_no_peer_could_use_gets_no_lease(string publicIp)
    {
        LeaseStoreException refusal = await Assert.ThrowsAsync<LeaseStoreException>(() => Acquire(publicIp));

        Assert.Contains(publicIp, refusal.Message, StringComparison.Ordinal);
        Assert.Empty(FileNames());
    }

    [Fact]
    public async Task Two_stores_that_race_never_share_a_subnet()
    {
        var config = NetworkConfig.Parse("""{"Network":"10.5.0.0/24","SubnetLen":30}""");
        await using FileLeaseStore left = NewStore(TimeProvider.System, seed: 7);
        await using FileLeaseStore right = NewStore(TimeProvider.System, seed: 7);

        AcquiredLease[] leases = await Task.WhenAll(Enumerable.Range(1, 60).Select(host =>
            Task.Run(() => (host % 2 == 0 ? left : right).AcquireAsync(
                config, new LeaseRequest(Owner($"192.0.2.{host}"), Cidr("10.5.0.4/30")), Cancel))));

        Assert.Equal(60, leases.Select(lease => lease.Lease.Subnet).Distinct().Count());
        Assert.Equal(60, FileNames().Length);
    }

    [Fact]
    public async Task Only_a_lease_that_was_not_ours_before_is_new()
    {
        await using FileLeaseStore store = NewStore();
        var request = new LeaseRequest(Owner("192.0.2.1"), Cidr("10.5.8.0/24"));

        Assert.True((await store.AcquireAsync(Config, request, Cancel)).IsNew);
        Assert.False((await store.AcquireAsync(Config, request, Cancel)).IsNew);
    }

    private async Task<SubnetLease> Acquire(string publicIp, string? previous = null)
    {
        await using FileLeaseStore store = NewStore();
        return (await store.AcquireAsync(
            Config, new LeaseRequest(Owner(publicIp), previous is null ? null : Cidr(previous)), Cancel)).Lease;
    }
}
