using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.Json;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Xunit;

namespace Overlay.Linux.Tests.Netlink;

/// <summary>Each test in a namespace of its own; what we say is compared with what ip(8) says.</summary>
public sealed class RouteNetlinkTests
{
    [Fact]
    public void Reading_needs_no_privilege()
    {
        using var netlink = RouteNetlink.Open();

        Assert.Equal("lo", netlink.FindLink(1)?.Name);
        Assert.Contains(netlink.GetLinks(), link => link.Name == "lo");
        Assert.NotNull(netlink.GetAddresses());
        Assert.NotNull(netlink.GetRoutes());
    }

    [Fact]
    public void An_added_address_has_itself_as_neighbour_global_scope_and_no_broadcast()
    {
        using var inside = new TemporaryNamespace();
        inside.Ip("tuntap add name tun0 mode tun");
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);
        int index = netlink.FindLink("tun0")!.Index;

        netlink.AddAddress(index, Cidr("10.5.34.0/32"));

        JsonElement address = Assert.Single(
            Assert.Single(inside.IpJson("-4 address show dev tun0")).GetProperty("addr_info").EnumerateArray());
        Assert.Equal("10.5.34.0", address.GetProperty("local").GetString());
        Assert.Equal(32, address.GetProperty("prefixlen").GetInt32());
        Assert.Equal("global", address.GetProperty("scope").GetString());
        Assert.False(address.TryGetProperty("broadcast", out _));
        Assert.False(address.TryGetProperty("address", out _), "ip shows the neighbour only when it is another");
        Assert.Equal(
            [new InterfaceAddress(index, Cidr("10.5.34.0/32"), AddressScope.Universe, AddressFlags.Permanent)],
            netlink.GetAddresses());
    }

    [Fact]
    public void A_removed_address_is_gone_alone_and_one_that_is_not_there_is_no_failure()
    {
        using var inside = new TemporaryNamespace();
        inside.Ip("tuntap add name tun0 mode tun");
        inside.Ip("link set tun0 up");
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);
        int index = netlink.FindLink("tun0")!.Index;
        netlink.AddAddress(index, Cidr("10.5.34.0/32"));
        netlink.AddAddress(index, Cidr("10.5.77.0/32"));
        netlink.AddRoute(Cidr("10.5.0.0/16"), index);

        Assert.True(netlink.RemoveAddress(index, Cidr("10.5.34.0/32")));
        Assert.False(netlink.RemoveAddress(index, Cidr("10.5.34.0/32")));

        Assert.Equal(
            Cidr("10.5.77.0/32"),
            Assert.Single(netlink.GetAddresses(), address => address.InterfaceIndex == index).Local);
        Assert.Contains(
            netlink.GetRoutes(), route => route.Destination == Cidr("10.5.0.0/16") && route.InterfaceIndex == index);
        LinuxException refused = Assert.Throws<LinuxException>(() => netlink.RemoveAddress(9999, Cidr("10.5.34.0/32")));
        Assert.Equal((Errno.ENODEV, "RTM_DELADDR"), (refused.Errno, refused.Call));
    }

    [Fact]
    public void Addresses_tell_local_from_neighbour_secondary_deprecated_and_scope()
    {
        using var inside = new TemporaryNamespace();
        inside.Ip("tuntap add name tun0 mode tun");
        inside.Ip("address add 10.1.0.1 peer 10.1.0.9/32 dev tun0");
        inside.Ip("address add 10.2.0.1/24 dev tun0 scope link");
        inside.Ip("address add 10.3.0.1/24 dev tun0 valid_lft 1000 preferred_lft 0");
        inside.Ip("address add 10.4.0.1/24 dev tun0");
        inside.Ip("address add 10.4.0.2/24 dev tun0");
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);
        int index = netlink.FindLink("tun0")!.Index;

        Assert.Equal(
            [
                new InterfaceAddress(index, Cidr("10.1.0.1/32"), AddressScope.Universe, AddressFlags.Permanent),
                new InterfaceAddress(index, Cidr("10.2.0.1/24"), AddressScope.Link, AddressFlags.Permanent),
                new InterfaceAddress(index, Cidr("10.3.0.1/24"), AddressScope.Universe, AddressFlags.Deprecated),
                new InterfaceAddress(index, Cidr("10.4.0.1/24"), AddressScope.Universe, AddressFlags.Permanent),
                new InterfaceAddress(
                    index, Cidr("10.4.0.2/24"), AddressScope.Universe, AddressFlags.Permanent | AddressFlags.Secondary),
            ],
            netlink.GetAddresses().OrderBy(address => address.Local.Address));
    }

    [Fact]
    public void An_address_or_a_route_that_is_there_already_is_EEXIST()
    {
        using var inside = new TemporaryNamespace();
        inside.Ip("tuntap add name tun0 mode tun");
        inside.Ip("link set tun0 up");
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);
        int index = netlink.FindLink("tun0")!.Index;
        netlink.AddAddress(index, Cidr("10.5.34.0/32"));
        netlink.AddRoute(Cidr("10.5.0.0/16"), index);

        LinuxException address = Assert.Throws<LinuxException>(() => netlink.AddAddress(index, Cidr("10.5.34.0/32")));
        LinuxException route = Assert.Throws<LinuxException>(() => netlink.AddRoute(Cidr("10.5.0.0/16"), index));

        Assert.Equal((Errno.EEXIST, "RTM_NEWADDR"), (address.Errno, address.Call));
        Assert.StartsWith("could not add address 10.5.34.0/32 to interface tun0", address.Message);
        Assert.Equal((Errno.EEXIST, "RTM_NEWROUTE"), (route.Errno, route.Call));
        Assert.StartsWith("could not add route 10.5.0.0/16 dev tun0", route.Message);
    }

    [Fact]
    public void An_added_route_is_of_protocol_boot_and_global_scope()
    {
        using var inside = new TemporaryNamespace();
        inside.Ip("tuntap add name tun0 mode tun");
        inside.Ip("link set tun0 up");
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);
        int index = netlink.FindLink("tun0")!.Index;

        netlink.AddRoute(Cidr("10.244.0.0/16"), index);
        netlink.AddRoute(default, index);

        JsonElement[] routes = inside.IpJson("-N route show");
        Assert.Equal(["default", "10.244.0.0/16"], routes.Select(route => route.GetProperty("dst").GetString()));
        Assert.All(routes, route =>
        {
            Assert.Equal("tun0", route.GetProperty("dev").GetString());
            Assert.Equal("3", route.GetProperty("protocol").GetString());
            Assert.Equal("0", route.GetProperty("scope").GetString());
            Assert.False(route.TryGetProperty("gateway", out _));
            Assert.False(route.TryGetProperty("metric", out _));
        });
        Assert.Equal(
            [
                new Ipv4Route(Cidr("0.0.0.0/0"), null, index, 0),
                new Ipv4Route(Cidr("10.244.0.0/16"), null, index, 0),
            ],
            netlink.GetRoutes());
    }

    [Fact]
    public void Routes_are_those_of_the_main_table_with_gateway_metric_and_multipath()
    {
        using var inside = new TemporaryNamespace();
        inside.IpBatch("""
            tuntap add name tun0 mode tun
            tuntap add name tun1 mode tun
            link set tun0 up
            link set tun1 up
            address add 10.1.0.1/24 dev tun0
            route add 10.2.0.0/16 via 10.1.0.7
            route add 10.3.0.0/16 dev tun0 metric 4000000000
            route add 10.3.0.0/16 dev tun1 metric 7 proto 99
            route add 10.4.0.0/16 nexthop dev tun0 nexthop via 10.1.0.9 dev tun0 nexthop dev tun1
            route add blackhole 10.5.0.0/16
            route add 10.6.0.0/16 dev tun0 table 100
            route add 10.7.0.0/16 dev tun0 table 1000
            """);
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);
        int tun0 = netlink.FindLink("tun0")!.Index, tun1 = netlink.FindLink("tun1")!.Index;

        IReadOnlyList<Ipv4Route> routes = netlink.GetRoutes();
        Assert.Equal(
            [new(tun0, null), new(tun0, Ipv4Address.Parse("10.1.0.9")), new(tun1, null)],
            routes.Single(route => route.Hops.Count > 0).Hops);
        Assert.Equal(
            [
                new Ipv4Route(Cidr("10.1.0.0/24"), null, tun0, 0) { Protocol = 2 },
                new Ipv4Route(Cidr("10.2.0.0/16"), Ipv4Address.Parse("10.1.0.7"), tun0, 0),
                new Ipv4Route(Cidr("10.3.0.0/16"), null, tun1, 7) { Protocol = 99 },
                new Ipv4Route(Cidr("10.3.0.0/16"), null, tun0, 4_000_000_000),
                new Ipv4Route(Cidr("10.4.0.0/16"), null, null, 0),
                new Ipv4Route(Cidr("10.5.0.0/16"), null, null, 0) { IsBlackhole = true },
            ],
            routes.Select(route => route with { Hops = [] }));
    }

    [Fact]
    public void Of_2_000_routes_all_come_in_the_order_of_ip()
    {
        using var inside = new TemporaryNamespace();
        inside.Ip("tuntap add name tun0 mode tun");
        inside.Ip("link set tun0 up");
        var commands = new StringBuilder();
        for (int i = 0; i < 2_000; i++)
        {
            commands.Append(CultureInfo.InvariantCulture, $"route add 10.{i / 256}.{i % 256}.0/24 dev tun0\n");
        }

        inside.IpBatch(commands.ToString());
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);

        IReadOnlyList<Ipv4Route> routes = netlink.GetRoutes();

        Assert.Equal(2_000, routes.Count);
        Assert.Equal(
            inside.IpJson("route show").Select(route => route.GetProperty("dst").GetString()),
            routes.Select(route => route.Destination.ToString()));
    }

    [Fact]
    public void An_unknown_link_is_ENODEV()
    {
        using var inside = new TemporaryNamespace();
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);

        LinuxException[] thrown =
        [
            Assert.Throws<LinuxException>(() => netlink.ConfigureLink(4242, new LinkSettings { Up = true })),
            Assert.Throws<LinuxException>(
                () => netlink.ConfigureLink(4242, new LinkSettings { NoIpv6LinkLocalAddress = true })),
            Assert.Throws<LinuxException>(() => netlink.AddAddress(4242, Cidr("10.0.0.1/32"))),
            Assert.Throws<LinuxException>(() => netlink.AddRoute(Cidr("10.0.0.0/8"), 4242)),
        ];

        Assert.All(thrown, exception => Assert.Equal(Errno.ENODEV, exception.Errno));
        Assert.All(thrown, exception => Assert.Contains("#4242", exception.Message));
    }

    [Fact]
    public void A_route_over_a_link_that_is_down_is_ENETDOWN_with_advice()
    {
        using var inside = new TemporaryNamespace();
        inside.Ip("tuntap add name tun0 mode tun");
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);
        int index = netlink.FindLink("tun0")!.Index;

        LinuxException thrown = Assert.Throws<LinuxException>(() => netlink.AddRoute(Cidr("10.0.0.0/8"), index));

        Assert.Equal(Errno.ENETDOWN, thrown.Errno);
        Assert.Contains("bring the interface up first", thrown.Message);
    }

    [Fact]
    public void Arguments_out_of_range_are_refused_before_the_kernel_sees_them()
    {
        using var netlink = RouteNetlink.Open();

        Assert.Throws<ArgumentOutOfRangeException>(() => netlink.AddRoute(new Ipv4Prefix(default, 33), 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => netlink.AddAddress(1, new Ipv4Prefix(default, -1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => netlink.FindLink(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => netlink.ConfigureLink(1, new LinkSettings { Mtu = -1 }));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => netlink.ConfigureLink(1, new LinkSettings { TransmitQueueLength = -1 }));
    }

    [Fact]
    public void Routes_by_a_gateway_are_made_replaced_read_and_removed_as_ip_does_it()
    {
        using var inside = new TemporaryNamespace();
        inside.IpBatch("""
            tuntap add name tun0 mode tun
            link set tun0 up
            address add 10.1.0.1/24 dev tun0
            """);
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);
        int tun0 = netlink.FindLink("tun0")!.Index;
        var onLink = new Ipv4Route(Cidr("10.2.3.0/24"), Ipv4Address.Parse("10.2.3.0"), tun0, 0) { IsOnLink = true };
        var byGateway = new Ipv4Route(Cidr("10.2.4.0/24"), Ipv4Address.Parse("10.1.0.7"), null, 0);

        netlink.ReplaceRoute(onLink with { Gateway = Ipv4Address.Parse("10.9.9.9") });
        netlink.ReplaceRoute(onLink);
        netlink.ReplaceRoute(byGateway);

        Assert.StartsWith("10.2.3.0/24 via 10.2.3.0 dev tun0 onlink ", inside.Ip("route show 10.2.3.0/24"));
        Assert.StartsWith("10.2.4.0/24 via 10.1.0.7 dev tun0 ", inside.Ip("route show 10.2.4.0/24"));
        Ipv4Route[] read = [.. netlink.GetRoutes().Where(route => route.Gateway is not null)];
        Assert.Equal([onLink, byGateway with { InterfaceIndex = tun0 }], read);

        Assert.False(netlink.RemoveRoute(onLink with { Gateway = Ipv4Address.Parse("10.2.3.1") }));
        Assert.True(netlink.RemoveRoute(onLink));
        Assert.True(netlink.RemoveRoute(byGateway));
        Assert.False(netlink.RemoveRoute(byGateway));
        Assert.Equal("", inside.Ip("route show root 10.2.0.0/16"));
        LinuxException thrown = Assert.Throws<LinuxException>(
            () => netlink.ReplaceRoute(onLink with { IsOnLink = false }));
        Assert.Equal(Errno.ENETUNREACH, thrown.Errno);
        Assert.Contains("could not add route 10.2.3.0/24 via 10.2.3.0 dev tun0", thrown.Message);
    }

    private static Ipv4Prefix Cidr(string text) => Ipv4Prefix.Parse(text);
}
