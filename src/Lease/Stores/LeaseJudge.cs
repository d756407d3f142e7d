using System;
using System.Collections.Generic;

namespace Overlay.Lease;

/// <summary>A file that is passed over, or whose new content is.</summary>
/// <param name="File">The version judged.</param>
/// <param name="Text">What follows the file's name in a message: what, the value found, the remedy.</param>
internal readonly record struct LeaseFault(LeaseFile File, string Text);

/// <summary>What the files of a folder amount to at one moment.</summary>
/// <param name="Leases">Valid and unexpired, by ascending address, no two overlapping.</param>
/// <param name="Files">All files, good, bad and expired.</param>
/// <param name="Faults">One for each unexpired file that is bad.</param>
/// <param name="Now">The moment.</param>
internal sealed record FolderSurvey(
    IReadOnlyList<SubnetLease> Leases,
    IReadOnlyList<LeaseFile> Files,
    IReadOnlyList<LeaseFault> Faults,
    DateTimeOffset Now);

/// <summary>
/// Decides which lease files count. Pure, and dependent on nothing but the files and the config, so that every host
/// decides the same.
/// </summary>
internal static class LeaseJudge
{
    internal static FolderSurvey Judge(IReadOnlyList<LeaseFile> files, NetworkConfig config, DateTimeOffset now)
    {
        List<LeaseFault> faults = [];
        List<(LeaseFile File, SubnetLease Lease)> candidates = [];
        foreach (LeaseFile file in files)
        {
            if (file.Expires <= now)
            {
                continue;
            }

            string? fault = file.Lease is { } held ? FaultOf(held, config) : null;
            if (fault is null && file.Lease is { } lease)
            {
                candidates.Add((file, lease));
                if (file.Defect is not null)
                {
                    faults.Add(new(file, $"keeps the lease it held before: {file.Defect}"));
                }
            }
            else
            {
                // The content it has now goes before the content it had and that never counted.
                faults.Add(new(file, $"is skipped: {file.Defect ?? fault}"));
            }
        }

        return new FolderSurvey(WithoutOverlaps(candidates, config.SubnetLength, faults), files, faults, now);
    }

    /// <summary>Why no host may be reached at an address for traffic of this overlay; null when one may.</summary>
    internal static string? FaultOfPublicIp(uint publicIp, NetworkConfig config)
    {
        string shown = Ipv4Prefix.Format(publicIp);
        if (config.Network.Contains(publicIp))
        {
            // Datagrams for it would be routed into the overlay that is to carry them.
            return $"the public address {shown} is inside the overlay's network {config.Network}; "
                + "use an address of the host's own network";
        }

        // RFC 6890: 0.0.0.0/8 and 127.0.0.0/8 name the host itself; 224.0.0.0 and up are groups, reserved or broadcast.
        return (publicIp >> 24) is 0 or 127 or >= 224
            ? $"the public address {shown} is not one host's address; use an address other hosts can send to"
            : null;
    }

    private static string? FaultOf(SubnetLease lease, NetworkConfig config)
    {
        Ipv4Prefix subnet = lease.Subnet;
        if (!subnet.IsMasked)
        {
            return $"{subnet} has host bits; the subnet is {subnet.Masked()}: rename the file, or remove it";
        }

        if (!config.Network.Contains(subnet))
        {
            return $"{subnet} is outside the network {config.Network}; correct Network in the config, "
                + "or remove the file";
        }

        return FaultOfPublicIp(lease.PublicIp, config);
    }

    /// <summary>
    /// Of two leases that overlap, the one of the configured length counts, else the longer; of two files for the same
    /// subnet, the first in ordinal order of names. Prefixes nest, so what overlaps a loser and ranks below it
    /// overlaps the winner too: going through the ranks in order, against winners only, gives the same as comparing
    /// every pair.
    /// </summary>
    private static SubnetLease[] WithoutOverlaps(
        List<(LeaseFile File, SubnetLease Lease)> candidates, int configuredLength, List<LeaseFault> faults)
    {
        candidates.Sort((a, b) =>
        {
            int byRank = Rank(b.Lease.Subnet).CompareTo(Rank(a.Lease.Subnet));
            int byAddress = byRank != 0 ? byRank : a.Lease.Subnet.Address.CompareTo(b.Lease.Subnet.Address);
            return byAddress != 0 ? byAddress : string.CompareOrdinal(a.File.Name, b.File.Name);
        });

        List<SubnetLease> accepted = new(candidates.Count);
        List<SubnetLease> ofThisRank = [];
        int i = 0;
        while (i < candidates.Count)
        {
            int rank = Rank(candidates[i].Lease.Subnet);
            ofThisRank.Clear();
            for (; i < candidates.Count && Rank(candidates[i].Lease.Subnet) == rank; i++)
            {
                (LeaseFile file, SubnetLease lease) = candidates[i];
                SubnetLease? winner = FindOverlap(accepted, lease.Subnet);
                if (winner is null && ofThisRank.Count > 0 && ofThisRank[^1].Subnet == lease.Subnet)
                {
                    winner = ofThisRank[^1];
                }

                if (winner is null)
                {
                    ofThisRank.Add(lease);
                }
                else
                {
                    faults.Add(new(file, $"is skipped: {lease.Subnet} overlaps {winner.Subnet} held by "
                        + $"{Ipv4Prefix.Format(winner.PublicIp)}; remove the file that is wrong"));
                }
            }

            accepted = Merge(accepted, ofThisRank);
        }

        return [.. accepted];

        int Rank(Ipv4Prefix subnet) => subnet.Length == configuredLength ? int.MaxValue : subnet.Length;
    }

    // The list is sorted and free of overlaps, so only the last lease that begins at or before the end can reach in.
    private static SubnetLease? FindOverlap(List<SubnetLease> sorted, Ipv4Prefix subnet)
    {
        int low = 0;
        int high = sorted.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (sorted[middle].Subnet.First <= subnet.Last)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low > 0 && sorted[low - 1].Subnet.Last >= subnet.First ? sorted[low - 1] : null;
    }

    private static List<SubnetLease> Merge(List<SubnetLease> left, List<SubnetLease> right)
    {
        List<SubnetLease> merged = new(left.Count + right.Count);
        int l = 0;
        foreach (SubnetLease lease in right)
        {
            while (l < left.Count && left[l].Subnet.First < lease.Subnet.First)
            {
                merged.Add(left[l++]);
            }

            merged.Add(lease);
        }

        merged.AddRange(left.GetRange(l, left.Count - l));
        return merged;
    }
}
