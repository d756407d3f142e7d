using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Lease.Stores;
using Xunit;
using static Overlay.Lease.Tests.Leases;

namespace Overlay.Lease.Tests.Stores;

public sealed class FileLeaseAdministrationTests : StoreFixture
{
    [Fact]
    public async Task Every_entry_is_listed_by_address_the_bad_and_the_expired_ones_too()
    {
        PutLease("10.5.20.0-24", "192.0.2.20");
        PutLease("10.5.3.0-24", "192.0.2.3", age: TimeSpan.FromHours(25));
        PutText("10.5.4.0-24", "half a fi");
        PutLease("10.5.20.0-25", "192.0.2.21");
        PutText("garbage", "{}");
        File.SetLastWriteTimeUtc(PutLease("10.5.2.0-24", "192.0.2.2"), FileLeaseStore.ReservedUntil.UtcDateTime);
        await using ILeaseAdministration store = NewAdministration();

        IReadOnlyList<LeaseEntry> entries = await store.ListAsync(Config, Cancel);

        Assert.Equal(
            ["10.5.2.0-24", "10.5.3.0-24", "10.5.4.0-24", "10.5.20.0-24", "10.5.20.0-25", "garbage"], entries.Select(
                entry => entry.Name));
        Assert.True(entries[0].IsReservation);
        Assert.Equal(Time.GetUtcNow() - TimeSpan.FromHours(1), entries[1].Expires);
        Assert.Contains("not valid JSON", entries[2].Fault, StringComparison.Ordinal);
        Assert.Null(entries[2].Attributes);
        Assert.Null(entries[3].Fault);
        Assert.Equal(Ip("192.0.2.20"), entries[3].Attributes?.PublicIp);
        Assert.Contains(
            "10.5.20.0/25 overlaps 10.5.20.0/24 held by 192.0.2.20", entries[4].Fault, StringComparison.Ordinal);
        Assert.Null(entries[5].Key);
        Assert.Contains("the name is not a subnet", entries[5].Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_config_only_what_cannot_be_read_is_bad()
    {
        File.Delete(Path.Combine(Root, "config"));
        PutLease("10.6.2.0-24", "192.0.2.2");
        PutText("10.6.3.0-24", "{");
        await using ILeaseAdministration store = NewAdministration();

        Assert.Equal([false, true], (await store.ListAsync(null, Cancel)).Select(entry => entry.Fault is not null));
    }

    [Fact]
    public async Task A_store_in_which_no_host_has_a_lease_yet_lists_nothing()
    {
        Directory.Delete(Subnets);
        await using ILeaseAdministration store = NewAdministration();

        Assert.Empty(await store.ListAsync(Config, Cancel));
    }

    [Fact]
    public async Task A_directory_that_is_not_there_is_one_line()
    {
        await using var store = new FileLeaseAdministration(Path.Combine(Root, "nowhere"), Time);

        Assert.Contains("nowhere does not exist", (
            await Refusal(() => store.ListAsync(Config, Cancel))).Message, StringComparison.Ordinal);
        Assert.Contains("nowhere does not exist", (
            await Refusal(() => store.ReadConfigTextAsync(Cancel))).Message, StringComparison.Ordinal);
        await Refusal(() => store.WriteConfigTextAsync("{}", null, Cancel));
        await Refusal(() => store.RemoveAsync("10.5.8.0-24", Cancel));
        Assert.False(Directory.Exists(Path.Combine(Root, "nowhere")));
    }

    [Fact]
    public async Task A_free_subnet_is_reserved_and_its_host_takes_it()
    {
        await using ILeaseAdministration store = NewAdministration();

        LeaseReservation done = await store.ReserveAsync(Config, Cidr("10.5.8.0/24"), Ip("192.0.2.1"), Cancel);

        Assert.Equal(new LeaseReservation(ReservationKind.Made, null), done);
        Assert.Equal(Value("192.0.2.1"), File.ReadAllText(FileOf("10.5.8.0-24")).TrimEnd());
        await using FileLeaseStore hosts = NewStore();
        AcquiredLease acquired = await hosts.AcquireAsync(Config, new LeaseRequest(Owner("192.0.2.1"), null), Cancel);
        Assert.Equal((Cidr("10.5.8.0/24"), DateTimeOffset.MaxValue), (acquired.Lease.Subnet, acquired.Lease.Expires));
    }

    [Fact]
    public async Task The_hosts_own_lease_loses_its_end_and_nothing_else()
    {
        const string Text = """{"PublicIP":"192.0.2.1","PublicIPv6":null,"Newer":[1,2]}""";
        PutText("10.5.8.0-24", Text);
        await using ILeaseAdministration store = NewAdministration();

        LeaseReservation done = await store.ReserveAsync(Config, Cidr("10.5.8.0/24"), Ip("192.0.2.1"), Cancel);

        Assert.Equal(ReservationKind.FromLease, done.Kind);
        Assert.Equal(Text, File.ReadAllText(FileOf("10.5.8.0-24")));
        Assert.Equal(FileLeaseStore.ReservedUntil.UtcDateTime, File.GetLastWriteTimeUtc(FileOf("10.5.8.0-24")));
        Assert.Equal(
            ReservationKind.Unchanged,
            (await store.ReserveAsync(Config, Cidr("10.5.8.0/24"), Ip("192.0.2.1"), Cancel)).Kind);
    }

    [Fact]
    public async Task What_the_host_holds_besides_is_reported()
    {
        PutLease("10.5.7.0-24", "192.0.2.1");
        await using ILeaseAdministration store = NewAdministration();

        Assert.Equal(
            new LeaseReservation(ReservationKind.Made, Cidr("10.5.7.0/24")),
            await store.ReserveAsync(Config, Cidr("10.5.8.0/24"), Ip("192.0.2.1"), Cancel));
    }

    [Fact]
    public async Task An_expired_lease_of_another_does_not_stand_in_the_way()
    {
        PutLease("10.5.8.0-24", "192.0.2.8", age: TimeSpan.FromHours(25));
        await using ILeaseAdministration store = NewAdministration();

        Assert.Equal(
            ReservationKind.Made,
            (await store.ReserveAsync(Config, Cidr("10.5.8.0/24"), Ip("192.0.2.1"), Cancel)).Kind);
        Assert.Equal(Value("192.0.2.1"), File.ReadAllText(FileOf("10.5.8.0-24")).TrimEnd());
    }

    [Theory]
    [InlineData("10.5.8.0/24", "192.0.2.1", "it is leased to")]
    [InlineData("10.5.9.0/24", "192.0.2.1", "10.5.8.0/23, which overlaps it, is leased to", "10.5.8.0-23")]
    [InlineData("10.5.8.0/24", "192.0.2.1", "10.5.8.0-24 is there and is no lease", "10.5.8.0-24", "{")]
    [InlineData("10.5.8.1/24", "192.0.2.1", "it has host bits; the subnet is 10.5.8.0/24")]
    [InlineData("10.5.8.0/25", "192.0.2.1", "the network config allows /24 from 10.5.1.0 to 10.5.255.0")]
    [InlineData("10.5.0.0/24", "192.0.2.1", "the network config allows /24 from 10.5.1.0 to 10.5.255.0")]
    [InlineData("10.6.1.0/24", "192.0.2.1", "the network config allows /24 from 10.5.1.0 to 10.5.255.0")]
    [InlineData("10.5.7.0/24", "127.0.0.1", "the public address 127.0.0.1 is not one host's address")]
    public async Task A_reservation_that_cannot_be_is_one_line_and_changes_nothing(
        string subnet, string publicIp, string reason, string name = "10.5.8.0-24", string? text = null)
    {
        PutText(name, text ?? Value("192.0.2.8"));
        await using ILeaseAdministration store = NewAdministration();

        LeaseStoreException refusal = await Refusal(
            () => store.ReserveAsync(Config, Cidr(subnet), Ip(publicIp), Cancel));

        Assert.StartsWith($"{subnet} cannot be reserved", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
        Assert.Equal([name], FileNames());
        Assert.Equal(text ?? Value("192.0.2.8"), File.ReadAllText(FileOf(name)));
    }

    [Fact]
    public async Task Removing_says_what_was_there_and_a_second_time_that_nothing_was()
    {
        PutLease("10.5.8.0-24", "192.0.2.8");
        PutText("10.5.9.0-24", "{");
        await using ILeaseAdministration store = NewAdministration();

        Assert.Equal(Ip("192.0.2.8"), (await store.RemoveAsync("10.5.8.0-24", Cancel))?.Attributes?.PublicIp);
        Assert.NotNull((await store.RemoveAsync("10.5.9.0-24", Cancel))?.Fault);
        Assert.Null(await store.RemoveAsync("10.5.8.0-24", Cancel));
        Assert.Empty(FileNames());
    }

    [Fact]
    public async Task The_config_is_read_as_stored_and_written_as_given()
    {
        const string Text = "{ \"Network\" : \"10.7.0.0/16\",\r\n\"Later\":1 }\n\n";
        await using ILeaseAdministration store = NewAdministration();
        string? before = await store.ReadConfigTextAsync(Cancel);

        await store.WriteConfigTextAsync(Text, before, Cancel);

        Assert.Equal("""{"Network":"10.5.0.0/16"}""", before);
        Assert.Equal(Text, await store.ReadConfigTextAsync(Cancel));
        Assert.Equal(Text, File.ReadAllText(Path.Combine(Root, "config")));
    }

    [Fact]
    public async Task A_config_changed_meanwhile_is_left_alone()
    {
        await using ILeaseAdministration store = NewAdministration();

        LeaseStoreException refusal = await Refusal(
            () => store.WriteConfigTextAsync("{}", "{\"Network\":\"10.9.0.0/16\"}", Cancel));
        await Refusal(() => store.WriteConfigTextAsync("{}", null, Cancel));

        Assert.Contains("was changed by somebody else", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("""{"Network":"10.5.0.0/16"}""", File.ReadAllText(Path.Combine(Root, "config")));
    }

    [Fact]
    public async Task The_first_config_makes_a_directory_a_store()
    {
        File.Delete(Path.Combine(Root, "config"));
        await using ILeaseAdministration store = NewAdministration();

        Assert.Null(await store.ReadConfigTextAsync(Cancel));
        await store.WriteConfigTextAsync("""{"Network":"10.7.0.0/16"}""", null, Cancel);

        await using FileLeaseStore hosts = NewStore();
        Assert.Equal(Cidr("10.7.0.0/16"), (await hosts.ReadConfigAsync(Cancel)).Network);
    }

    private FileLeaseAdministration NewAdministration() => new(Root, Time);

    private static async Task<LeaseStoreException> Refusal(Func<Task> work) =>
        await Assert.ThrowsAsync<LeaseStoreException>(work);
}
