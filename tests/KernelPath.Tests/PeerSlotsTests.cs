using System;
using System.Linq;
using Overlay.KernelPath.Maps;
using Overlay.KernelPath.Programs;
using Overlay.Net;
using Overlay.Router.Routes;
using Xunit;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.KernelPath.Tests;

public sealed class PeerSlotsTests : IDisposable
{
    private static readonly KernelPeer s_peer = new(PeerAddress, 1400);
    private static readonly KernelPeer s_other = new(OtherPeerAddress, 1300);

    private readonly InboundRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void A_slot_is_used_again_and_what_its_former_peer_counted_stays_with_that_peer()
    {
        _rig.Slots.Add(Table(), [s_peer]);
        uint slot = Slot(PeerAddress);
        Deliver(PeerAddress, PeerPod, times: 3);
        Assert.Equal(3ul, Inbound(PeerAddress));

        _rig.Slots.RemoveOthers(Table(), []);
        Assert.Empty(_rig.Slots.Peers);
        Assert.Equal(3ul, _rig.Slots.Retired[SlotCounters.InboundPackets / sizeof(ulong)]);
        Assert.Equal(default(PeerEntry), _rig.Maps.Peers.Find<uint, PeerEntry>(slot));
        Assert.Equal(default(PeerState), _rig.Maps.States.Find<uint, PeerState>(slot));
        Assert.Null(_rig.Maps.Senders.Find<uint, uint>(InPacketOrder.Of(PeerAddress)));
        IsLeft(PeerAddress, PeerPod);

        _rig.Slots.Add(Table(), [s_other]);
        Assert.Equal(slot, Slot(OtherPeerAddress));
        Assert.Equal(0ul, Inbound(OtherPeerAddress));
        Deliver(OtherPeerAddress, OtherPeerPod, times: 2);
        Assert.Equal(2ul, Inbound(OtherPeerAddress));
        Assert.Equal(3ul, _rig.Slots.Retired[SlotCounters.InboundPackets / sizeof(ulong)]);
        IsLeft(OtherPeerAddress, PeerPod); // the route that the slot's former peer had
    }

    [Fact]
    public void A_peer_that_stays_keeps_its_slot_its_nonce_and_its_state()
    {
        _rig.Slots.Add(Table(), [s_peer, s_other]);
        PeerSlot before = _rig.Slots.Peers.Single(peer => peer.Address == OtherPeerAddress);
        PeerState state = default(PeerState) with { ReachableUntil = 7 };
        _rig.Maps.States.Set(before.Slot, state);

        _rig.Slots.Add(Table(), [s_other]);
        _rig.Slots.RemoveOthers(Table(), [s_other]);

        Assert.Same(before, Assert.Single(_rig.Slots.Peers));
        Assert.Equal(state, _rig.Maps.States.Find<uint, PeerState>(before.Slot));
    }

    [Fact]
    public void An_own_subnet_is_this_hosts_whoever_has_a_route_to_it_or_to_a_part_of_it()
    {
        RouteTable table = Table(
            new Route(Ipv4Prefix.Parse("10.5.34.0/24"), PeerAddress),
            new Route(Ipv4Prefix.Parse("10.5.32.0/22"), PeerAddress));
        _rig.Slots.Add(table, [s_peer]);
        Assert.Equal(RouteEntry.Own, RouteOf("10.5.34.1"));
        Assert.Equal(Slot(PeerAddress), RouteOf("10.5.35.1")?.Slot);
        IsLeft(PeerAddress, Address("10.5.34.200"));
        Deliver(PeerAddress, Address("10.5.35.1"), times: 1);

        RouteTable nested = Table(new Route(Ipv4Prefix.Parse("10.5.34.128/25"), PeerAddress));
        _rig.Slots.Add(nested, [s_peer]);
        _rig.Slots.RemoveOthers(nested, [s_peer]);
        IsLeft(PeerAddress, Address("10.5.34.200"));
    }

    [Fact]
    public void A_route_of_a_peer_without_a_slot_is_not_taken_for_that_around_it()
    {
        RouteTable table = Table(
            new Route(Ipv4Prefix.Parse("10.5.96.0/21"), PeerAddress),
            new Route(Ipv4Prefix.Parse("10.5.100.0/24"), OtherPeerAddress));
        _rig.Slots.Add(table, [s_peer]);

        IsLeft(PeerAddress, Address("10.5.100.1"));
        Deliver(PeerAddress, Address("10.5.101.1"), times: 1);

        _rig.Slots.Add(table, [s_peer, s_other]);
        Deliver(OtherPeerAddress, Address("10.5.100.1"), times: 1);

        _rig.Slots.RemoveOthers(table, [s_peer]);
        IsLeft(OtherPeerAddress, Address("10.5.100.1"));
        IsLeft(PeerAddress, Address("10.5.100.1"));
    }

    [Fact]
    public void A_peer_that_lost_its_slot_while_its_route_stays_is_not_counted_for_the_next()
    {
        _rig.Slots.Add(Table(), [s_peer]);
        _rig.Slots.RemoveOthers(Table(), []); // its datagrams leave by another interface
        RouteTable more = Table(new Route(Ipv4Prefix.Parse("10.5.40.0/24"), StrangerAddress));
        _rig.Slots.Add(more, [new KernelPeer(StrangerAddress, 1400)]);

        IsLeft(PeerAddress, PeerPod);
        Assert.Equal(0ul, Inbound(StrangerAddress));
    }

    [Theory]
    [InlineData("10.5.99.128/25")]
    [InlineData("10.5.99.7/32")]
    public void A_part_of_the_network_that_goes_different_ways_is_left_to_user_space(string longer)
    {
        RouteTable table = Table(new Route(Ipv4Prefix.Parse(longer), OtherPeerAddress));
        _rig.Slots.Add(table, [s_peer, s_other]);

        Assert.Equal(default(RouteEntry), RouteOf("10.5.99.7"));
        IsLeft(PeerAddress, Address("10.5.99.1"));
        IsLeft(OtherPeerAddress, Ipv4Prefix.Parse(longer).Last);
        Deliver(OtherPeerAddress, OtherPeerPod, times: 1);
    }

    [Fact]
    public void Routes_outside_the_network_or_around_it_are_left_to_user_space()
    {
        RouteTable table = Table(
            new Route(Ipv4Prefix.Parse("10.0.0.0/8"), PeerAddress),
            new Route(Ipv4Prefix.Parse("10.6.0.0/24"), PeerAddress),
            new Route(Ipv4Prefix.Parse("10.4.255.0/24"), PeerAddress));
        _rig.Slots.Add(table, [s_peer]);

        Assert.All(
            (string[])["10.5.200.1", "10.6.0.1", "10.4.255.1", "0.0.0.0", "255.255.255.255"],
            source => IsLeft(PeerAddress, Address(source)));
    }

    [Fact]
    public void A_route_that_is_gone_or_is_another_peers_is_so_in_the_maps_too()
    {
        _rig.Slots.Add(Table(new Route(Ipv4Prefix.Parse("10.5.40.0/24"), PeerAddress)), [s_peer, s_other]);
        Deliver(PeerAddress, Address("10.5.40.1"), times: 1);

        RouteTable moved = Table(new Route(Ipv4Prefix.Parse("10.5.40.0/24"), OtherPeerAddress));
        _rig.Slots.Add(moved, [s_peer, s_other]);
        _rig.Slots.RemoveOthers(moved, [s_peer, s_other]);
        IsLeft(PeerAddress, Address("10.5.40.1"));
        Deliver(OtherPeerAddress, Address("10.5.40.1"), times: 1);

        _rig.Slots.Add(Table(), [s_peer, s_other]);
        _rig.Slots.RemoveOthers(Table(), [s_peer, s_other]);
        Assert.Equal(default(RouteEntry), RouteOf("10.5.40.1"));
    }

    [Fact]
    public void What_was_learned_of_a_path_stays_until_it_is_told_anew_and_a_narrower_route_counts_at_once()
    {
        _rig.Slots.Add(Table(), [s_peer]);
        PeerSlot peer = Assert.Single(_rig.Slots.Peers);
        _rig.Slots.SetInnerMtu(peer, 1200);
        _rig.Slots.Add(Table(), [s_peer]);
        Assert.Equal(1200, _rig.Maps.Peers.Find<uint, PeerEntry>(peer.Slot)?.InnerMtu);

        _rig.Slots.Add(Table(), [s_peer with { InnerMtu = 1100 }]);
        Assert.Equal(1100, _rig.Maps.Peers.Find<uint, PeerEntry>(peer.Slot)?.InnerMtu);
        Assert.Equal(1100, peer.RouteMtu);
    }

    [Theory]
    [InlineData(0, 256)]
    [InlineData(128, 256)]
    [InlineData(129, 512)]
    [InlineData(4095, 8192)]
    [InlineData(4097, 8192)]
    [InlineData(int.MaxValue, 8192)]
    public void There_is_room_for_twice_as_many_peers_up_to_a_limit(int peers, int slots) =>
        Assert.Equal(slots, KernelMaps.SlotsFor(peers));

    [Theory]
    [InlineData(7, "ovl7-merge")]
    [InlineData(999_999, "ovl999999-merge")]
    [InlineData(1_000_000, "ovl1000000-m")]
    [InlineData(int.MaxValue, "ovl2147483647-m")]
    public void A_helper_has_a_name_that_the_kernel_takes_however_long_the_index_is(int index, string name)
    {
        Assert.Equal(name, HelperLinks.NameOf(index, "merge"));
        Assert.InRange(name.Length, 1, 15);
    }

    [Fact]
    public void Peers_that_find_no_slot_are_left_out_and_counted()
    {
        const int Most = KernelMaps.MostSlots - 1;
        using var maps = KernelMaps.Create(
            RouteIndex.Of(Ipv4Prefix.Parse("10.0.0.0/8"), 24)!, KernelMaps.MostSlots);
        var slots = new PeerSlots(maps);
        Route[] routes = [.. Enumerable.Range(0, Most + 5).Select(index => new Route(
            new Ipv4Prefix(new Ipv4Address(0x0A100000 + ((uint)index << 8)), 24), Host(index)))];
        KernelPeer[] peers = [.. routes.Select(route => new KernelPeer(route.NextHop, 1400))];
        RouteTable table = Table(routes);
        slots.Add(table, peers);

        Assert.Equal(5, slots.LeftOut);
        Assert.Equal(Most, slots.Peers.Count);
        Assert.Equal(Most, slots.Peers.Select(peer => peer.Slot).Distinct().Count());
        Assert.DoesNotContain(slots.Peers, peer => peer.Slot is 0 or >= KernelMaps.MostSlots);
        Assert.NotNull(maps.Senders.Find<uint, uint>(InPacketOrder.Of(Host(Most - 1))));
        Assert.Null(maps.Senders.Find<uint, uint>(InPacketOrder.Of(Host(Most))));

        slots.RemoveOthers(table, peers[5..]);
        slots.Add(table, peers[5..]);
        Assert.Equal(0, slots.LeftOut);
        Assert.NotNull(maps.Senders.Find<uint, uint>(InPacketOrder.Of(Host(Most))));

        static Ipv4Address Host(int index) => new(0xAC100000 + (uint)index);
    }

    private uint Slot(Ipv4Address peer) => _rig.Slots.Peers.Single(slot => slot.Address == peer).Slot;

    private ulong Inbound(Ipv4Address peer) => _rig.Slots.Counted(
        _rig.Slots.Peers.Single(slot => slot.Address == peer))[
            SlotCounters.InboundPackets / sizeof(ulong)];

    private RouteEntry? RouteOf(string address) => _rig.Maps.Routes.Find<uint, RouteEntry>(
        (Address(address).Value - _rig.Maps.Index.Base) >> _rig.Maps.Index.Shift);

    private void Deliver(Ipv4Address outer, Ipv4Address source, int times)
    {
        for (int i = 0; i < times; i++)
        {
            Assert.Equal(Verdict.Redirect, Run(outer, source));
        }
    }

    private void IsLeft(Ipv4Address outer, Ipv4Address source) => Assert.Equal(Verdict.Next, Run(outer, source));

    private int Run(Ipv4Address outer, Ipv4Address source) =>
        _rig.Run(Frames.Encapsulate(outer, InboundRig.Own, Ipv4(source, OurPod))).Verdict;
}
