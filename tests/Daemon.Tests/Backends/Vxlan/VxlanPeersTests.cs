using System;
using Overlay.Daemon.Backends.Vxlan;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Testing;
using Xunit;

namespace Overlay.Daemon.Tests.Backends.Vxlan;

/// <summary>Peers on a device of the kernel's.</summary>
public sealed class VxlanPeersTests
{
    private const string Name = "flannel.1";

    [Fact]
    public void What_a_peer_has_goes_with_its_lease_also_when_its_route_was_refused_before()
    {
        Needs.Root("makes a network namespace");
        using var place = NetworkNamespace.Create();
        using RouteNetlink netlink = place.Run(RouteNetlink.Open);
        netlink.CreateVxlan(
            Name, MacAddress.Parse("02:00:00:00:00:05"), 1450, new VxlanSettings(1)
            {
                Local = Ipv4Address.Parse("172.16.0.5"),
                Port = 8472,
            });
        int device = netlink.FindLink(Name)!.Index;
        netlink.AddAddress(device, Ipv4Prefix.Parse("10.244.5.0/32"));
        SetUp(true);
        var own = new VtepLeaseData(1, MacAddress.Parse("02:00:00:00:00:05"));
        var log = new LineLog();
        var health = new HealthBoard(TimeProvider.System);
        var peers = new VxlanPeers(
            netlink, directLink: null, own, Ipv4Prefix.Parse("172.16.0.5/24"), Ipv4Prefix.Parse("10.244.0.0/16"), log)
        {
            Health = health,
        };
        peers.Take([LeaseOf("10.244.3.0/24", "172.16.0.3", "02:00:00:00:00:03")]);
        peers.Reconcile(device, Name);
        Assert.Single(netlink.GetForwardingEntries(device));
        Assert.Single(netlink.GetNeighbours(device));

        // A device that goes down keeps its forwarding entries. While it is down it refuses routes, and nothing else.
        SetUp(false);
        peers.Reconcile(device, Name);
        Assert.Contains("10.244.3.0/24", Assert.Single(log.Lines), StringComparison.Ordinal);
        HealthWarning raised = Assert.Single(health.ReadAll());
        Assert.Equal((HealthCodes.PeerNotMade, "10.244.3.0/24"), (raised.Code, raised.Subject));
        Assert.Single(netlink.GetForwardingEntries(device));

        SetUp(true);
        peers.Take([]);
        peers.Reconcile(device, Name);
        Assert.Empty(health.ReadAll());
        Assert.Empty(netlink.GetForwardingEntries(device));
        Assert.Empty(netlink.GetNeighbours(device));

        void SetUp(bool up) => netlink.ConfigureLink(
            device, new LinkSettings { NoIpv6LinkLocalAddress = true, Up = up });
    }

    private static SubnetLease LeaseOf(string subnet, string publicIp, string mac) => new(
        Ipv4Prefix.Parse(subnet),
        new LeaseAttributes(Ipv4Address.Parse(publicIp))
        {
            Backend = new VtepLeaseData(1, MacAddress.Parse(mac)).ToLeaseData(),
        },
        DateTimeOffset.MaxValue);
}
