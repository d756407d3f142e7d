using System.Linq;
using Overlay.Daemon.Host;
using Overlay.Health;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Testing;
using Xunit;

namespace Overlay.Daemon.Tests.Host;

public sealed class BlackholeRouteTests
{
    private static readonly Ipv4Prefix s_own = Ipv4Prefix.Parse("10.244.5.0/24");
    private static readonly Ipv4Prefix s_other = Ipv4Prefix.Parse("10.244.6.0/24");

    [Fact]
    public void It_follows_the_subnet_comes_back_when_it_is_taken_and_yields_to_a_bridge_that_has_the_subnet()
    {
        Needs.Root("makes a network namespace");
        using var place = NetworkNamespace.Create();
        using RouteNetlink netlink = place.Run(RouteNetlink.Open);
        var health = new HealthBoard(System.TimeProvider.System);
        var log = new LineLog();
        using (place.Run(() => Make(former: null, s_other)))
        {
        }

        using BlackholeRoute route = place.Run(() => Make(s_other, s_own)); // an earlier run had another subnet
        Assert.Equal([s_own], Blackholes());
        route.Repair();
        Assert.Equal(0, health.Repairs.Of(RepairedObject.Route));

        Assert.True(netlink.RemoveRoute(netlink.GetRoutes().Single(each => each.IsBlackhole)));
        route.Repair();
        Assert.Equal([s_own], Blackholes());
        Assert.Equal(1, health.Repairs.Of(RepairedObject.Route));
        Assert.Equal(["the blackhole route of 10.244.5.0/24 was gone and is back"], log.Lines);

        netlink.CreateVethPair("cni0", "far0", place, 1500);
        int bridge = netlink.FindLink("cni0")!.Index;
        netlink.AddAddress(bridge, Ipv4Prefix.Parse("10.244.5.1/24"));
        netlink.ConfigureLink(bridge, new LinkSettings { Up = true });
        using (RouteLookup routes = place.Run(RouteLookup.Open))
        {
            Assert.Equal(bridge, routes.Find(Ipv4Address.Parse("10.244.5.7"))?.InterfaceIndex);
        }

        route.MoveTo(s_other);
        Assert.Equal([s_other], Blackholes());

        BlackholeRoute Make(Ipv4Prefix? former, Ipv4Prefix subnet)
        {
            var made = new BlackholeRoute(former, health, log);
            made.MoveTo(subnet);
            return made;
        }

        Ipv4Prefix[] Blackholes() =>
            [.. netlink.GetRoutes().Where(each => each.IsBlackhole).Select(each => each.Destination)];
    }
}
