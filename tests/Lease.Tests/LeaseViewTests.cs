using System;
using System.Linq;
using Xunit;
using static Overlay.Lease.Tests.Leases;

namespace Overlay.Lease.Tests;

public sealed class LeaseViewTests
{
    private static readonly SubnetLease s_own = LeaseOf("10.5.1.0/24", "192.0.2.1");
    private static readonly SubnetLease s_peer = LeaseOf("10.5.2.0/24", "192.0.2.2");
    private static readonly SubnetLease s_other = LeaseOf("10.5.3.0/24", "192.0.2.3");

    private readonly LeaseView _view = new(s_own.Subnet, s_own.PublicIp);

    [Fact]
    public void A_first_snapshot_adds_everybody_but_us()
    {
        LeaseDelta delta = _view.Apply(Snapshot(s_own, s_peer, s_other));

        Assert.Equal([s_peer, s_other], delta.Added);
        Assert.Empty(delta.Changed);
        Assert.Empty(delta.Removed);
        Assert.Equal([s_peer, s_other], _view.Leases.OrderBy(lease => lease.Subnet.Address));
    }

    [Fact]
    public void Leases_of_other_backends_are_no_peers_and_are_told_when_they_come_change_and_go()
    {
        var view = new LeaseView(s_own.Subnet, s_own.PublicIp, backend => backend.Type == "host-gw");
        SubnetLease peer = Of(s_peer, "host-gw"), other = Of(s_other, "vxlan"), own = Of(s_own, "host-gw");

        LeaseDelta first = view.Apply(Snapshot(own, peer, other));
        Assert.Equal([peer], first.Added);
        Assert.Equal([other], first.OthersGained);
        Assert.Equal([peer], view.Leases);
        Assert.Equal([other], view.OfOtherBackends);
        Assert.True(view.Apply(Snapshot(own, peer, other with { Expires = Later.AddDays(1) })).IsEmpty);

        LeaseDelta turned = view.Apply(Changes(
            LeaseChange.Put(Of(s_peer, "vxlan")), LeaseChange.Put(Of(s_other, "host-gw"))));
        Assert.Equal([peer], turned.Removed);
        Assert.Equal([Of(s_other, "host-gw")], turned.Added);
        Assert.Equal([Of(s_peer, "vxlan")], turned.OthersGained);
        Assert.Equal([s_other.Subnet], turned.OthersLost.Select(lease => lease.Subnet));

        Assert.Equal([s_peer.Subnet], view.Apply(Snapshot(own)).OthersLost.Select(lease => lease.Subnet));
        Assert.Empty(view.OfOtherBackends);

        static SubnetLease Of(SubnetLease lease, string type) =>
            lease with { Attributes = lease.Attributes with { Backend = new BackendLeaseData(type) } };
    }

    [Fact]
    public void A_second_snapshot_does_not_remove_our_own_lease()
    {
        _view.Apply(Snapshot(s_own, s_peer));

        Assert.True(_view.Apply(Snapshot(s_own, s_peer)).IsEmpty);
        Assert.True(_view.Apply(Snapshot(s_peer)).IsEmpty);
    }

    [Fact]
    public void A_snapshot_removes_who_is_not_in_it()
    {
        _view.Apply(Snapshot(s_peer, s_other));

        LeaseDelta delta = _view.Apply(Snapshot(s_other));

        Assert.Equal([s_peer], delta.Removed);
        Assert.Empty(delta.Added);
    }

    [Fact]
    public void Our_own_lease_is_held_until_the_store_shows_otherwise_and_again_once_it_is_back()
    {
        Assert.True(_view.OwnIsHeld);
        _view.Apply(Snapshot(s_own, s_peer));
        _view.Apply(new LeaseUpdate.Gap("the disk is away"));
        Assert.True(_view.OwnIsHeld);
        _view.Apply(Changes(LeaseChange.Removed(s_own.Subnet)));
        Assert.Equal((false, false), (_view.OwnIsHeld, _view.OwnIsTaken));
        _view.Apply(Changes(LeaseChange.Put(s_own)));
        Assert.True(_view.OwnIsHeld);
        _view.Apply(Snapshot(s_peer));
        Assert.False(_view.OwnIsHeld);
    }

    [Fact]
    public void A_move_to_another_subnet_makes_a_peer_of_who_has_the_one_before_and_changes_nothing_else()
    {
        SubnetLease thief = LeaseOf("10.5.1.0/24", "192.0.2.9");
        _view.Apply(Snapshot(s_own, s_peer));
        _view.Apply(Changes(LeaseChange.Put(thief)));
        Assert.Equal((false, true), (_view.OwnIsHeld, _view.OwnIsTaken));
        Assert.Equal([s_peer], _view.Leases);

        LeaseDelta delta = _view.MoveTo(LeaseOf("10.5.7.0/24", "192.0.2.1").Subnet);

        Assert.Equal([thief], delta.Added);
        Assert.Empty(delta.Changed);
        Assert.Empty(delta.Removed);
        Assert.Equal((true, false), (_view.OwnIsHeld, _view.OwnIsTaken));
        Assert.Equal([thief, s_peer], _view.Leases.OrderBy(lease => lease.Subnet.Address));
    }

    [Fact]
    public void After_a_move_a_lease_of_ours_that_is_left_behind_is_no_peer_and_the_new_one_is_the_own()
    {
        SubnetLease next = LeaseOf("10.5.7.0/24", "192.0.2.1");
        _view.Apply(Snapshot(s_own, s_peer));

        LeaseDelta moved = _view.MoveTo(next.Subnet);
        Assert.Empty(moved.Added.Concat(moved.Changed).Concat(moved.Removed));
        Assert.Equal([s_own], moved.OwnGained); // what peers send to it arrives here still

        LeaseDelta gone = _view.Apply(Changes(LeaseChange.Put(next), LeaseChange.Removed(s_own.Subnet)));
        Assert.Empty(gone.Added.Concat(gone.Changed).Concat(gone.Removed).Concat(gone.OwnGained));
        Assert.Equal([s_own.Subnet], gone.OwnLost);
        Assert.Empty(_view.FurtherOwn);
        Assert.True(_view.OwnIsHeld);
        _view.Apply(Changes(LeaseChange.Removed(next.Subnet)));
        Assert.False(_view.OwnIsHeld);
    }

    [Fact]
    public void A_move_to_a_subnet_that_the_store_showed_as_another_ones_removes_that_peer()
    {
        _view.Apply(Snapshot(s_own, s_peer, s_other));

        LeaseDelta delta = _view.MoveTo(s_peer.Subnet);

        Assert.Equal([s_peer], delta.Removed);
        Assert.Equal([s_other], _view.Leases);
    }

    [Fact]
    public void Our_subnet_in_another_owners_name_is_not_held_and_gives_no_route()
    {
        _view.Apply(Snapshot(s_own));

        Assert.True(_view.Apply(Changes(LeaseChange.Put(LeaseOf("10.5.1.0/24", "192.0.2.9")))).IsEmpty);
        Assert.False(_view.OwnIsHeld);
        Assert.Empty(_view.Leases);
    }

    [Fact]
    public void A_gap_removes_nothing()
    {
        _view.Apply(Snapshot(s_peer));

        Assert.True(_view.Apply(new LeaseUpdate.Gap("the disk is away")).IsEmpty);
        Assert.Equal([s_peer], _view.Leases);
    }

    [Fact]
    public void A_changed_public_address_is_a_change_in_a_snapshot()
    {
        _view.Apply(Snapshot(s_peer));
        SubnetLease moved = LeaseOf("10.5.2.0/24", "192.0.2.99");

        LeaseDelta delta = _view.Apply(Snapshot(moved));

        Assert.Equal([moved], delta.Changed);
        Assert.Empty(delta.Added);
        Assert.Empty(delta.Removed);
    }

    [Fact]
    public void A_changed_public_address_is_a_change_in_an_increment()
    {
        _view.Apply(Snapshot(s_peer));
        SubnetLease moved = LeaseOf("10.5.2.0/24", "192.0.2.99");

        Assert.Equal([moved], _view.Apply(Changes(LeaseChange.Put(moved))).Changed);
    }

    [Fact]
    public void A_renewal_changes_nothing_but_the_expiry()
    {
        _view.Apply(Snapshot(s_peer));
        SubnetLease renewed = s_peer with { Expires = Later + TimeSpan.FromHours(1) };

        Assert.True(_view.Apply(Changes(LeaseChange.Put(renewed))).IsEmpty);
        Assert.Equal(renewed.Expires, Assert.Single(_view.Leases).Expires);
    }

    [Fact]
    public void A_lease_with_our_public_address_is_ours_whatever_its_subnet()
    {
        SubnetLease given = LeaseOf("10.5.9.0/24", "192.0.2.1");

        LeaseDelta delta = _view.Apply(Snapshot(given, s_own));

        Assert.Equal([given], delta.OwnGained);
        Assert.Empty(_view.Leases);
        Assert.Equal([given], _view.FurtherOwn);
        Assert.True(_view.Apply(Changes(LeaseChange.Put(given))).IsEmpty);
        Assert.Equal([given.Subnet], _view.Apply(Changes(LeaseChange.Removed(given.Subnet))).OwnLost);
        Assert.Empty(_view.FurtherOwn);
    }

    [Fact]
    public void A_further_subnet_that_becomes_the_one_we_hold_is_not_lost()
    {
        SubnetLease next = LeaseOf("10.5.9.0/24", "192.0.2.1");
        _view.Apply(Snapshot(s_own, next));

        LeaseDelta delta = _view.MoveTo(next.Subnet);

        Assert.Empty(delta.OwnLost);
        Assert.Equal([s_own], delta.OwnGained);
    }

    [Fact]
    public void A_lease_for_our_subnet_is_ours_whatever_its_public_address()
    {
        SubnetLease intruder = LeaseOf("10.5.1.0/24", "192.0.2.66");

        Assert.True(_view.Apply(Changes(LeaseChange.Put(intruder))).IsEmpty);
        Assert.True(_view.Apply(Changes(LeaseChange.Removed(intruder.Subnet))).IsEmpty);
    }

    [Fact]
    public void A_peer_that_takes_our_public_address_is_removed()
    {
        _view.Apply(Snapshot(s_peer));

        LeaseDelta delta = _view.Apply(Changes(LeaseChange.Put(LeaseOf("10.5.2.0/24", "192.0.2.1"))));

        Assert.Equal([s_peer], delta.Removed);
        Assert.Empty(_view.Leases);
    }

    [Fact]
    public void A_removal_carries_the_lease_as_it_last_was()
    {
        _view.Apply(Snapshot(s_peer));

        Assert.Equal([s_peer], _view.Apply(Changes(LeaseChange.Removed(s_peer.Subnet))).Removed);
    }

    [Fact]
    public void Removing_what_is_not_there_is_nothing() =>
        Assert.True(_view.Apply(Changes(LeaseChange.Removed(s_peer.Subnet))).IsEmpty);

    [Fact]
    public void Several_changes_of_one_subnet_count_as_their_net_effect()
    {
        _view.Apply(Snapshot(s_peer));
        SubnetLease moved = LeaseOf("10.5.2.0/24", "192.0.2.99");

        LeaseDelta back = _view.Apply(Changes(LeaseChange.Removed(s_peer.Subnet), LeaseChange.Put(s_peer)));
        LeaseDelta brief = _view.Apply(Changes(LeaseChange.Put(s_other), LeaseChange.Removed(s_other.Subnet)));
        LeaseDelta move = _view.Apply(Changes(LeaseChange.Removed(s_peer.Subnet), LeaseChange.Put(moved)));

        Assert.True(back.IsEmpty);
        Assert.True(brief.IsEmpty);
        Assert.Equal([moved], move.Changed);
    }

    private static LeaseUpdate.Snapshot Snapshot(params SubnetLease[] leases) => new(leases);

    private static LeaseUpdate.Changes Changes(params LeaseChange[] changes) => new(changes);
}
