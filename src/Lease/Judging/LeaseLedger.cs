using System;
using System.Collections.Generic;
using Overlay.Net;

namespace Overlay.Lease.Judging;

/// <summary>
/// A store's entries and which of them count, kept up to date entry by entry. The result is that of
/// <see cref="LeaseJudge"/> on all entries; the cost is that of the entries that a change can affect. For one thread at
/// a time.
/// </summary>
/// <remarks>
/// Prefixes nest or are disjoint. So whatever a change to one lease can make count, or keep from counting, lies within
/// the largest leased prefix around it, and only what lies there is judged again. Nothing expires here: it is for
/// stores that end leases themselves.
/// </remarks>
/// <param name="config">With IPv4 enabled.</param>
/// <param name="noun">What the store calls an entry, for messages.</param>
/// <param name="report">Gets each fault once for each version it is found in, and again when it comes back.</param>
public sealed class LeaseLedger(NetworkConfig config, string noun, Action<LeaseFault> report)
{
    private readonly Dictionary<string, StoredLease> _stored = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StoredLease> _faulty = new(StringComparer.Ordinal);
    private readonly Dictionary<Ipv4Prefix, StoredLease> _counting = [];

    // The entries that could count, by where they begin; and how many there are of each subnet.
    private readonly SortedSet<Place> _places = new(PlaceComparer.Instance);
    private readonly Dictionary<Ipv4Prefix, int> _held = [];

    /// <summary>All entries by name. A live collection: it changes with the next <see cref="Apply"/>.</summary>
    public IReadOnlyDictionary<string, StoredLease> Stored => _stored;

    /// <summary>The entries that count, by subnet. A live collection as well.</summary>
    public IReadOnlyDictionary<Ipv4Prefix, StoredLease> Counting => _counting;

    /// <summary>Takes in what became of some entries.</summary>
    /// <param name="touched">In order; a null entry is gone. The last one of a name counts.</param>
    /// <returns>The net effect on what counts. Removals come first: a subnet and a larger or smaller one in its place
    /// then never stand side by side. A lease that was written is reported again even if nothing in it has
    /// changed.</returns>
    public IReadOnlyList<LeaseChange> Apply(IReadOnlyList<(string Name, StoredLease? Stored)> touched)
    {
        Dictionary<Ipv4Prefix, StoredLease?> before = [];
        HashSet<StoredLease> written = [];
        List<Ipv4Prefix> reached = [];
        List<StoredLease> alone = [];
        foreach ((string name, StoredLease? stored) in touched)
        {
            if (_stored.Remove(name, out StoredLease? old) && CanCount(old, out Ipv4Prefix left))
            {
                Leave(old, left, before);
                reached.Add(left);
            }

            if (stored is null)
            {
                _faulty.Remove(name);
                continue;
            }

            _stored.Add(name, stored);
            written.Add(stored);
            if (CanCount(stored, out Ipv4Prefix entered))
            {
                Enter(stored, entered);
                reached.Add(entered);
            }
            else
            {
                alone.Add(stored);
            }
        }

        HashSet<Ipv4Prefix> judged = [];
        foreach (Ipv4Prefix subnet in reached)
        {
            Ipv4Prefix whole = LargestAround(subnet);
            if (judged.Add(whole))
            {
                JudgeWithin(whole, before);
            }
        }

        foreach (StoredLease stored in alone)
        {
            if (_stored.GetValueOrDefault(stored.Name) == stored)
            {
                Judge([stored], before);
            }
        }

        return NetChanges(before, written);
    }

    // A lease outside the network never counts, and must not join leases inside it into one group to be judged.
    private bool CanCount(StoredLease stored, out Ipv4Prefix subnet)
    {
        subnet = stored.Lease?.Subnet.Masked() ?? default;
        return stored.Lease is not null && config.Network.Contains(subnet);
    }

    private void Enter(StoredLease stored, Ipv4Prefix subnet)
    {
        _places.Add(new Place(subnet, stored.Name));
        _held[subnet] = _held.GetValueOrDefault(subnet) + 1;
    }

    private void Leave(StoredLease stored, Ipv4Prefix subnet, Dictionary<Ipv4Prefix, StoredLease?> before)
    {
        _places.Remove(new Place(subnet, stored.Name));
        if (--_held[subnet] == 0)
        {
            _held.Remove(subnet);
        }

        StopCounting(stored, subnet, before);
    }

    private void StopCounting(StoredLease stored, Ipv4Prefix subnet, Dictionary<Ipv4Prefix, StoredLease?> before)
    {
        if (_counting.GetValueOrDefault(subnet) == stored)
        {
            before.TryAdd(subnet, stored);
            _counting.Remove(subnet);
        }
    }

    private Ipv4Prefix LargestAround(Ipv4Prefix subnet)
    {
        for (int length = config.Network.Length; length < subnet.Length; length++)
        {
            Ipv4Prefix around = new Ipv4Prefix(subnet.Address, length).Masked();
            if (_held.ContainsKey(around))
            {
                return around;
            }
        }

        return subnet;
    }

    private void JudgeWithin(Ipv4Prefix whole, Dictionary<Ipv4Prefix, StoredLease?> before)
    {
        List<StoredLease> members = [];
        var first = new Place(new Ipv4Prefix(whole.First, 0), "");
        var last = new Place(new Ipv4Prefix(whole.Last, 33), "");
        foreach (Place place in _places.GetViewBetween(first, last))
        {
            members.Add(_stored[place.Name]);
        }

        Judge(members, before);
    }

    private void Judge(List<StoredLease> members, Dictionary<Ipv4Prefix, StoredLease?> before)
    {
        LeaseSurvey survey = LeaseJudge.Judge(members, config, DateTimeOffset.MinValue, noun);
        foreach (StoredLease member in members)
        {
            StopCounting(member, member.Lease?.Subnet.Masked() ?? default, before);
        }

        for (int i = 0; i < survey.Counting.Count; i++)
        {
            Ipv4Prefix subnet = survey.Leases[i].Subnet;
            before.TryAdd(subnet, null);
            _counting.Add(subnet, survey.Counting[i]);
        }

        HashSet<StoredLease> bad = [];
        foreach (LeaseFault fault in survey.Faults)
        {
            bad.Add(fault.Stored);
            if (_faulty.GetValueOrDefault(fault.Stored.Name) != fault.Stored)
            {
                _faulty[fault.Stored.Name] = fault.Stored;
                report(fault);
            }
        }

        foreach (StoredLease member in members)
        {
            if (!bad.Contains(member))
            {
                _faulty.Remove(member.Name);
            }
        }
    }

    private List<LeaseChange> NetChanges(Dictionary<Ipv4Prefix, StoredLease?> before, HashSet<StoredLease> written)
    {
        List<LeaseChange> changes = [];
        foreach ((Ipv4Prefix subnet, StoredLease? was) in before)
        {
            if (was is not null && !_counting.ContainsKey(subnet))
            {
                changes.Add(LeaseChange.Removed(subnet));
            }
        }

        foreach ((Ipv4Prefix subnet, StoredLease? was) in before)
        {
            if (_counting.TryGetValue(subnet, out StoredLease? now)
                && now.Lease is { } lease
                && (was?.Lease != lease || written.Contains(now)))
            {
                changes.Add(LeaseChange.Put(lease));
            }
        }

        return changes;
    }

    private readonly record struct Place(Ipv4Prefix Subnet, string Name);

    private sealed class PlaceComparer : IComparer<Place>
    {
        public static PlaceComparer Instance { get; } = new();

        public int Compare(Place x, Place y)
        {
            int order = x.Subnet.Address.CompareTo(y.Subnet.Address);
            order = order != 0 ? order : x.Subnet.Length.CompareTo(y.Subnet.Length);
            return order != 0 ? order : string.CompareOrdinal(x.Name, y.Name);
        }
    }
}
