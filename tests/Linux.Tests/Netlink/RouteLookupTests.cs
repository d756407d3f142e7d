using System.IO;
using System.Text.Json;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Xunit;

namespace Overlay.Linux.Tests.Netlink;

/// <summary>Each test in a namespace of its own; what we find is compared with what ip(8) finds.</summary>
public sealed class RouteLookupTests
{
    [Theory]
    [InlineData("192.0.2.9", "link0", null)] // on the link
    [InlineData("10.1.2.3", "link0", "192.0.2.1")] // by a gateway
    [InlineData("10.1.3.3", "link1", null)] // by the longer prefix
    [InlineData("192.0.2.5", "lo", null)] // our own
    public void A_packet_goes_where_ip_says_it_goes(string destination, string device, string? gateway)
    {
        using var inside = new TemporaryNamespace();
        using RouteLookup routes = Prepare(inside);
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);

        RoutedTo? found = routes.Find(Ipv4Address.Parse(destination), Ipv4Address.Parse("192.0.2.5"));

        JsonElement expected = Assert.Single(inside.IpJson($"route get {destination} from 192.0.2.5"));
        Assert.Equal(device, expected.GetProperty("dev").GetString());
        Assert.Equal(
            (device, gateway), (netlink.FindLink(found!.InterfaceIndex)?.Name, found.Gateway?.ToString()));
    }

    [Theory]
    [InlineData("203.0.113.1")] // no route at all
    [InlineData("10.9.1.1")] // unreachable
    [InlineData("10.9.2.1")] // blackhole
    [InlineData("10.9.3.1")] // prohibit
    public void Where_there_is_no_way_nothing_is_found(string destination)
    {
        using var inside = new TemporaryNamespace();
        using RouteLookup routes = Prepare(inside);

        Assert.Null(routes.Find(Ipv4Address.Parse(destination)));
        Assert.Null(routes.FindMatch(Ipv4Address.Parse(destination)));
    }

    [Theory]
    [InlineData("192.0.2.9", "192.0.2.0/24", RoutingTables.Main, null)]
    [InlineData("10.1.2.3", "10.1.0.0/16", RoutingTables.Main, 1300)]
    [InlineData("10.1.3.3", "10.1.3.0/24", RoutingTables.Main, null)]
    [InlineData("10.2.1.1", "10.0.0.0/8", 77u, null)] // a rule comes before the main table
    [InlineData("192.0.2.5", "192.0.2.5/32", RoutingTables.Local, null)]
    public void The_route_found_is_told_with_its_table_and_its_mtu(
        string destination, string prefix, uint table, int? mtu)
    {
        using var inside = new TemporaryNamespace();
        using RouteLookup routes = Prepare(inside);
        inside.Ip("rule add to 10.2.0.0/16 lookup 77 priority 100");
        inside.Ip("route add 10.0.0.0/8 dev link1 table 77");

        Assert.Equal(
            new RouteMatch(Ipv4Prefix.Parse(prefix), table, mtu), routes.FindMatch(Ipv4Address.Parse(destination)));
    }

    [Theory]
    [InlineData("10.1.3.3", "192.0.2.9", ArrivalVerdict.Taken)]
    [InlineData("192.0.2.5", "192.0.2.9", ArrivalVerdict.Taken)] // for this host
    [InlineData("192.0.2.5", "10.1.3.9", ArrivalVerdict.SourceRefused)] // the way back is link1
    [InlineData("203.0.113.1", "192.0.2.9", ArrivalVerdict.NoRoute)]
    public void What_arrives_is_taken_unless_the_reverse_path_filter_or_the_want_of_a_route_forbids(
        string destination, string source, ArrivalVerdict verdict)
    {
        using var inside = new TemporaryNamespace();
        using RouteLookup routes = Prepare(inside);
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);
        Switch(inside, "ip_forward", 1);
        Switch(inside, "conf/link0/rp_filter", 1);

        Assert.Equal(
            verdict,
            routes.Judge(
                Ipv4Address.Parse(destination), Ipv4Address.Parse(source), netlink.FindLink("link0")!.Index));
    }

    [Fact]
    public void What_arrives_for_others_is_not_forwarded_while_forwarding_is_off()
    {
        using var inside = new TemporaryNamespace();
        using RouteLookup routes = Prepare(inside);
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);
        Switch(inside, "ip_forward", 0);

        Assert.Equal(
            ArrivalVerdict.NotForwarded,
            routes.Judge(
                Ipv4Address.Parse("10.1.3.3"), Ipv4Address.Parse("192.0.2.9"), netlink.FindLink("link0")!.Index));
    }

    [Fact]
    public void A_neighbour_that_does_not_answer_is_told_and_one_that_does_is_not()
    {
        using var inside = new TemporaryNamespace();
        using RouteLookup routes = Prepare(inside);
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);
        inside.Ip("neigh replace 192.0.2.77 dev link0 nud failed");
        inside.Ip("neigh replace 192.0.2.78 lladdr 02:00:00:00:00:78 dev link0 nud permanent");

        Assert.Equal(
            [new FailedNeighbour(netlink.FindLink("link0")!.Index, Ipv4Address.Parse("192.0.2.77"))],
            netlink.GetFailedNeighbours());
    }

    [Fact]
    public void Rules_are_those_that_ip_lists()
    {
        using var inside = new TemporaryNamespace();
        using RouteLookup routes = Prepare(inside);
        inside.Ip("rule add to 10.2.0.0/16 lookup 777 priority 100");
        inside.Ip("rule add fwmark 7 lookup main priority 101");
        inside.Ip("rule add not from 10.2.0.0/16 lookup 778 priority 102");
        inside.Ip("rule add iif lo lookup 779 priority 103");
        inside.Ip("rule add lookup main suppress_prefixlength 0 priority 104");

        Assert.Equal(
            [
                new(0, RoutingTables.Local, true), new(100, 777, false), new(101, RoutingTables.Main, false),
                new(102, 778, false), new(103, 779, false), new(104, RoutingTables.Main, true),
                new(32766, RoutingTables.Main, true), new(32767, 253, true),
            ],
            routes.GetRules());
    }

    private static RouteLookup Prepare(TemporaryNamespace inside)
    {
        foreach (string command in (string[])
            [
                "link set lo up", "link add link0 type veth peer name link1",
                "addr add 192.0.2.5/24 dev link0", "link set link0 up", "link set link1 up",
                "route add 10.1.0.0/16 via 192.0.2.1 mtu 1300", "route add 10.1.3.0/24 dev link1",
                "route add unreachable 10.9.1.0/24", "route add blackhole 10.9.2.0/24",
                "route add prohibit 10.9.3.0/24",
            ])
        {
            inside.Ip(command);
        }

        return inside.Namespace.Run(RouteLookup.Open);
    }

    private static void Switch(TemporaryNamespace inside, string name, int value) => inside.Namespace.Run(() =>
    {
        File.WriteAllText($"/proc/sys/net/ipv4/{name}", $"{value}");
        return true;
    });
}
