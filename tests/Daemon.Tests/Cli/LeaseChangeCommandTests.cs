using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Lab;
using Overlay.Lease.Stores;
using Xunit;

namespace Overlay.Daemon.Tests.Cli;

public sealed class LeaseChangeCommandTests : CliStore
{
    [Fact]
    public async Task A_reservation_is_one_line_and_a_second_one_changes_nothing()
    {
        CommandResult first = await Run("lease reserve 10.244.7.0/24 --public-ip 192.0.2.1");
        CommandResult second = await Run("lease reserve 10.244.7.0/24 --public-ip 192.0.2.1");

        Assert.Equal((0, "10.244.7.0/24 is reserved for 192.0.2.1\n", ""), (first.ExitCode, first.Output, first.Error));
        Assert.Equal("10.244.7.0/24 is reserved for 192.0.2.1 already; nothing is changed\n", second.Output);
        Assert.Equal(
            FileLeaseStore.ReservedUntil.UtcDateTime, File.GetLastWriteTimeUtc(Path.Combine(Subnets, "10.244.7.0-24")));
        Assert.Contains("never (reserved)", (await Run("lease list")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_hosts_own_lease_loses_its_end_and_its_other_one_is_named()
    {
        PutLease("10.244.7.0-24", "192.0.2.1", TimeSpan.FromHours(3));
        PutLease("10.244.9.0-24", "192.0.2.1", TimeSpan.FromHours(3));

        CommandResult result = await Run("lease reserve 10.244.7.0/24 --public-ip 192.0.2.1");

        Assert.Equal(
            "the lease 10.244.7.0/24 of 192.0.2.1 has no end any more; the host holds 10.244.9.0/24 now and takes "
                + "the reserved subnet when it next starts\n",
            result.Output);
    }

    [Theory]
    [InlineData("10.244.7.0/24", "it is leased to 192.0.2.7", "overlay lease remove 10.244.7.0/24")]
    [InlineData("10.244.7.0/25", "allows /24 from 10.244.1.0 to 10.244.255.0")]
    [InlineData("10.245.7.0/24", "allows /24 from 10.244.1.0 to 10.244.255.0")]
    public async Task What_cannot_be_reserved_is_one_line(string subnet, params string[] words)
    {
        PutLease("10.244.7.0-24", "192.0.2.7", TimeSpan.FromHours(3));

        IsRefused(
            await Run($"lease reserve {subnet} --public-ip 192.0.2.1"), 1, [$"{subnet} cannot be reserved", .. words]);
    }

    [Theory]
    [InlineData(null, "has no network config", "overlay config put FILE")]
    [InlineData("{}", "is not valid: please define a correct Network parameter")]
    public async Task Nothing_is_reserved_without_a_valid_config(string? config, params string[] words)
    {
        File.Delete(ConfigPath);
        if (config is not null)
        {
            File.WriteAllText(ConfigPath, config);
        }

        IsRefused(await Run("lease reserve 10.244.7.0/24 --public-ip 192.0.2.1"), 1, [Store, .. words]);
        Assert.Empty(Directory.GetFileSystemEntries(Subnets));
    }

    [Fact]
    public async Task Removing_says_whose_it_was_and_what_a_running_host_will_do()
    {
        PutLease("10.244.7.0-24", "192.0.2.7", TimeSpan.FromHours(3));
        PutLease("10.244.8.0-24", "192.0.2.8", TimeSpan.FromHours(-3));
        PutText("10.244.9.0-24", "{", TimeSpan.FromHours(3));

        Assert.Equal(
            "removed the lease 10.244.7.0/24 of 192.0.2.7; if that host is running with it, it takes the subnet back "
                + "at once: stop it first to free the subnet\n",
            (await Run("lease remove 10.244.7.0/24")).Output);
        Assert.Equal("removed the lease 10.244.8.0/24 of 192.0.2.8, which had expired\n", (
            await Run("lease remove 10.244.8.0/24")).Output);
        Assert.Equal("removed 10.244.9.0/24, which could not be read as a lease\n", (
            await Run("lease remove 10.244.9.0/24")).Output);
        Assert.Empty(Directory.GetFileSystemEntries(Subnets));
    }

    [Theory]
    [InlineData("no subnet", "no subnet")]
    [InlineData("10.244.7.0-24&fc00::-64", "10.244.7.0/24 fc00::/64")]
    [InlineData("10.244.7.0-24&fc00::-64", "10.244.7.0-24&fc00::-64")]
    [InlineData("red\u001b[31m", "red?[31m")]
    [InlineData("010.244.7.0-24", "010.244.7.0-24")]
    public async Task Whatever_the_list_shows_can_be_removed_by_that_name(string name, string shown)
    {
        PutLease("10.244.8.0-24", "192.0.2.8", TimeSpan.FromHours(3));
        PutText(name, "?", TimeSpan.FromHours(3));

        CommandResult result = await RunWords(["lease", "remove", shown, "--lease-store", Store]);

        Assert.Equal((0, $"removed {shown}, which could not be read as a lease\n", ""), (
            result.ExitCode, result.Output, result.Error));
        Assert.Equal(
            ["10.244.8.0-24"], new DirectoryInfo(Subnets).EnumerateFileSystemInfos().Select(file => file.Name));
    }

    [Theory]
    [InlineData("../config")]
    [InlineData(".")]
    [InlineData("*")]
    public async Task What_the_list_does_not_show_is_not_removed(string name)
    {
        IsRefused(await RunWords(
            ["lease", "remove", name, "--lease-store", Store]), 1, $"there is no lease {name} in {Store}");

        Assert.True(File.Exists(ConfigPath));
    }

    [Fact]
    public async Task Of_two_entries_that_look_the_same_none_is_removed()
    {
        PutText("a\u0001", "?", TimeSpan.FromHours(3));
        PutText("a\u0002", "?", TimeSpan.FromHours(3));

        IsRefused(await Run("lease remove a?"), 1, "2 entries", "shown as a?");

        Assert.Equal(2, Directory.GetFiles(Subnets).Length);
    }

    [Fact]
    public async Task A_directory_among_the_leases_is_left_to_its_maker()
    {
        Directory.CreateDirectory(Path.Combine(Subnets, "10.244.7.0-24"));

        IsRefused(await Run("lease remove 10.244.7.0/24"), 1, "10.244.7.0-24 is a directory", "by hand");
    }

    [Fact]
    public async Task Removing_what_is_not_there_is_one_line() => IsRefused(
        await Run(
            "lease remove 10.244.7.0/24"), 1, $"there is no lease 10.244.7.0/24 in {Store}", "overlay lease list");

    [Fact]
    public async Task A_removed_reservation_is_called_one()
    {
        await Run("lease reserve 10.244.7.0/24 --public-ip 192.0.2.1");

        Assert.StartsWith(
            "removed the reservation 10.244.7.0/24 of 192.0.2.1;", (
                await Run("lease remove 10.244.7.0/24")).Output, StringComparison.Ordinal);
    }
}
