using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Net;

namespace Overlay.Lease.Judging;

/// <summary>
/// Decides which entries of a store count. Pure, and dependent on nothing but the entries and the config, so that every
/// host decides the same.
/// </summary>
/// <remarks>
/// What a lease's backend publishes is not looked at: flannel's UDP backend uses the leases of every backend.
/// </remarks>
public static class LeaseJudge
{
    /// <summary>What counts of a store's entries.</summary>
    /// <param name="stored">Names are unique.</param>
    /// <param name="config">With IPv4 enabled.</param>
    /// <param name="now">Decides what has expired.</param>
    /// <param name="noun">What the store calls an entry, for messages: <c>file</c> or <c>key</c>.</param>
    public static LeaseSurvey Judge(
        IReadOnlyList<StoredLease> stored, NetworkConfig config, DateTimeOffset now, string noun)
    {
        List<LeaseFault> faults = [];
        var candidates = new List<Candidate>(stored.Count);
        foreach (StoredLease entry in stored)
        {
            if (entry.Expires <= now)
            {
                continue;
            }

            string? fault = entry.Lease is { } held ? FaultOf(held, config, noun) : null;
            if (fault is null && entry.Lease is { } lease)
            {
                candidates.Add(new Candidate(entry, lease));
                if (entry.Defect is not null)
                {
                    faults.Add(new(entry, $"keeps the lease it held before: {entry.Defect}"));
                }
            }
            else
            {
                // The defect of the present content comes before a fault of the lease kept from an earlier version.
                faults.Add(new(entry, $"is skipped: {entry.Defect ?? fault}"));
            }
        }

        return new LeaseSurvey(WithoutOverlaps(candidates, config.SubnetLength, faults, noun), stored, faults, now);
    }

    /// <summary>Why no host can have an address; null when one can.</summary>
    /// <remarks>
    /// It may lie inside the overlay's network: where packets to it go is for the routes of each host to say.
    /// </remarks>
    public static string? FaultOfPublicIp(Ipv4Address publicIp) => publicIp.IsUnicast
        ? null
        : $"the public address {publicIp} is not one host's address; use an address other hosts can send to";

    /// <summary>Why a lease cannot count, whatever the others are; null when it can.</summary>
    /// <param name="lease">As it was found.</param>
    /// <param name="config">With IPv4 enabled.</param>
    /// <param name="noun">What an entry is called where it was found, for the remedy.</param>
    public static string? FaultOf(SubnetLease lease, NetworkConfig config, string noun)
    {
        Ipv4Prefix subnet = lease.Subnet;
        if (!subnet.IsMasked)
        {
            return $"{subnet} has host bits; the subnet is {subnet.Masked()}: rename the {noun}, or remove it";
        }

        if (!config.Network.Contains(subnet))
        {
            return $"{subnet} is outside the network {config.Network}; correct Network in the config, "
                + $"or remove the {noun}";
        }

        return FaultOfPublicIp(lease.PublicIp);
    }

    /// <summary>Two leases that cannot both count; null when there are none.</summary>
    public static (SubnetLease First, SubnetLease Second)? FindOverlap(IEnumerable<SubnetLease> leases)
    {
        SubnetLease? before = null;
        foreach (SubnetLease lease in leases.OrderBy(lease => lease.Subnet.First).ThenBy(lease => lease.Subnet.Length))
        {
            if (before is not null && before.Subnet.Overlaps(lease.Subnet))
            {
                return (before, lease);
            }

            before = lease;
        }

        return null;
    }

    /// <summary>
    /// Of two leases that overlap, the one made first counts, so that what is written by hand over the leases of
    /// running hosts takes nothing from them. Where the store does not know the order: the one of the configured
    /// length, else the longer; of two entries for the same subnet, the first in ordinal order of names. In that order
    /// each is accepted unless it overlaps one that is accepted already.
    /// </summary>
    private static List<StoredLease> WithoutOverlaps(
        List<Candidate> candidates, int configuredLength, List<LeaseFault> faults, string noun)
    {
        candidates.Sort((a, b) =>
        {
            int order = a.Stored.Created.CompareTo(b.Stored.Created);
            order = order != 0 ? order : Rank(b.Lease.Subnet).CompareTo(Rank(a.Lease.Subnet));
            order = order != 0 ? order : a.Lease.Subnet.Address.CompareTo(b.Lease.Subnet.Address);
            return order != 0 ? order : string.CompareOrdinal(a.Stored.Name, b.Stored.Name);
        });

        var accepted = new SortedSet<Candidate>(OverlapComparer.Instance);
        foreach (Candidate candidate in candidates)
        {
            if (!accepted.Add(candidate) && accepted.TryGetValue(candidate, out Candidate winner))
            {
                faults.Add(new(candidate.Stored, $"is skipped: {candidate.Lease.Subnet} overlaps {winner.Lease.Subnet} "
                    + $"held by {winner.Lease.PublicIp}; remove the {noun} that is wrong"));
            }
        }

        var counting = new List<StoredLease>(accepted.Count);
        foreach (Candidate candidate in accepted)
        {
            counting.Add(candidate.Stored);
        }

        return counting;

        int Rank(Ipv4Prefix subnet) => subnet.Length == configuredLength ? int.MaxValue : subnet.Length;
    }

    private readonly record struct Candidate(StoredLease Stored, SubnetLease Lease);

    // Leases that overlap compare as equal. That is an order among disjoint leases only, which is what a set without
    // equal members holds; a lookup then finds the lease that overlaps another in logarithmic time.
    private sealed class OverlapComparer : IComparer<Candidate>
    {
        public static OverlapComparer Instance { get; } = new();

        public int Compare(Candidate x, Candidate y)
        {
            Ipv4Prefix left = x.Lease.Subnet;
            Ipv4Prefix right = y.Lease.Subnet;
            return left.Last < right.First ? -1 : left.First > right.Last ? 1 : 0;
        }
    }
}
