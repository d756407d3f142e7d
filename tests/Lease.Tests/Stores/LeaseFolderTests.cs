using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Lease.Stores;
using Overlay.Net;
using Xunit;
using static Overlay.Lease.Tests.Leases;

namespace Overlay.Lease.Tests.Stores;

public sealed class LeaseFolderTests : StoreFixture
{
    [Theory]
    [InlineData("not-a-subnet", "{}", "the name is not a subnet")]
    [InlineData("10.5.1.0-024", """{"PublicIP":"192.0.2.1"}""", "the name is not a subnet")]
    [InlineData("x10.5.1.0-24", """{"PublicIP":"192.0.2.1"}""", "the name is not a subnet")]
    [InlineData("10.5.1.0-24", "{", "not valid JSON: {")]
    [InlineData("10.5.1.0-24", "", "it is empty")]
    [InlineData("10.5.1.0-24", """{"PublicIP":"here"}""", "PublicIP 'here' is not an IPv4 address")]
    [InlineData("10.5.1.7-24", """{"PublicIP":"192.0.2.1"}""", "10.5.1.7/24 has host bits; the subnet is 10.5.1.0/24")]
    [InlineData("10.6.1.0-24", """{"PublicIP":"192.0.2.1"}""", "10.6.1.0/24 is outside the network 10.5.0.0/16")]
    [InlineData("10.0.0.0-8", """{"PublicIP":"192.0.2.1"}""", "10.0.0.0/8 is outside the network 10.5.0.0/16")]
    [InlineData("10.5.1.0-24", "{}", "the public address 0.0.0.0 is not one host's address")]
    [InlineData("10.5.1.0-24", """{"PublicIP":"239.1.1.1"}""",
        "the public address 239.1.1.1 is not one host's address")]
    [InlineData("10.5.1.0-24", """{"PublicIP":"127.0.0.1"}""",
        "the public address 127.0.0.1 is not one host's address")]
    [InlineData("10.5.2.0-23", """{"PublicIP":"192.0.2.1"}""", "10.5.2.0/23 overlaps 10.5.2.0/24 held by 192.0.2.2")]
    [InlineData("10.5.2.128-25", """{"PublicIP":"192.0.2.1"}""",
        "10.5.2.128/25 overlaps 10.5.2.0/24 held by 192.0.2.2")]
    [InlineData("10.5.2.0-24&fc00::-64", """{"PublicIP":"192.0.2.1"}""", "10.5.2.0/24 overlaps 10.5.2.0/24")]
    public void A_bad_file_is_skipped_with_one_line_and_hides_nothing(string name, string text, string warning)
    {
        PutLease("10.5.2.0-24", "192.0.2.2");
        PutText(name, text);
        LeaseFolder folder = NewFolder();

        Assert.Equal([Cidr("10.5.2.0/24")], Look(folder));
        string line = Assert.Single(Warnings);
        Assert.Contains($"{FileOf(name)} is skipped: {warning}", line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);

        Time.Advance(TimeSpan.FromSeconds(5));
        Look(folder);
        Look(folder);
        Assert.Single(Warnings);

        PutText(name, text);
        Look(folder);
        Assert.Equal(2, Warnings.Length);
    }

    [Fact]
    public void A_directory_and_a_link_are_bad_files_and_a_pipe_does_not_block()
    {
        Directory.CreateDirectory(FileOf("10.5.1.0-24"));
        File.CreateSymbolicLink(FileOf("10.5.2.0-24"), "/dev/zero");
        using (var mkfifo = Process.Start("mkfifo", FileOf("10.5.3.0-24")))
        {
            mkfifo.WaitForExit();
        }

        Assert.Empty(Look(NewFolder()));
        Assert.Equal(3, Warnings.Length);
    }

    [Fact]
    public void A_file_of_megabytes_is_bad()
    {
        PutText("10.5.1.0-24", Value("192.0.2.1") + new string(' ', 70_000));
        PutText("10.5.2.0-24", Value("192.0.2.2") + new string(' ', 60_000));

        Assert.Equal([Cidr("10.5.2.0/24")], Look(NewFolder()));
        Assert.Contains("it is longer than 65536 bytes", Assert.Single(Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_two_that_overlap_without_the_configured_length_the_longer_counts()
    {
        PutLease("10.5.8.0-22", "192.0.2.1");
        PutLease("10.5.10.0-23", "192.0.2.2");
        PutLease("10.5.16.0-20", "192.0.2.3");

        Assert.Equal([Cidr("10.5.10.0/23"), Cidr("10.5.16.0/20")], Look(NewFolder()));
    }

    [Fact]
    public void A_rival_that_comes_back_is_reported_again()
    {
        PutLease("10.5.2.0-23", "192.0.2.1");
        LeaseFolder folder = NewFolder();
        Assert.Equal([Cidr("10.5.2.0/23")], Look(folder));

        PutLease("10.5.2.0-24", "192.0.2.2");
        Assert.Equal([Cidr("10.5.2.0/24")], Look(folder));
        File.Delete(FileOf("10.5.2.0-24"));
        Assert.Equal([Cidr("10.5.2.0/23")], Look(folder));
        PutLease("10.5.2.0-24", "192.0.2.2");
        Look(folder);

        Assert.Equal(2, Warnings.Length);
    }

    [Fact]
    public void An_expired_file_is_absent_good_or_bad()
    {
        PutLease("10.5.2.0-24", "192.0.2.2", age: TimeSpan.FromHours(24));
        PutLease("10.5.2.0-23", "192.0.2.3");
        PutText("junk", "junk", age: TimeSpan.FromHours(25));

        Assert.Equal([Cidr("10.5.2.0/23")], Look(NewFolder()));
        Assert.Empty(Warnings);
    }

    [Fact]
    public void A_file_is_read_again_only_when_its_stamp_is_new_or_was_too_young_to_tell()
    {
        PutLease("10.5.2.0-24", "192.0.2.2");
        LeaseFolder folder = NewFolder();

        Look(folder);
        Look(folder);
        Assert.Equal(2, folder.ReadCount);

        Time.Advance(TimeSpan.FromSeconds(3));
        Look(folder);
        Look(folder);
        Assert.Equal(3, folder.ReadCount);
    }

    [Fact]
    public void A_second_change_within_one_tick_of_the_clock_is_not_missed()
    {
        PutLease("10.5.2.0-24", "192.0.2.2");
        LeaseFolder folder = NewFolder();
        Look(folder);

        PutLease("10.5.2.0-24", "192.0.2.3");
        folder.RefreshAll();

        Assert.Equal(Ip("192.0.2.3"), Assert.Single(folder.Survey(Config).Leases).PublicIp);
    }

    [Fact]
    public void A_file_that_was_bad_and_is_bad_in_another_way_is_warned_of_for_what_it_is_now()
    {
        LeaseFolder folder = NewFolder();
        PutLease("10.5.2.0-24", "127.0.0.9");
        Look(folder);
        PutText("10.5.2.0-24", "::1");
        Look(folder);

        Assert.Equal(2, Warnings.Length);
        Assert.Contains("not one host's address", Warnings[0], StringComparison.Ordinal);
        Assert.DoesNotContain("not one host's address", Warnings[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Each_of_10000_leases_is_read_once_and_not_again_when_nothing_has_changed()
    {
        const int Hosts = 10_000;
        var config = NetworkConfig.Parse("""{"Network":"10.0.0.0/8"}""");
        Parallel.For(1, Hosts + 1, host =>
        {
            string name = new SubnetKey(new Ipv4Prefix(Ip("10.0.0.0") + ((uint)host << 8), 24)).Format();
            File.WriteAllText(FileOf(name), Value($"{Ip("172.16.0.0") + (uint)host}"));
        });
        Time.Advance(TimeSpan.FromMinutes(10));

        LeaseFolder folder = NewFolder();
        for (int look = 1; look <= 2; look++)
        {
            folder.RefreshAll();
            Assert.Equal(Hosts, folder.Survey(config).Leases.Count);
            Assert.Equal(Hosts, folder.ReadCount);
        }

        Assert.Empty(Warnings);
    }

    private LeaseFolder NewFolder() => new(Subnets, Time, Warn);

    private Ipv4Prefix[] Look(LeaseFolder folder)
    {
        folder.RefreshAll();
        return [.. folder.Survey(Config).Leases.Select(lease => lease.Subnet)];
    }
}
