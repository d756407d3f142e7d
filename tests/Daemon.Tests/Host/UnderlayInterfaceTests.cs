using System.Collections.Generic;
using Overlay.Daemon.Host;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Terminal;
using Xunit;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Daemon.Tests.Host;

public sealed class UnderlayInterfaceTests
{
    private static readonly List<Link> s_links =
    [
        new(1, "lo", 65_536, 1000, LinkFlags.Up | LinkFlags.Loopback, null),
        new(2, "eth0", 1500, 1000, LinkFlags.Up, null),
        new(3, "eth1", 9000, 1000, LinkFlags.Up, null),
        new(4, "bare0", 1500, 1000, LinkFlags.Up, null),
        new(5, "node0", 8000, 1000, LinkFlags.Up, "dummy"),
    ];

    private static readonly List<InterfaceAddress> s_addresses =
    [
        new(1, Ipv4Prefix.Parse("127.0.0.1/8"), AddressScope.Host, AddressFlags.Permanent),
        new(1, Ipv4Prefix.Parse("10.9.9.1/32"), AddressScope.Universe, AddressFlags.Permanent),
        new(5, Ipv4Prefix.Parse("10.9.9.2/32"), AddressScope.Universe, AddressFlags.Permanent),
        new(2, Ipv4Prefix.Parse("169.254.7.7/16"), AddressScope.Link, AddressFlags.Permanent),
        new(2, Ipv4Prefix.Parse("172.16.0.9/24"), AddressScope.Universe, AddressFlags.Deprecated),
        new(2, Ipv4Prefix.Parse("172.16.0.5/24"), AddressScope.Universe, AddressFlags.Permanent),
        new(3, Ipv4Prefix.Parse("192.168.0.6/24"), AddressScope.Universe, AddressFlags.Secondary),
        new(3, Ipv4Prefix.Parse("192.168.0.5/24"), AddressScope.Universe, AddressFlags.Permanent),
    ];

    private static readonly List<Ipv4Route> s_routes =
    [
        new(default, Address("192.168.0.1"), 3, 200),
        new(default, Address("172.16.0.1"), 2, 100),
        new(Ipv4Prefix.Parse("172.16.0.0/24"), null, 2, 0),
    ];

    [Theory]
    [InlineData("eth0", null, "eth0", "172.16.0.5", 1500)]      // global and not deprecated before link-local
    [InlineData("eth1", null, "eth1", "192.168.0.5", 9000)]     // primary before secondary
    [InlineData("192.168.0.6", null, "eth1", "192.168.0.6", 9000)] // an address names its interface and itself
    [InlineData("10.9.9.1", null, "lo", "10.9.9.1", 1500, "eth0")] // no wire: the default route's MTU
    [InlineData("lo", null, "lo", "10.9.9.1", 1500, "eth0")]
    [InlineData("node0", null, "node0", "10.9.9.2", 1500, "eth0")]
    [InlineData(null, "192.168.0.5", "eth1", "192.168.0.5", 9000)]
    [InlineData(null, null, "eth0", "172.16.0.5", 1500)]        // the default route of the lowest metric
    public void The_interface_is_chosen_as_flannel_chooses_it(
        string? wanted, string? publicIp, string name, string address, int mtu, string? wire = null)
    {
        UnderlayInterface chosen = Select(wanted, publicIp);
        Assert.Equal((name, Address(address), mtu), (chosen.Name, chosen.Address, chosen.Mtu));
        Assert.Equal(wire ?? name, chosen.Wire);
    }

    [Fact]
    public void Without_a_wire_of_its_own_an_address_goes_by_the_ways_of_a_multipath_route_or_by_what_is_up()
    {
        var multipath = new Ipv4Route(default, null, null, 0) { Hops = [new(3, Address("192.168.0.1"))] };
        var byHops = UnderlayInterface.Select(s_links, s_addresses, [multipath], "lo", null);
        var byLinks = UnderlayInterface.Select(s_links, s_addresses, [], "lo", null);
        var alone = UnderlayInterface.Select(s_links[..1], s_addresses, [], "lo", null);

        Assert.Equal((9000, "eth1"), (byHops.Mtu, byHops.Wire));
        Assert.Equal((1500, "eth0"), (byLinks.Mtu, byLinks.Wire));
        Assert.Equal((65_536, null), (alone.Mtu, alone.Wire));
    }

    [Theory]
    [InlineData("eth7", null, "--iface eth7: no such interface; there are: lo, eth0, eth1, bare0, node0")]
    [InlineData("bare0", null, "interface bare0 has no IPv4 address that other hosts can reach; add one (ip address "
        + "add ADDRESS/PREFIX dev bare0)")]
    [InlineData("10.9.9.9", null, "--iface 10.9.9.9: no interface has this address")]
    [InlineData(null, "203.0.113.7", "--public-ip 203.0.113.7 (behind address translation give --iface too): no "
        + "interface has this address")]
    public void What_does_not_fit_is_one_line_with_the_remedy(string? wanted, string? publicIp, string expected) =>
        Assert.StartsWith(expected, Assert.Throws<OperatorException>(() => Select(wanted, publicIp)).Message);

    [Fact]
    public void Without_a_default_route_the_interface_must_be_named()
    {
        OperatorException refused = Assert.Throws<OperatorException>(
            () => UnderlayInterface.Select(s_links, s_addresses, [new(default, null, null, 0)], null, null));
        Assert.Contains("--iface", refused.Message);
    }

    [Fact]
    public void With_an_interface_the_public_ip_may_be_anywhere() =>
        Assert.Equal("eth0", Select("eth0", "203.0.113.7").Name);

    private static UnderlayInterface Select(string? wanted, string? publicIp) => UnderlayInterface.Select(
        s_links, s_addresses, s_routes, wanted, publicIp is null ? null : Address(publicIp));
}
