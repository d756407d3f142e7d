using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Overlay.Lab;
using Overlay.Lease.Stores;
using Xunit;

namespace Overlay.Daemon.Tests.Cli;

public sealed class LeaseListTests : CliStore
{
    [Fact]
    public async Task Leases_are_a_table_by_address_with_their_end_and_what_is_wrong()
    {
        PutLease("10.244.20.0-24", "192.0.2.20", TimeSpan.FromMinutes(23 * 60 + 12));
        PutText(
            "10.244.3.0-24",
            """{"PublicIP":"192.0.2.3","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1}}""",
            TimeSpan.FromHours(-2));
        PutLease("10.244.20.128-25", "192.0.2.21", TimeSpan.FromHours(5));
        File.SetLastWriteTimeUtc(
            PutLease("10.244.4.0-24", "192.0.2.4", default), FileLeaseStore.ReservedUntil.UtcDateTime);

        CommandResult result = await Run("lease list");

        Assert.Equal(0, result.ExitCode);
        Assert.Empty(result.Error);
        Assert.Equal(
            [
                "SUBNET            PUBLIC IP   BACKEND  EXPIRES                 NOTE",
                "10.244.3.0/24     192.0.2.3   vxlan    expired 1 h 59 min ago",
                "10.244.4.0/24     192.0.2.4   udp      never (reserved)",
                "10.244.20.0/24    192.0.2.20  udp      in 23 h 12 min",
                "10.244.20.128/25  192.0.2.21  udp      in 5 h 0 min            is skipped: 10.244.20.128/25 "
                    + "overlaps 10.244.20.0/24 held by 192.0.2.20; remove the file that is wrong",
            ],
            Lines(result.Output));
    }

    [Fact]
    public async Task Json_says_the_same_to_programs()
    {
        PutText(
            "10.244.3.0-24",
            """{"PublicIP":"192.0.2.3","PublicIPv6":"fd00::3","BackendType":"vxlan","BackendData":{"VNI":1}}""",
            TimeSpan.FromHours(2));
        File.SetLastWriteTimeUtc(
            PutLease("10.244.4.0-24", "192.0.2.4", default), FileLeaseStore.ReservedUntil.UtcDateTime);
        PutText("garbage", "{}", TimeSpan.FromHours(2));

        CommandResult result = await Run("lease list --json");

        Assert.Equal(0, result.ExitCode);
        var root = JsonElement.Parse(Assert.Single(Lines(result.Output)));
        Assert.Equal(1, root.GetProperty("schema").GetInt32());
        Assert.Equal(Store, root.GetProperty("store").GetString());
        Assert.Equal("10.244.0.0/16", root.GetProperty("network").GetString());
        JsonElement[] leases = [.. root.GetProperty("leases").EnumerateArray()];
        Assert.Equal(3, leases.Length);

        Assert.Equal(
            ["subnet", "publicIp", "expires", "reserved", "publicIpv6", "backendType", "backendData"],
            leases[0].EnumerateObject().Select(property => property.Name));
        Assert.Equal("10.244.3.0/24", leases[0].GetProperty("subnet").GetString());
        Assert.Equal("192.0.2.3", leases[0].GetProperty("publicIp").GetString());
        Assert.Equal("fd00::3", leases[0].GetProperty("publicIpv6").GetString());
        Assert.Equal(1, leases[0].GetProperty("backendData").GetProperty("VNI").GetInt32());
        TimeSpan left = leases[0].GetProperty("expires").GetDateTimeOffset() - TimeProvider.System.GetUtcNow();
        Assert.InRange(left, TimeSpan.FromHours(1.9), TimeSpan.FromHours(2.1));

        Assert.True(leases[1].GetProperty("reserved").GetBoolean());
        Assert.Equal(JsonValueKind.Null, leases[1].GetProperty("expires").ValueKind);
        Assert.False(leases[1].TryGetProperty("fault", out _));

        Assert.Equal(JsonValueKind.Null, leases[2].GetProperty("subnet").ValueKind);
        Assert.Equal("garbage", leases[2].GetProperty("name").GetString());
        Assert.Contains(
            "the name is not a subnet", leases[2].GetProperty("fault").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_store_is_reported_on_standard_error_only()
    {
        Directory.Delete(Subnets);

        CommandResult result = await Run("lease list");

        Assert.Equal((0, "", $"no leases in {Store}\n"), (result.ExitCode, result.Output, result.Error));
        Assert.Empty(JsonElement.Parse((await Run("lease list --json")).Output).GetProperty("leases").EnumerateArray());
    }

    [Theory]
    [InlineData(null, "there is no network config; which entries count cannot be said")]
    [InlineData("{}", "the network config is not valid: please define a correct Network parameter in the flannel "
        + "config; which entries count cannot be said")]
    public async Task Without_a_valid_config_the_leases_are_listed_all_the_same(string? config, string warning)
    {
        PutLease("10.244.3.0-24", "192.0.2.3", TimeSpan.FromHours(2));
        File.Delete(ConfigPath);
        if (config is not null)
        {
            File.WriteAllText(ConfigPath, config);
        }

        CommandResult result = await Run("lease list --json");

        Assert.Equal((0, $"overlay: {warning}\n"), (result.ExitCode, result.Error));
        var root = JsonElement.Parse(result.Output);
        Assert.Equal(JsonValueKind.Null, root.GetProperty("network").ValueKind);
        Assert.Single(root.GetProperty("leases").EnumerateArray());
    }

    [Fact]
    public async Task A_directory_that_is_not_there_is_one_line() => IsRefused(
        await RunWords([
            "lease", "list", "--lease-store",
            $"file:{Root}/nowhere"]), 1, $"{Root}/nowhere does not exist", "create it");

    [Theory]
    [InlineData("lease list", "--lease-store is missing; give file:DIR")]
    [InlineData("lease watch", "--lease-store is missing; give file:DIR")]
    [InlineData("lease reserve 10.244.3.0/24 --public-ip 192.0.2.1", "--lease-store is missing; give file:DIR")]
    [InlineData("lease remove 10.244.3.0/24", "--lease-store is missing; give file:DIR")]
    [InlineData("config show", "--lease-store is missing; give file:DIR")]
    [InlineData("config put FILE", "--lease-store is missing; give file:DIR")]
    [InlineData("config check", "there is nothing to check; give FILE, or --lease-store file:DIR")]
    [InlineData("lease list --lease-store here", "--lease-store is 'here'; give file:DIR")]
    [InlineData("lease --lease-store file:/x reserve 10.244.3.0 --public-ip "
        + "192.0.2.1", "SUBNET is '10.244.3.0'; give a subnet like 10.244.7.0/24")]
    [InlineData("lease --lease-store file:/x reserve 10.244.3.0/24", "--public-ip")]
    [InlineData("lease --lease-store file:/x reserve 10.244.3.0/24 --public-ip "
        + "host", "--public-ip is 'host'; give an IPv4 address")]
    public async Task A_wrong_command_line_is_refused_with_the_value_found_and_what_to_give(
        string line, string expected) =>
        IsRefused(await RunWords(line.Split(' ')), 2, expected);
}
