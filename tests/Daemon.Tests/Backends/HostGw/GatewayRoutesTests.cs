using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Daemon.Backends.HostGw;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Xunit;

namespace Overlay.Daemon.Tests.Backends.HostGw;

/// <summary>What is made, replaced and removed for a table and leases. Interface 2 is the underlay.</summary>
public sealed class GatewayRoutesTests
{
    private const byte Boot = 3, Kernel = 2;

    private static readonly Ipv4Prefix s_network = Ipv4Prefix.Parse("10.244.0.0/16");

    private static readonly Ipv4Route[] s_hosts =
    [
        Route("0.0.0.0/0", "172.16.0.1", 2, Boot), Route("172.16.0.0/24", null, 2, Kernel),
        Route("10.244.1.0/24", null, 3, Kernel), // our own pods' bridge
    ];

    [Fact]
    public void A_missing_route_is_made_with_our_mark()
    {
        RouteChanges changes = Compare([.. s_hosts], [("10.244.2.0/24", "172.16.0.4")]);

        Assert.Equal([new RouteChange(Ours("10.244.2.0/24", "172.16.0.4"), null)], changes.Set);
        Assert.Equal(111, changes.Set[0].Route.Protocol);
        Assert.Empty(changes.Removed);
    }

    [Theory]
    [InlineData(111)]
    [InlineData(Boot)] // stock's, or an administrator's
    public void An_equal_route_is_kept_whoever_made_it(byte protocol) => Assert.True(Compare(
        [.. s_hosts, Route("10.244.2.0/24", "172.16.0.4", 2, protocol)], [("10.244.2.0/24", "172.16.0.4")]).IsEmpty);

    [Theory]
    [InlineData("172.16.0.9", 2, 0u)] // another gateway
    [InlineData("172.16.0.4", 4, 0u)] // another link
    [InlineData("172.16.0.9", 2, 50u)] // of any metric: it is in force
    [InlineData(null, 3, 0u)]
    public void A_route_to_the_same_destination_that_leads_elsewhere_is_replaced(string? gateway, int link, uint metric)
    {
        Ipv4Route other = Route("10.244.2.0/24", gateway, link, Boot, metric);

        RouteChanges changes = Compare([.. s_hosts, other], [("10.244.2.0/24", "172.16.0.4")]);

        Assert.Equal([new RouteChange(Ours("10.244.2.0/24", "172.16.0.4"), other)], changes.Set);
        Assert.Empty(changes.Removed);
    }

    [Fact]
    public void A_second_route_of_a_higher_metric_is_not_in_force_and_stays() => Assert.True(Compare(
        [Route("10.244.2.0/24", "172.16.0.9", 2, Boot, 50), Ours("10.244.2.0/24", "172.16.0.4")],
        [("10.244.2.0/24", "172.16.0.4")]).IsEmpty);

    [Fact]
    public void What_was_wanted_is_removed_whoever_made_it_but_not_once_it_leads_elsewhere()
    {
        Ipv4Route stocks = Route("10.244.2.0/24", "172.16.0.4", 2, Boot);
        Ipv4Route turned = Route("10.244.3.0/24", "172.16.0.9", 2, Boot);

        RouteChanges changes = Compare(
            [.. s_hosts, stocks, turned], [],
            former: [("10.244.2.0/24", "172.16.0.4"), ("10.244.3.0/24", "172.16.0.4")]);

        Assert.Equal([stocks], changes.Removed);
    }

    [Fact]
    public void A_former_destination_that_has_another_peer_now_is_replaced_and_not_removed()
    {
        Ipv4Route before = Ours("10.244.2.0/24", "172.16.0.4");

        RouteChanges changes = Compare(
            [before], [("10.244.2.0/24", "172.16.0.6")], former: [("10.244.2.0/24", "172.16.0.4")]);

        Assert.Equal([new RouteChange(Ours("10.244.2.0/24", "172.16.0.6"), before)], changes.Set);
        Assert.Empty(changes.Removed);
    }

    [Fact]
    public void Of_what_nobody_wants_only_our_own_inside_the_network_is_removed()
    {
        Ipv4Route left = Ours("10.244.9.0/24", "172.16.0.4");
        Ipv4Route[] others =
        [
            Route("10.244.8.0/24", "172.16.0.4", 2, Boot), Route("10.244.0.0/16", "172.16.0.4", 2, 111),
            Route("10.9.0.0/24", "172.16.0.4", 2, 111), Route("0.0.0.0/0", "172.16.0.4", 2, 111),
        ];

        Assert.Equal([left], Compare([.. s_hosts, .. others, left], []).Removed);
    }

    [Fact]
    public void What_bears_our_mark_and_cannot_be_ours_stays()
    {
        Ipv4Route several = Ours("10.244.9.0/24", "172.16.0.4") with
        {
            Gateway = null,
            InterfaceIndex = null,
            Hops = [new NextHop(2, Ipv4Address.Parse("172.16.0.4")), new NextHop(2, Ipv4Address.Parse("172.16.0.6"))],
        };
        Ipv4Route refusing = several with { Hops = [] };
        Ipv4Route plain = Route("10.244.9.0/24", null, 2, GatewayRoutes.Mark);

        Assert.All([several, refusing, plain], route => Assert.True(Compare([.. s_hosts, route], []).IsEmpty));
    }

    [Theory]
    [InlineData("10.9.0.0/24")]
    [InlineData("10.244.0.0/16")]
    [InlineData("0.0.0.0/0")]
    public void Nothing_outside_the_network_and_no_route_of_all_of_it_is_made_replaced_or_removed(string subnet) =>
        Assert.True(Compare(
            [Route(subnet, "172.16.0.1", 2, Boot)], [(subnet, "172.16.0.4")], [(subnet, "172.16.0.1")]).IsEmpty);

    [Theory]
    [InlineData("172.16.0.0/24", true)]
    [InlineData("172.16.0.128/25", true)]
    [InlineData("172.16.0.0/20", false)] // the link's own route is longer
    [InlineData("172.16.1.0/24", false)]
    public void A_subnet_of_the_link_would_take_the_gateways_from_it(string subnet, bool isOfLink) => Assert.Equal(
        isOfLink, GatewayRoutes.IsOfLink(Ipv4Prefix.Parse(subnet), Ipv4Prefix.Parse("172.16.0.5/24")));

    [Fact]
    public void Whatever_the_table_was_once_the_changes_are_made_there_are_none_left_and_strangers_are_there()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (int round = 0; round < 500; round++)
        {
            List<Ipv4Route> table = [.. s_hosts, .. Enumerable.Range(0, 8).Select(_ => Any())];
            table = [.. table.DistinctBy(route => (route.Destination, route.Metric))];
            (string, string)[] wanted = [.. Leases().DistinctBy(lease => lease.Subnet)];
            (string, string)[] former = [.. Leases()];

            RouteChanges changes = Compare(table, wanted, former);
            List<Ipv4Route> after = [.. table.Except(changes.Removed)];
            foreach (RouteChange change in changes.Set)
            {
                after.RemoveAll(route => route.Destination == change.Route.Destination && route.Metric == 0);
                after.Add(change.Route);
            }

            Assert.True(Compare(after, wanted, former).IsEmpty);
            Assert.Equal(s_hosts, s_hosts.Intersect(after));
        }

        Ipv4Route Any() => Route(
            $"10.244.{random.Next(2, 6)}.0/24", $"172.16.0.{random.Next(4, 7)}", random.Next(2, 4),
            random.Next(2) == 0 ? Boot : GatewayRoutes.Mark, (uint)random.Next(2));
        IEnumerable<(string Subnet, string Peer)> Leases() => Enumerable.Range(0, 4).Select(
            _ => ($"10.244.{random.Next(2, 6)}.0/24", $"172.16.0.{random.Next(4, 7)}"));
    }

    private static RouteChanges Compare(
        IReadOnlyList<Ipv4Route> table, (string Subnet, string Peer)[] wanted,
        (string Subnet, string Peer)[]? former = null) => GatewayRoutes.Compare(
            table,
            [.. wanted.Select(lease => Ours(lease.Subnet, lease.Peer))],
            [.. (former ?? []).Select(lease => Ours(lease.Subnet, lease.Peer))],
            s_network);

    private static Ipv4Route Ours(string subnet, string peer) =>
        GatewayRoutes.Of(Ipv4Prefix.Parse(subnet), Ipv4Address.Parse(peer), interfaceIndex: 2);

    private static Ipv4Route Route(string destination, string? gateway, int link, byte protocol, uint metric = 0) =>
        new(Ipv4Prefix.Parse(destination), gateway is null ? null : Ipv4Address.Parse(gateway), link, metric)
        {
            Protocol = protocol,
        };
}
