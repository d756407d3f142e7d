using System;
using System.Collections.Generic;
using System.IO;
using Xunit;
using static Overlay.Lease.Tests.Leases;

namespace Overlay.Lease.Tests;

public sealed class SubnetEnvFileTests : IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly List<string> _warnings = [];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void ENV_1_a_list_skips_what_is_not_a_subnet()
    {
        string path = _directory.Write("FLANNEL_SUBNET=10.244.1.0/24,not-a-cidr,10.244.2.0/24\n", "subnet.env");

        Assert.Equal(
            [Cidr("10.244.1.0/24"), Cidr("10.244.2.0/24")],
            SubnetEnvFile.ReadPrefixes(path, "FLANNEL_SUBNET", _warnings.Add));
        Assert.Contains("'not-a-cidr'", Assert.Single(_warnings));
    }

    [Fact]
    public void ENV_3_a_single_broken_entry_is_no_previous_subnet()
    {
        string path = _directory.Write("FLANNEL_SUBNET=not-a-cidr\n", "subnet.env");

        Assert.Null(SubnetEnvFile.ReadPreviousSubnet(path, _warnings.Add));
    }

    [Fact]
    public void ENV_4_a_single_broken_IPv6_entry_is_no_previous_subnet()
    {
        string path = _directory.Write("FLANNEL_IPV6_SUBNET=not-a-cidr\n", "subnet.env");

        Assert.Null(SubnetEnvFile.ReadPreviousIpv6Subnet(path, _warnings.Add));
    }

    [Fact]
    public void ENV_5_without_a_file_there_is_no_previous_subnet_and_nothing_to_report()
    {
        Assert.Null(SubnetEnvFile.ReadPreviousSubnet(_directory.PathOf("no", "subnet.env"), _warnings.Add));
        Assert.Null(SubnetEnvFile.ReadPreviousSubnet(_directory.PathOf("subnet.env"), _warnings.Add));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void ENV_7_two_valid_entries_are_no_previous_subnet_and_a_warning()
    {
        string path = _directory.Write("FLANNEL_SUBNET=10.244.1.1/24,10.244.2.1/24\n", "subnet.env");

        Assert.Null(SubnetEnvFile.ReadPreviousSubnet(path, _warnings.Add));
        Assert.Contains("10.244.1.0/24, 10.244.2.0/24", Assert.Single(_warnings));
    }

    [Fact]
    public void ENV_8_an_IPv4_lease_is_four_lines()
    {
        string path = _directory.PathOf("subnet.env");

        SubnetEnvFile.Write(path, Cidr("10.5.0.0/16"), Cidr("10.5.34.0/24"), 1472, ipMasquerade: false);

        Assert.Equal(
            "FLANNEL_NETWORK=10.5.0.0/16\nFLANNEL_SUBNET=10.5.34.1/24\nFLANNEL_MTU=1472\nFLANNEL_IPMASQ=false\n",
            File.ReadAllText(path));
    }

    [Fact]
    public void ENV_9_a_dual_stack_lease_is_six_lines()
    {
        string path = _directory.PathOf("subnet.env");

        SubnetEnvFile.Write(
            path, Cidr("10.42.0.0/16"), Cidr("10.42.0.0/24"), 1450, ipMasquerade: true,
            Cidr6("2001:cafe:42::/56"), Cidr6("2001:cafe:42::/64"));

        Assert.Equal(
            "FLANNEL_NETWORK=10.42.0.0/16\nFLANNEL_SUBNET=10.42.0.1/24\nFLANNEL_IPV6_NETWORK=2001:cafe:42::/56\n"
            + "FLANNEL_IPV6_SUBNET=2001:cafe:42::1/64\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n",
            File.ReadAllText(path));
        Assert.Equal(Cidr6("2001:cafe:42::/64"), SubnetEnvFile.ReadPreviousIpv6Subnet(path));
    }

    [Theory]
    [InlineData("FLANNEL_SUBNET=10.5.34.1/24")]
    [InlineData("export FLANNEL_SUBNET=10.5.34.1/24\r\n")]
    [InlineData("# FLANNEL_SUBNET=10.9.9.1/24\n\n  FLANNEL_SUBNET = \"10.5.34.1/24\"\n")]
    [InlineData("FLANNEL_SUBNET='10.5.34.1/24' # ours\n")]
    [InlineData("FLANNEL_SUBNET=10.5.34.1/24 # ours\n")]
    [InlineData("FLANNEL_SUBNET=10.9.9.1/24\nFLANNEL_SUBNET=10.5.34.1/24\nFLANNEL_SUBNETS=1.2.3.4/24\n")]
    [InlineData("nonsense\n=\nFLANNEL_SUBNET=not-a-cidr, 10.5.34.1/24 ,\n")]
    public void The_previous_subnet_is_read_leniently_and_masked(string text) =>
        Assert.Equal(Cidr("10.5.34.0/24"), SubnetEnvFile.ReadPreviousSubnet(_directory.Write(text, "subnet.env")));

    [Theory]
    [InlineData("")]
    [InlineData("FLANNEL_SUBNET=")]
    [InlineData("FLANNEL_SUBNET=#10.5.34.1/24")]
    [InlineData("flannel_subnet=10.5.34.1/24")]
    [InlineData("FLANNEL_SUBNET=\"")]
    public void What_names_no_subnet_gives_none(string text) =>
        Assert.Null(SubnetEnvFile.ReadPreviousSubnet(_directory.Write(text, "subnet.env")));

    [Fact]
    public void A_path_that_cannot_be_read_is_one_warning()
    {
        Assert.Null(SubnetEnvFile.ReadPreviousSubnet(_directory.Root, _warnings.Add));
        Assert.Contains(_directory.Root, Assert.Single(_warnings));
    }

    [Fact]
    public void Missing_directories_and_the_file_get_modes_that_others_can_read()
    {
        string path = _directory.PathOf("a", "b", "subnet.env");

        SubnetEnvFile.Write(path, Cidr("10.5.0.0/16"), Cidr("10.5.34.0/24"), 1472, ipMasquerade: false);

        Assert.Equal(Convert.ToInt32("644", 8), (int)File.GetUnixFileMode(path));
        Assert.Equal(Convert.ToInt32("755", 8), (int)File.GetUnixFileMode(_directory.PathOf("a", "b")));
        Assert.Equal(Convert.ToInt32("755", 8), (int)File.GetUnixFileMode(_directory.PathOf("a")));
    }

    [Fact]
    public void Writing_again_replaces_the_file_and_leaves_nothing_beside_it()
    {
        string path = _directory.PathOf("subnet.env");
        SubnetEnvFile.Write(path, Cidr("10.5.0.0/16"), Cidr("10.5.34.0/24"), 1472, ipMasquerade: false);

        SubnetEnvFile.Write(path, Cidr("10.5.0.0/16"), Cidr("10.5.35.0/24"), 1472, ipMasquerade: false);

        Assert.Equal(Cidr("10.5.35.0/24"), SubnetEnvFile.ReadPreviousSubnet(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(_directory.Root));
    }

    [Fact]
    public void A_write_that_fails_leaves_no_temporary_file()
    {
        string path = Directory.CreateDirectory(_directory.PathOf("subnet.env")).FullName;

        Exception? failure = Record.Exception(() =>
            SubnetEnvFile.Write(path, Cidr("10.5.0.0/16"), Cidr("10.5.34.0/24"), 1472, ipMasquerade: false));

        Assert.True(failure is IOException or UnauthorizedAccessException, $"{failure}");
        Assert.Equal([path], Directory.GetFileSystemEntries(_directory.Root));
    }

    [Theory]
    [InlineData("file/subnet.env")]
    [InlineData("/proc/overlay/subnet.env")]
    public void A_directory_that_cannot_be_made_is_an_error(string path)
    {
        _directory.Write("", "file");

        Exception? failure = Record.Exception(() => SubnetEnvFile.Write(
            Path.Combine(_directory.Root, path), Cidr("10.5.0.0/16"), Cidr("10.5.34.0/24"), 1472, ipMasquerade: false));

        Assert.True(failure is IOException or UnauthorizedAccessException, $"{failure}");
        Assert.Single(Directory.GetFileSystemEntries(_directory.Root));
    }
}
