using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Net;
using Overlay.Router.Routes;
using Xunit;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Router.Tests.Routes;

public sealed class RouteTableTests
{
    private static readonly Ipv4Prefix s_network = Ipv4Prefix.Parse("10.0.0.0/8");
    private static readonly Ipv4Prefix s_own = Ipv4Prefix.Parse("10.255.255.0/24");

    [Fact]
    public void An_empty_table_routes_nothing_and_knows_nobody()
    {
        Assert.Equal(default, RouteTable.Empty.Find(Address("10.1.2.3")));
        Assert.False(RouteTable.Empty.IsPeer(Address("192.168.0.1")));
        Assert.False(RouteTable.Empty.IsPeer(default));
        Assert.False(RouteTable.Empty.IsOwn(Address("10.1.2.3")));
    }

    [Fact]
    public void Prefixes_of_one_length_are_indexed_directly_and_the_neighbours_are_not_covered()
    {
        RouteTable table = Build(("10.1.1.0", 24, "192.168.0.1"), ("10.1.3.0", 24, "192.168.0.3"));

        Assert.True(table.IsDirect);
        Assert.Equal(Address("192.168.0.1"), table.Find(Address("10.1.1.0")));
        Assert.Equal(Address("192.168.0.1"), table.Find(Address("10.1.1.255")));
        Assert.Equal(Address("192.168.0.3"), table.Find(Address("10.1.3.7")));
        foreach (string outside in (string[])
            ["10.1.0.255", "10.1.2.0", "10.1.2.255", "10.1.4.0", "0.0.0.0", "255.255.255.255"])
        {
            Assert.Equal(default, table.Find(Address(outside)));
        }
    }

    [Fact]
    public void A_host_may_have_further_subnets_and_the_neighbours_of_none_are_its_own()
    {
        var table = RouteTable.Build(
            s_network, s_own, [],
            [Ipv4Prefix.Parse("10.9.0.0/24"), Ipv4Prefix.Parse("10.2.4.0/22"), Ipv4Prefix.Parse("10.9.1.128/25")]);

        Assert.All(
            ["10.255.255.0", "10.2.4.0", "10.2.7.255", "10.9.0.0", "10.9.0.255", "10.9.1.128", "10.9.1.255"],
            own => Assert.True(table.IsOwn(Address(own)), own));
        Assert.All(
            ["0.0.0.0", "10.2.3.255", "10.2.8.0", "10.8.255.255", "10.9.1.0", "10.9.1.127", "10.9.2.0", "10.255.254.9"],
            other => Assert.False(table.IsOwn(Address(other)), other));
    }

    [Fact]
    public void Of_two_overlapping_leases_the_longest_prefix_takes_the_packet()
    {
        RouteTable table = Build(("10.1.0.0", 20, "192.168.0.20"), ("10.1.4.0", 24, "192.168.0.24"));

        Assert.False(table.IsDirect);
        Assert.Equal(Address("192.168.0.20"), table.Find(Address("10.1.3.255")));
        Assert.Equal(Address("192.168.0.24"), table.Find(Address("10.1.4.0")));
        Assert.Equal(Address("192.168.0.24"), table.Find(Address("10.1.4.255")));
        Assert.Equal(Address("192.168.0.20"), table.Find(Address("10.1.5.0")));
        Assert.Equal(default, table.Find(Address("10.1.16.0")));
    }

    [Fact]
    public void Prefixes_too_far_apart_for_an_index_are_found_all_the_same()
    {
        RouteTable table = Build(("1.0.0.0", 30, "192.168.0.1"), ("223.255.255.252", 30, "192.168.0.2"));

        Assert.False(table.IsDirect);
        Assert.Equal(Address("192.168.0.1"), table.Find(Address("1.0.0.3")));
        Assert.Equal(Address("192.168.0.2"), table.Find(Address("223.255.255.253")));
        Assert.Equal(default, table.Find(Address("1.0.0.4")));
    }

    [Fact]
    public void Two_subnets_of_one_host_are_one_peer()
    {
        RouteTable table = Build(("10.1.1.0", 24, "192.168.0.1"), ("10.1.2.0", 24, "192.168.0.1"));

        Assert.Equal(1, table.PeerCount);
        Assert.Equal(table.Find(Address("10.1.1.1")), table.Find(Address("10.1.2.1")));
        Assert.True(table.IsPeer(Address("192.168.0.1")));
    }

    [Theory]
    [InlineData(0, "192.168.0.1")]
    [InlineData(33, "192.168.0.1")]
    [InlineData(24, "0.0.0.0")]
    public void What_is_not_a_route_is_refused(int length, string nextHop) =>
        Assert.Throws<ArgumentException>(() => Build(("10.1.1.0", length, nextHop)));

    [Fact]
    public void Every_peer_of_65_535_is_found_by_its_address_and_strangers_are_not()
    {
        Route[] routes = [.. Enumerable.Range(0, 65_535)
            .Select(i => (uint)i)
            .Select(i => new Route(new Ipv4Prefix(s_network.First + (i << 8), 24), Address("172.16.0.1") + i))];
        var table = RouteTable.Build(s_network, s_own, routes);

        Assert.True(table.IsDirect);
        Assert.Equal(65_535, table.PeerCount);
        foreach (Route route in routes)
        {
            Assert.True(table.IsPeer(route.NextHop));
            Assert.Equal(route.NextHop, table.Find(route.Destination.First + 5));
        }

        for (Ipv4Address stranger = Address("172.17.0.0"); stranger < Address("172.17.4.0"); stranger += 1)
        {
            Assert.False(table.IsPeer(stranger));
        }
    }

    [Fact]
    public void Find_agrees_with_a_linear_scan_over_2_000_random_tables()
    {
        const int Seed = 20_261_121;
        var random = new Random(Seed);
        for (int round = 0; round < 2_000; round++)
        {
            Route[] routes = RandomRoutes(random);
            var table = RouteTable.Build(s_network, s_own, routes);
            foreach (Ipv4Address address in Interesting(random, routes))
            {
                Ipv4Address expected = Scan(routes, address);
                Ipv4Address actual = table.Find(address);
                Assert.True(
                    expected == actual, $"seed {Seed}, round {round}, address {address}: {actual}, not {expected}");
            }
        }
    }

    private static Route[] RandomRoutes(Random random)
    {
        bool oneLength = random.Next(2) == 0;
        int length = random.Next(8, 31);
        var routes = new Dictionary<Ipv4Prefix, Route>();
        for (int i = random.Next(0, 40); i > 0; i--)
        {
            // Few distinct bits, so that prefixes nest and collide often; sometimes the very ends of the address space.
            uint address = random.Next(8) switch
            {
                0 => uint.MaxValue,
                1 => 0,
                _ => s_network.First.Value | ((uint)random.Next(16) << random.Next(0, 24)),
            };
            var prefix = new Ipv4Prefix(new Ipv4Address(address), oneLength ? length : random.Next(1, 33));
            routes[prefix.Masked()] = new Route(prefix, Address("172.16.0.0") + (uint)random.Next(1, 9));
        }

        return [.. routes.Values];
    }

    private static IEnumerable<Ipv4Address> Interesting(Random random, Route[] routes)
    {
        yield return default;
        yield return new Ipv4Address(uint.MaxValue);
        yield return new Ipv4Address((uint)random.NextInt64(1L << 32));
        foreach (Route route in routes)
        {
            yield return route.Destination.First;
            yield return route.Destination.Last;
            yield return route.Destination.First + uint.MaxValue; // the one before
            yield return route.Destination.Last + 1;
        }
    }

    private static Ipv4Address Scan(Route[] routes, Ipv4Address address) => routes
        .Where(route => route.Destination.First <= address && address <= route.Destination.Last)
        .OrderByDescending(route => route.Destination.Length)
        .Select(route => route.NextHop)
        .FirstOrDefault();

    private static RouteTable Build(params (string Subnet, int Length, string NextHop)[] routes) => RouteTable.Build(
        s_network,
        s_own,
        routes.Select(route => new Route(new Ipv4Prefix(Address(route.Subnet), route.Length), Address(route.NextHop))));
}
