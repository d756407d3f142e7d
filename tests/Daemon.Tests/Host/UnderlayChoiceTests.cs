using System.Collections.Generic;
using System.CommandLine;
using Overlay.Daemon.Host;
using Overlay.Daemon.Options;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Terminal;
using Xunit;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Daemon.Tests.Host;

public sealed class UnderlayChoiceTests
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
        new(3, Ipv4Prefix.Parse("192.168.0.7/24"), AddressScope.Universe, AddressFlags.None),
        new(3, Ipv4Prefix.Parse("192.168.0.6/24"), AddressScope.Universe,
            AddressFlags.Secondary | AddressFlags.Permanent),
        new(3, Ipv4Prefix.Parse("192.168.0.5/24"), AddressScope.Universe, AddressFlags.Permanent),
    ];

    private static readonly List<Ipv4Route> s_routes =
    [
        new(default, Address("192.168.0.1"), 3, 200),
        new(default, Address("172.16.0.1"), 2, 100),
        new(Ipv4Prefix.Parse("172.16.0.0/24"), null, 2, 0),
    ];

    private static readonly HostNetwork s_host = new(
        s_links, s_addresses, s_routes,
        destination => destination == Address("10.0.0.1") ? new RoutedTo(3, null, Address("192.168.0.6")) : null);

    [Theory]
    [InlineData("eth0", "eth0", "172.16.0.5", 1500)]      // global and not deprecated before link-local
    [InlineData("eth1", "eth1", "192.168.0.5", 9000)]     // permanent before borrowed, primary before secondary
    [InlineData("192.168.0.6", "eth1", "192.168.0.6", 9000)] // an address names its interface and itself
    [InlineData("10.9.9.1", "lo", "10.9.9.1", 1500, "eth0")] // no wire: the default route's MTU
    [InlineData("lo", "lo", "10.9.9.1", 1500, "eth0")]
    [InlineData("node0", "node0", "10.9.9.2", 1500, "eth0")]
    [InlineData("", "eth0", "172.16.0.5", 1500)]          // the default route of the lowest metric
    public void The_interface_is_chosen_as_flannel_chooses_it(
        string wanted, string name, string address, int mtu, string? wire = null)
    {
        UnderlayInterface chosen = Choose(s_host, wanted.Length > 0 ? $"--iface {wanted}" : "").Interface;
        Assert.Equal((name, Address(address), mtu), (chosen.Name, chosen.Address, chosen.Mtu));
        Assert.Equal(wire ?? name, chosen.Wire);
    }

    [Theory]
    [InlineData("--iface nope --iface eth1 --iface-regex eth0", "eth1", "--iface=eth1", "nope")]
    [InlineData("--iface nope --iface-regex xyz --iface-regex ^eth --iface-can-reach 10.0.0.1", "eth0",
        "--iface-regex=^eth", "nope", "xyz")]
    [InlineData("--iface bare0 --iface-can-reach 10.0.0.1", "eth1", "--iface-can-reach=10.0.0.1", "bare0")]
    [InlineData("--public-ip 192.168.0.5", "eth1", "--public-ip=192.168.0.5")]
    [InlineData("--iface eth0 --public-ip 203.0.113.7", "eth0", "--iface=eth0")] // it may be anywhere
    [InlineData("", "eth0", "the default route")]
    public void The_first_that_is_there_is_taken_names_before_expressions_before_the_way_to_an_address(
        string line, string name, string reason, params string[] passedOver)
    {
        UnderlayChoice choice = Choose(s_host, line);
        Assert.Equal((name, reason), (choice.Interface.Name, choice.Reason));
        Assert.Equal(passedOver.Length, choice.PassedOver.Count);
        Assert.All(passedOver, (wanted, i) => Assert.StartsWith(
            $"Could not find valid interface matching {wanted}: ", choice.PassedOver[i]));
    }

    [Fact]
    public void Without_a_wire_of_its_own_an_address_goes_by_the_ways_of_a_multipath_route_or_by_what_is_up()
    {
        var multipath = new Ipv4Route(default, null, null, 0) { Hops = [new(3, Address("192.168.0.1"))] };
        UnderlayInterface byHops = Choose(s_host with { Routes = [multipath] }, "--iface lo").Interface;
        UnderlayInterface byLinks = Choose(s_host with { Routes = [] }, "--iface lo").Interface;
        UnderlayInterface alone = Choose(
            s_host with { Routes = [], Links = [s_host.Links[0]] }, "--iface lo").Interface;

        Assert.Equal((9000, "eth1"), (byHops.Mtu, byHops.Wire));
        Assert.Equal((1500, "eth0"), (byLinks.Mtu, byLinks.Wire));
        Assert.Equal((65_536, null), (alone.Mtu, alone.Wire));
    }

    [Theory]
    [InlineData("--iface eth7", "Failed to find interface to use that matches the interfaces and/or regexes provided: "
        + "Could not find valid interface matching eth7: error looking up interface eth7: no such network interface; "
        + "there are: lo, eth0, eth1, bare0, node0")]
    [InlineData("--iface bare0", "failed to find IPv4 address for interface bare0; add one (ip address add "
        + "ADDRESS/PREFIX dev bare0)")]
    [InlineData("--iface 10.9.9.9", "error looking up interface 10.9.9.9: no interface with given IP found")]
    [InlineData("--iface-regex ^wlan", "could not match pattern ^wlan to any of the available network interfaces "
        + "(lo:[10.9.9.1], eth0:[172.16.0.5 169.254.7.7], eth1:[192.168.0.5 192.168.0.6 192.168.0.7], bare0:[], "
        + "node0:[10.9.9.2])")]
    [InlineData("--iface-can-reach 203.0.113.1", "failed to get ifcanreach based interface: couldn't lookup route to "
        + "203.0.113.1: network is unreachable")]
    [InlineData("--public-ip 203.0.113.7", "Failed to find any valid interface to use: error looking up interface "
        + "203.0.113.7: no interface with given IP found; look at: ip -4 address; behind address translation give "
        + "--iface too")]
    public void What_does_not_fit_is_one_line_with_the_remedy(string line, string expected) =>
        Assert.Contains(expected, Assert.Throws<OperatorException>(() => Choose(s_host, line)).Message);

    [Theory]
    [InlineData(true, "found default route but could not determine interface")]
    [InlineData(false, "unable to find default route")]
    public void Without_a_default_route_over_one_interface_it_must_be_named(bool hasRoute, string expected)
    {
        List<Ipv4Route> routes = hasRoute ? [new(default, null, null, 0)] : [];
        OperatorException refused = Assert.Throws<OperatorException>(
            () => Choose(s_host with { Routes = routes }, ""));
        Assert.Equal(
            $"Failed to find any valid interface to use: failed to get default interface: {expected}; give --iface "
                + "NAME or --iface IP",
            refused.Message);
    }

    private static UnderlayChoice Choose(HostNetwork host, string line)
    {
        var options = new UnderlayOptions();
        var command = new Command("test");
        options.AddTo(command);
        ParseResult parsed = command.Parse(line);
        Assert.Empty(parsed.Errors);
        return UnderlayChoice.Make(options.Read(parsed), host);
    }
}
