using System;
using System.Linq;
using Overlay.Daemon.Backends;
using Overlay.Daemon.Backends.HostGw;
using Overlay.Daemon.Host;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Testing;
using Xunit;
using static Overlay.Daemon.Tests.Leases.LoopRig;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Daemon.Tests.Backends.HostGw;

/// <summary>The routes of a kernel that refuses to remove one.</summary>
public sealed class HostGwBackendTests
{
    private const int Mtu = 1500;

    private static readonly NetworkConfig s_config = NetworkConfig.Parse(
        """{"Network":"10.244.0.0/16","Backend":{"Type":"host-gw"}}""");

    [Fact]
    public void A_route_whose_removal_is_refused_is_in_no_others_way_logged_once_and_removed_later()
    {
        Needs.Root("makes a network namespace");
        using var place = NetworkNamespace.Create();
        using RouteNetlink netlink = place.Run(RouteNetlink.Open);
        netlink.CreateVethPair("eth0", "far0", place, Mtu);
        int index = netlink.FindLink("eth0")!.Index;
        netlink.AddAddress(index, Ipv4Prefix.Parse("172.16.0.5/24"));
        netlink.ConfigureLink(index, new LinkSettings { Up = true });
        netlink.ConfigureLink(netlink.FindLink("far0")!.Index, new LinkSettings { Up = true });
        Ipv4Route stale = GatewayRoutes.Of(Ipv4Prefix.Parse("10.244.8.0/24"), Address("172.16.0.8"), index);
        netlink.ReplaceRoute(stale);
        netlink.ReplaceRoute(GatewayRoutes.Of(Ipv4Prefix.Parse("10.244.9.0/24"), Address("172.16.0.9"), index));
        var log = new LineLog();
        var underlay = new UnderlayInterface("eth0", index, Ipv4Prefix.Parse("172.16.0.5/24"), Mtu, "eth0");
        bool isRefused = true;
        var context = new BackendContext(null!, s_config, underlay, netlink, log)
        {
            Health = new HealthBoard(TimeProvider.System),
        };
        using var backend = new HostGwBackend(context)
        {
            RemoveRoute = route => isRefused && route.Destination == stale.Destination
                ? throw new LinuxException("RTM_DELROUTE", Errno.EBUSY, $"could not remove route {route}")
                : netlink.RemoveRoute(route),
        };
        var view = new LeaseView(Ipv4Prefix.Parse("10.244.5.0/24"), Address("172.16.0.5"));

        Apply(LeaseOf("10.244.2.0", "172.16.0.4"));
        Assert.Equal(["10.244.2.0/24", "10.244.8.0/24"], Subnets());
        Assert.Single(log.Lines, line => line.Contains("could not remove route 10.244.8", StringComparison.Ordinal));
        backend.Repair();
        Apply(LeaseOf("10.244.2.0", "172.16.0.4"), LeaseOf("10.244.3.0", "172.16.0.6"));
        Assert.Equal(["10.244.2.0/24", "10.244.3.0/24", "10.244.8.0/24"], Subnets());
        Assert.Single(log.Lines, line => line.Contains("10.244.8.0/24", StringComparison.Ordinal));

        isRefused = false;
        backend.Repair();
        Assert.Equal(["10.244.2.0/24", "10.244.3.0/24"], Subnets());

        // Stock's bear no mark: what was refused is known by the lease that is gone.
        stale = stale with { Destination = Ipv4Prefix.Parse("10.244.3.0/24"), Gateway = Address("172.16.0.6") };
        netlink.ReplaceRoute(stale with { Protocol = 3 });
        isRefused = true;
        Apply(LeaseOf("10.244.2.0", "172.16.0.4"));
        Assert.Equal(["10.244.2.0/24", "10.244.3.0/24"], Subnets());
        isRefused = false;
        backend.Repair();
        Assert.Equal(["10.244.2.0/24"], Subnets());

        void Apply(params SubnetLease[] leases) =>
            backend.Apply(view, view.Apply(new LeaseUpdate.Snapshot(leases)));

        string[] Subnets() =>
        [
            .. netlink.GetRoutes().Where(route => route.Gateway is not null)
                .Select(route => route.Destination.ToString()).Order(StringComparer.Ordinal),
        ];
    }
}
