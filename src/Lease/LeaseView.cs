using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Net;

namespace Overlay.Lease;

/// <summary>
/// The other hosts' leases, as one host sees them: turns a store's updates into their net effect. Pure state, no
/// input or output; for one thread at a time.
/// </summary>
/// <remarks>
/// This is the one place where our own leases are told from the others. A lease with our subnet is no peer's, whoever
/// holds it. One with our public address is ours, because a host must not send to itself, and whatever the peers send
/// to that address arrives here: a second bridge's, or one that we gave up for another.
/// </remarks>
/// <param name="ownSubnet">The subnet we hold at first, without host bits.</param>
/// <param name="ownPublicIp">The address peers send to us at.</param>
/// <param name="isForUs">
/// Whether a lease is for our backend; null when every one is. The others are no peers' (flannel
/// pkg/backend/route_network.go).
/// </param>
public sealed class LeaseView(
    Ipv4Prefix ownSubnet, Ipv4Address ownPublicIp, Func<BackendLeaseData, bool>? isForUs = null)
{
    private Dictionary<Ipv4Prefix, SubnetLease> _leases = [];

    // Kept, because the owner of a subnet that we give up is a peer from then on. Beside other backends' seldom more
    // than one.
    private Dictionary<Ipv4Prefix, SubnetLease> _leftOut = [];

    /// <summary>The other hosts' leases now. A live collection: it changes with the next call.</summary>
    public IReadOnlyCollection<SubnetLease> Leases => _leases.Values;

    /// <summary>The subnet we hold, without host bits.</summary>
    public Ipv4Prefix OwnSubnet { get; private set; } = ownSubnet;

    /// <summary>The leases beside the one we hold that name us.</summary>
    public IReadOnlyCollection<SubnetLease> FurtherOwn { get; private set; } = [];

    /// <summary>The other hosts' leases that are for another backend than ours.</summary>
    public IReadOnlyCollection<SubnetLease> OfOtherBackends { get; private set; } = [];

    /// <summary>
    /// Whether the store shows our lease as ours. False once it was deleted, expired or was taken by another owner:
    /// peers then drop their routes to us, so it has to be renewed at once. A gap does not change it.
    /// </summary>
    public bool OwnIsHeld { get; private set; } = true;

    /// <summary>Whether the store shows our subnet as another owner's.</summary>
    public bool OwnIsTaken => _leftOut.TryGetValue(OwnSubnet, out SubnetLease? lease) && lease.PublicIp != ownPublicIp;

    /// <summary>Takes in an update and says what it changed for us.</summary>
    /// <returns>The net effect: each subnet appears at most once. A renewal without other change, a gap and anything
    /// about the lease we hold change nothing.</returns>
    public LeaseDelta Apply(LeaseUpdate update) => update switch
    {
        LeaseUpdate.Snapshot snapshot => ApplySnapshot(snapshot.Leases),
        LeaseUpdate.Changes changes => ApplyChanges(changes.Items),
        _ => LeaseDelta.Empty,
    };

    /// <summary>From now on we hold another subnet, whether the store has shown that yet or not.</summary>
    /// <param name="subnet">Without host bits.</param>
    /// <returns>What that changes: whoever has taken the subnet we had is a peer now.</returns>
    public LeaseDelta MoveTo(Ipv4Prefix subnet)
    {
        OwnSubnet = subnet;
        OwnIsHeld = true;
        return Replace([.. _leases.Values, .. _leftOut.Values]);
    }

    private LeaseDelta ApplySnapshot(IReadOnlyList<SubnetLease> leases)
    {
        OwnIsHeld = leases.Any(lease => lease.Subnet == OwnSubnet && lease.PublicIp == ownPublicIp);
        return Replace(leases);
    }

    private LeaseDelta Replace(IReadOnlyList<SubnetLease> leases)
    {
        var next = new Dictionary<Ipv4Prefix, SubnetLease>(leases.Count);
        Dictionary<Ipv4Prefix, SubnetLease> leftOut = [];
        foreach (SubnetLease lease in leases)
        {
            (IsLeftOut(lease) ? leftOut : next)[lease.Subnet] = lease;
        }

        var delta = new DeltaBuilder();
        foreach (SubnetLease before in _leases.Values)
        {
            delta.Compare(before, next.GetValueOrDefault(before.Subnet));
        }

        foreach (SubnetLease after in next.Values)
        {
            if (!_leases.ContainsKey(after.Subnet))
            {
                delta.Compare(null, after);
            }
        }

        _leases = next;
        _leftOut = leftOut;
        return Build(delta);
    }

    private LeaseDelta ApplyChanges(IReadOnlyList<LeaseChange> changes)
    {
        // What each touched subnet was before the first of its changes: several changes of one subnet are one.
        Dictionary<Ipv4Prefix, SubnetLease?> touched = [];
        foreach (LeaseChange change in changes)
        {
            if (change.Subnet == OwnSubnet)
            {
                OwnIsHeld = change.Lease?.PublicIp == ownPublicIp;
            }

            touched.TryAdd(change.Subnet, _leases.GetValueOrDefault(change.Subnet));
            _leases.Remove(change.Subnet);
            _leftOut.Remove(change.Subnet);
            if (change.Lease is { } lease)
            {
                (IsLeftOut(lease) ? _leftOut : _leases)[lease.Subnet] = lease;
            }
        }

        var delta = new DeltaBuilder();
        foreach ((Ipv4Prefix subnet, SubnetLease? before) in touched)
        {
            delta.Compare(before, _leases.GetValueOrDefault(subnet));
        }

        return Build(delta);
    }

    private LeaseDelta Build(DeltaBuilder delta)
    {
        SubnetLease[] further =
            [.. _leftOut.Values.Where(lease => lease.Subnet != OwnSubnet && lease.PublicIp == ownPublicIp)];
        HashSet<Ipv4Prefix> before = [.. FurtherOwn.Select(lease => lease.Subnet)];
        SubnetLease[] gained = [.. further.Where(lease => !before.Remove(lease.Subnet))];
        before.Remove(OwnSubnet); // it is the one we hold now
        FurtherOwn = further;

        SubnetLease[] others = [.. _leftOut.Values.Where(lease => !IsOwn(lease))];
        var othersBefore = OfOtherBackends.ToDictionary(lease => (lease.Subnet, lease.Attributes));
        SubnetLease[] othersGained =
            [.. others.Where(lease => !othersBefore.Remove((lease.Subnet, lease.Attributes)))];
        OfOtherBackends = others;
        return delta.Build(gained, [.. before], othersGained, [.. othersBefore.Values]);
    }

    private bool IsLeftOut(SubnetLease lease) => IsOwn(lease) || isForUs?.Invoke(lease.Attributes.Backend) == false;

    private bool IsOwn(SubnetLease lease) => lease.Subnet == OwnSubnet || lease.PublicIp == ownPublicIp;

    private sealed class DeltaBuilder
    {
        private readonly List<SubnetLease> _added = [];
        private readonly List<SubnetLease> _changed = [];
        private readonly List<SubnetLease> _removed = [];

        internal void Compare(SubnetLease? before, SubnetLease? after)
        {
            if (before is null)
            {
                if (after is not null)
                {
                    _added.Add(after);
                }
            }
            else if (after is null)
            {
                _removed.Add(before);
            }
            else if (before.Attributes != after.Attributes)
            {
                _changed.Add(after);
            }
        }

        internal LeaseDelta Build(
            IReadOnlyList<SubnetLease> ownGained, IReadOnlyList<Ipv4Prefix> ownLost,
            IReadOnlyList<SubnetLease> othersGained, IReadOnlyList<SubnetLease> othersLost)
        {
            var delta = new LeaseDelta(_added, _changed, _removed)
            {
                OwnGained = ownGained,
                OwnLost = ownLost,
                OthersGained = othersGained,
                OthersLost = othersLost,
            };
            return delta.IsEmpty ? LeaseDelta.Empty : delta;
        }
    }
}

/// <summary>What an update changed about all leases but the one we hold. No subnet appears twice in a list.</summary>
/// <param name="Added">Leases that were not there.</param>
/// <param name="Changed">Leases whose attributes differ now, as they are now: another public address, say.</param>
/// <param name="Removed">Leases that are gone, as they last were.</param>
public sealed record LeaseDelta(
    IReadOnlyList<SubnetLease> Added,
    IReadOnlyList<SubnetLease> Changed,
    IReadOnlyList<SubnetLease> Removed)
{
    /// <summary>Nothing changed.</summary>
    public static LeaseDelta Empty { get; } = new([], [], []);

    /// <summary>Further leases that name us now.</summary>
    public IReadOnlyList<SubnetLease> OwnGained { get; init; } = [];

    /// <summary>Subnets of leases that did, beside the one we hold.</summary>
    public IReadOnlyList<Ipv4Prefix> OwnLost { get; init; } = [];

    /// <summary>Leases of other backends that were not there as they are now.</summary>
    public IReadOnlyList<SubnetLease> OthersGained { get; init; } = [];

    /// <summary>Leases of other backends that were, as they last were.</summary>
    public IReadOnlyList<SubnetLease> OthersLost { get; init; } = [];

    /// <summary>Whether nothing changed.</summary>
    public bool IsEmpty => Added.Count + Changed.Count + Removed.Count + OwnGained.Count + OwnLost.Count
        + OthersGained.Count + OthersLost.Count == 0;
}
