using System;
using System.Diagnostics;
using System.Linq;
using System.Net.Sockets;
using System.Text.Json;
using Overlay.Linux.Netlink;
using Xunit;

namespace Overlay.Linux.Tests.Netlink;

/// <summary>Each test in a namespace of its own; what we say is compared with what ip(8) says.</summary>
public sealed class RouteNetlinkLinkTests
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public void Links_are_those_that_ip_shows()
    {
        using var inside = new TemporaryNamespace();
        inside.Ip("link set lo up");
        inside.Ip("tuntap add name tun0 mode tun");
        inside.Ip("link add veth0 type veth peer name veth1");
        inside.Ip("link set veth0 up mtu 1400 txqueuelen 77");
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);

        string[] ours = [.. netlink.GetLinks().Select(link =>
            $"{link.Index} {link.Name} {link.Mtu} {link.TransmitQueueLength} {link.IsUp} "
            + $"{link.Flags.HasFlag(LinkFlags.Loopback)} {link.Flags.HasFlag(LinkFlags.PointToPoint)} {link.Kind}")];

        string[] theirs = [.. inside.IpJson("link show").Select(link =>
        {
            string[] flags = [.. link.GetProperty("flags").EnumerateArray().Select(flag => flag.GetString()!)];
            string? kind = link.TryGetProperty("linkinfo", out JsonElement info)
                ? info.GetProperty("info_kind").GetString()
                : null;
            return $"{link.GetProperty("ifindex")} {link.GetProperty("ifname")} {link.GetProperty("mtu")} "
                + $"{link.GetProperty("txqlen")} {flags.Contains("UP")} {flags.Contains("LOOPBACK")} "
                + $"{flags.Contains("POINTOPOINT")} {kind}";
        })];
        Assert.Equal(theirs, ours);
        Assert.Contains(ours, line => line.EndsWith(" tun", StringComparison.Ordinal));
    }

    [Fact]
    public void A_link_is_found_by_name_and_by_index()
    {
        using var inside = new TemporaryNamespace();
        inside.Ip("tuntap add name fifteen_bytes_x mode tun");
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);

        Link? byName = netlink.FindLink("fifteen_bytes_x");

        Assert.NotNull(byName);
        Assert.Equal(byName, netlink.FindLink(byName.Index));
    }

    [Theory]
    [InlineData("")]
    [InlineData("absent0")]
    [InlineData("sixteen_bytes_xx")]
    [InlineData("a\0b")]
    public void A_link_that_does_not_exist_is_null(string name)
    {
        using var netlink = RouteNetlink.Open();

        Assert.Null(netlink.FindLink(name));
        Assert.Null(netlink.FindLink(int.MaxValue));
    }

    [Fact]
    public void Settings_of_a_link_are_what_ip_shows_afterwards()
    {
        using var inside = new TemporaryNamespace();
        inside.Ip("tuntap add name tun0 mode tun");
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);
        int index = netlink.FindLink("tun0")!.Index;

        netlink.ConfigureLink(index, new LinkSettings { Mtu = 1472, TransmitQueueLength = 1234, Up = true });

        JsonElement link = Assert.Single(inside.IpJson("link show dev tun0"));
        Assert.Equal(1472, link.GetProperty("mtu").GetInt32());
        Assert.Equal(1234, link.GetProperty("txqlen").GetInt32());
        Assert.Contains("UP", link.GetProperty("flags").EnumerateArray().Select(flag => flag.GetString()));

        netlink.ConfigureLink(index, new LinkSettings { Up = false });

        Link down = netlink.FindLink(index)!;
        Assert.False(down.IsUp);
        Assert.Equal((1472, 1234), (down.Mtu, down.TransmitQueueLength));
    }

    [Fact]
    public void A_link_without_an_IPv6_link_local_address_gets_none_when_it_comes_up()
    {
        if (!Socket.OSSupportsIPv6)
        {
            Assert.Skip("needs IPv6 in the kernel");
        }

        using var inside = new TemporaryNamespace();
        inside.Ip("link add quiet0 type veth peer name plain0");
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);

        netlink.ConfigureLink(
            netlink.FindLink("quiet0")!.Index, new LinkSettings { NoIpv6LinkLocalAddress = true, Up = true });
        netlink.ConfigureLink(netlink.FindLink("plain0")!.Index, new LinkSettings { Up = true });

        WaitUntil(() => inside.Ip("-6 address show dev plain0").Contains("fe80::", StringComparison.Ordinal));
        Assert.DoesNotContain("fe80::", inside.Ip("-6 address show dev quiet0"));
        JsonElement link = Assert.Single(inside.IpJson("link show dev quiet0"));
        Assert.Equal("none", link.GetProperty("inet6_addr_gen_mode").GetString());
    }

    [Fact]
    public void A_link_whose_MTU_is_too_small_for_IPv6_is_configured_all_the_same()
    {
        using var inside = new TemporaryNamespace();
        inside.Ip("tuntap add name tun0 mode tun");
        inside.Ip("link set tun0 mtu 1000");
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);
        int index = netlink.FindLink("tun0")!.Index;

        netlink.ConfigureLink(index, new LinkSettings { NoIpv6LinkLocalAddress = true, Up = true });

        Assert.True(netlink.FindLink(index)!.IsUp);
    }

    [Fact]
    public void The_address_mode_is_set_after_the_MTU_that_brings_IPv6_to_the_link()
    {
        if (!Socket.OSSupportsIPv6)
        {
            Assert.Skip("needs IPv6 in the kernel");
        }

        using var inside = new TemporaryNamespace();
        inside.Ip("tuntap add name tun0 mode tun");
        inside.Ip("link set tun0 mtu 1000");
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);

        netlink.ConfigureLink(
            netlink.FindLink("tun0")!.Index, new LinkSettings { NoIpv6LinkLocalAddress = true, Mtu = 1472, Up = true });

        JsonElement link = Assert.Single(inside.IpJson("link show dev tun0"));
        Assert.Equal("none", link.GetProperty("inet6_addr_gen_mode").GetString());
    }

    [Fact]
    public void A_refused_MTU_names_the_link_the_value_and_the_reason()
    {
        using var inside = new TemporaryNamespace();
        inside.Ip("tuntap add name tun0 mode tun");
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);
        int index = netlink.FindLink("tun0")!.Index;

        LinuxException thrown = Assert.Throws<LinuxException>(
            () => netlink.ConfigureLink(index, new LinkSettings { Mtu = 70_000 }));

        Assert.Equal((Errno.EINVAL, "RTM_NEWLINK"), (thrown.Errno, thrown.Call));
        Assert.Contains(
            "could not set the mtu of interface tun0 to 70000 (mtu greater than device maximum)", thrown.Message);
    }

    private static void WaitUntil(Func<bool> condition)
    {
        long started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < s_deadline, $"not so within {s_deadline.TotalSeconds} s");
        }
    }
}
