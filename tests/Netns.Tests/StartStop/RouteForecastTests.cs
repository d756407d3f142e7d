using System;
using Overlay.Daemon.Host;
using Overlay.Lab;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.StartStop;

/// <summary>What is told of the network's route beside what the kernel does once it is made.</summary>
public sealed class RouteForecastTests : IDisposable
{
    private const string Network = "172.16.0.0/12";

    private readonly IpCommand _ip;
    private readonly string _namespace = $"overlay-t{Environment.ProcessId}-forecast";

    public RouteForecastTests()
    {
        Prerequisites.Require();
        _ip = new IpCommand();
        _ip.Run("netns", "add", _namespace);
        _ip.Batch(
            _namespace,
            [
                "link set lo up", "link add eth0 type veth peer name eth1", "addr add 192.168.9.5/24 dev eth0",
                "link set eth0 up", "link set eth1 up", "tuntap add tunnel0 mode tun", "link set tunnel0 up",
            ]);
    }

    public void Dispose() => _ip.Run("netns", "delete", _namespace);

    [Fact]
    public void The_route_of_a_subnet_takes_also_what_a_route_longer_than_the_networks_leads_to()
    {
        _ip.Batch(_namespace, ["route add 172.16.0.0/16 dev eth0", "route add 172.16.7.0/25 dev eth0"]);
        using RouteLookup routes = LabNamespace.Run(_namespace, RouteLookup.Open);
        var network = Ipv4Prefix.Parse(Network);

        Assert.False(new RouteForecast(routes, network, length: 12).WillTake(Ipv4Address.Parse("172.16.0.23")));
        Assert.True(new RouteForecast(routes, network, length: 24).WillTake(Ipv4Address.Parse("172.16.0.23")));
        Assert.False(new RouteForecast(routes, network, length: 24).WillTake(Ipv4Address.Parse("172.16.7.23")));
    }

    [Theory]
    [InlineData("172.16.0.23", true)] // nothing leads there yet
    [InlineData("172.16.0.23", true, "route add default via 192.168.9.1")]
    [InlineData("172.16.0.23", true, "route add 172.0.0.0/8 dev eth0")]
    [InlineData("172.16.0.23", true, "route add 172.16.0.0/12 dev eth0 metric 100")]
    [InlineData("172.16.0.23", false, "route add 172.16.0.0/13 dev eth0")]
    [InlineData("172.16.0.23", false, "addr add 172.16.0.23/12 dev eth0 noprefixroute")] // our own
    [InlineData("192.168.9.9", false)] // outside of it
    [InlineData("172.16.0.23", false, "rule add lookup 77 priority 100", "route add default dev eth0 table 77")]
    [InlineData("172.16.0.23", true, "rule add lookup 77 priority 40000", "route add default dev eth0 table 77")]
    [InlineData(
        "172.16.0.23", false, "rule add fwmark 1 lookup main priority 100", "rule add lookup 77 priority 200",
        "route add default dev eth0 table 77")]
    [InlineData( // as wg-quick(8) has it: everything by table 77, but for what the main table has a longer route for
        "172.16.0.23", true, "rule add lookup main suppress_prefixlength 0 priority 100",
        "rule add not fwmark 51820 lookup 77 priority 200", "route add default dev eth0 table 77")]
    public void R11_What_is_told_of_a_route_is_what_the_kernel_does_with_it(
        string destination, bool isTaken, params string[] commands)
    {
        _ip.Batch(_namespace, commands);
        (RouteLookup routes, RouteNetlink netlink) =
            LabNamespace.Run(_namespace, () => (RouteLookup.Open(), RouteNetlink.Open()));
        using (routes)
        using (netlink)
        {
            int tunnel = netlink.FindLink("tunnel0")!.Index;
            var address = Ipv4Address.Parse(destination);

            bool told = new RouteForecast(routes, Ipv4Prefix.Parse(Network), length: 12).WillTake(address);

            netlink.AddRoute(Ipv4Prefix.Parse(Network), tunnel);
            Assert.Equal(isTaken, routes.Find(address)?.InterfaceIndex == tunnel);
            Assert.Equal(isTaken, told);
        }
    }
}
