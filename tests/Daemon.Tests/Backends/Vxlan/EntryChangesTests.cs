using System.Collections.Generic;
using Overlay.Daemon.Backends.Vxlan;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Xunit;

namespace Overlay.Daemon.Tests.Backends.Vxlan;

/// <summary>Which entries are made and removed, by what the kernel has and what the leases ask for.</summary>
public sealed class EntryChangesTests
{
    private const int Device = 7;

    private static readonly Ipv4Prefix s_network = Ipv4Prefix.Parse("10.244.0.0/16");
    private static readonly PeerEntries s_a = Entries("10.244.3.0/24", "172.16.0.3", "02:00:00:00:00:03");
    private static readonly PeerEntries s_b = Entries("10.244.4.0/24", "172.16.0.4", "02:00:00:00:00:04");

    [Fact]
    public void A_peer_has_a_neighbour_a_forwarding_entry_and_an_onlink_route()
    {
        Assert.Equal(
            new Neighbour(Device, Ipv4Address.Parse("10.244.3.0"), MacAddress.Parse("02:00:00:00:00:03")),
            s_a.Neighbour);
        Assert.Equal(
            new ForwardingEntry(Device, MacAddress.Parse("02:00:00:00:00:03"), Ipv4Address.Parse("172.16.0.3")),
            s_a.Forwarding);
        Assert.Equal(
            new Ipv4Route(Ipv4Prefix.Parse("10.244.3.0/24"), Ipv4Address.Parse("10.244.3.0"), Device, 0)
            {
                IsOnLink = true,
            },
            s_a.Route);
    }

    [Fact]
    public void A_new_peer_is_made_whole_and_one_that_is_there_is_left_alone()
    {
        var changes = EntryChanges.Between(EntrySet.Of([s_a]), EntrySet.Of([s_a]), [s_a, s_b]);

        Assert.Equal([new MissingEntries(s_b, true, true, true)], changes.Missing);
        AssertStale(changes, []);
    }

    [Fact]
    public void Whatever_single_entry_is_gone_is_made_again()
    {
        var full = EntrySet.Of([s_a]);
        AssertMissing(new EntrySet { Forwarding = full.Forwarding, Routes = full.Routes }, true, false, false);
        AssertMissing(new EntrySet { Neighbours = full.Neighbours, Routes = full.Routes }, false, true, false);
        AssertMissing(new EntrySet { Neighbours = full.Neighbours, Forwarding = full.Forwarding }, false, false, true);

        static void AssertMissing(EntrySet kernel, bool neighbour, bool forwarding, bool route) => Assert.Equal(
            [new MissingEntries(s_a, neighbour, forwarding, route)],
            EntryChanges.Between(kernel, EntrySet.Of([s_a]), [s_a]).Missing);
    }

    [Fact]
    public void A_peer_that_is_gone_goes_whole_and_what_others_have_made_stays()
    {
        PeerEntries foreign = Entries("10.244.5.0/24", "172.16.0.5", "02:00:00:00:00:05");
        var kernel = EntrySet.Of([s_a, s_b, foreign]);

        var changes = EntryChanges.Between(kernel, EntrySet.Of([s_a, s_b]), [s_a]);

        Assert.Empty(changes.Missing);
        AssertStale(changes, [s_b]);
    }

    [Fact]
    public void What_a_peer_needs_with_another_value_is_replaced_and_not_removed_afterwards()
    {
        PeerEntries otherMac = Entries("10.244.3.0/24", "172.16.0.3", "02:00:00:00:00:33");
        PeerEntries otherHost = Entries("10.244.3.0/24", "172.16.0.33", "02:00:00:00:00:03");

        var changes = EntryChanges.Between(EntrySet.Of([s_a]), EntrySet.Of([s_a]), [otherMac]);
        Assert.Equal([new MissingEntries(otherMac, true, true, false)], changes.Missing);
        Assert.Empty(changes.Stale.Neighbours);
        Assert.Equal(s_a.Forwarding, Assert.Single(changes.Stale.Forwarding)); // no frame has that MAC any longer

        changes = EntryChanges.Between(EntrySet.Of([s_a]), EntrySet.Of([s_a]), [otherHost]);
        Assert.Equal([new MissingEntries(otherHost, false, true, false)], changes.Missing);
        AssertStale(changes, []);
    }

    [Fact]
    public void A_forwarding_entry_that_two_subnets_of_a_host_share_goes_with_the_last_of_them()
    {
        PeerEntries second = Entries("10.244.9.0/24", "172.16.0.3", "02:00:00:00:00:03");
        var both = EntrySet.Of([s_a, second]);
        Assert.Single(both.Forwarding);

        Assert.Empty(EntryChanges.Between(both, both, [s_a]).Stale.Forwarding);
        Assert.Single(EntryChanges.Between(both, both, []).Stale.Forwarding);
    }

    [Fact]
    public void A_direct_route_takes_the_place_of_the_tunnels_and_needs_nothing_else()
    {
        var direct = PeerEntries.Direct(s_a.Peer, link: 2);
        Assert.Equal(new Ipv4Route(s_a.Route.Destination, s_a.Peer.PublicIp, 2, 0), direct.Route);

        var changes = EntryChanges.Between(EntrySet.Of([s_a]), EntrySet.Of([s_a]), [direct]);

        Assert.Equal([new MissingEntries(direct, false, false, true)], changes.Missing);
        Assert.Empty(changes.Stale.Routes);
        Assert.Equal(s_a.Neighbour, Assert.Single(changes.Stale.Neighbours));
        Assert.Equal(s_a.Forwarding, Assert.Single(changes.Stale.Forwarding));
    }

    [Fact]
    public void A_peer_that_is_not_routed_to_loses_its_route_alone_and_gets_it_again()
    {
        PeerEntries unrouted = s_a with { IsRouted = false };

        var changes = EntryChanges.Between(EntrySet.Of([s_a]), EntrySet.Of([s_a]), [unrouted]);
        Assert.Empty(changes.Missing);
        Assert.Equal(s_a.Route, Assert.Single(changes.Stale.Routes));
        Assert.Empty(changes.Stale.Neighbours);
        Assert.Empty(changes.Stale.Forwarding);

        changes = EntryChanges.Between(EntrySet.Of([unrouted]), EntrySet.Of([unrouted]), [s_a]);
        Assert.Equal([new MissingEntries(s_a, false, false, true)], changes.Missing);
    }

    [Fact]
    public void What_a_peer_has_that_could_not_be_made_whole_goes_with_it()
    {
        var direct = PeerEntries.Direct(s_a.Peer, link: 2); // what was wanted before
        EntrySet ours = EntrySet.Of([direct]).With(new EntrySet { Forwarding = [s_a.Forwarding!] });

        EntrySet after = EntryChanges.OursAfter(ours, [s_a, s_b], new HashSet<PeerEntries> { s_a });

        Assert.Equal(s_b.Neighbour, Assert.Single(after.Neighbours));
        Assert.True(after.Forwarding.SetEquals([s_a.Forwarding!, s_b.Forwarding!]));
        Assert.True(after.Routes.SetEquals([direct.Route, s_b.Route]));
        EntrySet stale = EntryChanges.Between(ours.With(EntrySet.Of([s_b])), after, [s_b]).Stale;
        Assert.Empty(stale.Neighbours);
        Assert.Equal(s_a.Forwarding, Assert.Single(stale.Forwarding));
        Assert.Equal(direct.Route, Assert.Single(stale.Routes));
    }

    [Fact]
    public void Left_by_an_earlier_run_is_what_looks_like_ours_on_our_device()
    {
        EntrySet kernel = EntrySet.Of([s_a]).With(new EntrySet
        {
            Neighbours =
            [
                new Neighbour(Device, Ipv4Address.Parse("10.244.8.0"), s_b.Peer.Mac, IsPermanent: false),
                new Neighbour(Device, Ipv4Address.Parse("192.168.0.1"), s_b.Peer.Mac),
            ],
            Forwarding =
            [
                new ForwardingEntry(Device, s_b.Peer.Mac, s_b.Peer.PublicIp, IsPermanent: false),
                new ForwardingEntry(Device, default, s_b.Peer.PublicIp), // where everything unknown is flooded to
            ],
            Routes =
            [
                s_b.Route with { InterfaceIndex = 2 },
                s_b.Route with { IsOnLink = false },
                s_b.Route with { Destination = Ipv4Prefix.Parse("10.0.0.0/8") },
            ],
        });

        EntrySet left = kernel.LeftByUs(Device, s_network);

        AssertStale(new EntryChanges([], left), [s_a]);
    }

    private static void AssertStale(EntryChanges changes, PeerEntries[] peers)
    {
        var expected = EntrySet.Of(peers);
        Assert.True(expected.Neighbours.SetEquals(changes.Stale.Neighbours));
        Assert.True(expected.Forwarding.SetEquals(changes.Stale.Forwarding));
        Assert.True(expected.Routes.SetEquals(changes.Stale.Routes));
    }

    private static PeerEntries Entries(string subnet, string publicIp, string mac) => PeerEntries.Encapsulated(
        new VxlanPeer(Ipv4Prefix.Parse(subnet), Ipv4Address.Parse(publicIp), MacAddress.Parse(mac)), Device);
}
