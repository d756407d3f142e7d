using System;
using System.Collections.Generic;
using Overlay.Net;

namespace Overlay.Lease.Judging;

/// <summary>Chooses a free subnet (flannel pkg/subnet/etcd/local_manager.go allocateSubnet). Pure.</summary>
internal static class SubnetAllocator
{
    /// <summary>How many free subnets are looked at: the choice is uniform among the first hundred.</summary>
    public const int CandidateLimit = 100;

    /// <summary>
    /// Walks from SubnetMin to SubnetMax, skips what overlaps a taken prefix, and picks one of the first hundred free
    /// subnets. Hosts that start together then rarely choose the same one.
    /// </summary>
    /// <param name="config">With IPv4 enabled.</param>
    /// <param name="taken">In any order, of any length, overlapping or not.</param>
    /// <param name="random">Decides among the free ones.</param>
    /// <returns>Null when no subnet is free, also when SubnetMin is above SubnetMax.</returns>
    public static Ipv4Prefix? Pick(NetworkConfig config, IEnumerable<Ipv4Prefix> taken, Random random)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(taken);
        ArgumentNullException.ThrowIfNull(random);

        List<Ipv4Prefix> sorted = [.. taken];
        sorted.Sort((a, b) => a.First.CompareTo(b.First));

        // 64 bits: the step after 255.255.255.0 does not fit in 32.
        ulong step = 1UL << (32 - config.SubnetLength);
        List<Ipv4Address> free = [];
        int next = 0;
        ulong takenUpTo = 0;
        ulong max = config.SubnetMax.Value;
        for (ulong candidate = config.SubnetMin.Value; candidate <= max && free.Count < CandidateLimit;)
        {
            // A taken prefix that begins before the candidate's end overlaps it or lies before it.
            while (next < sorted.Count && sorted[next].First.Value < candidate + step)
            {
                takenUpTo = Math.Max(takenUpTo, (ulong)sorted[next].Last.Value + 1);
                next++;
            }

            if (takenUpTo <= candidate)
            {
                free.Add(new Ipv4Address((uint)candidate));
                candidate += step;
            }
            else
            {
                candidate = (takenUpTo + step - 1) / step * step;
            }
        }

        return free.Count == 0 ? null : new Ipv4Prefix(free[random.Next(free.Count)], config.SubnetLength);
    }
}
