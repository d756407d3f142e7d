using System;
using System.Collections.Generic;

namespace Overlay.Lease.Judging;

/// <summary>An entry that is passed over, or that keeps its earlier lease because its content cannot be read.</summary>
/// <param name="Stored">The version judged.</param>
/// <param name="Text">What follows the entry's name in a message: what, the value found, the remedy.</param>
public readonly record struct LeaseFault(StoredLease Stored, string Text);

/// <summary>What a store's entries amount to at one moment.</summary>
/// <param name="Counting">Those that are valid and unexpired, by ascending address, no two overlapping.</param>
/// <param name="Stored">All entries, good, bad and expired.</param>
/// <param name="Faults">One for each unexpired entry that is bad.</param>
/// <param name="Now">The moment.</param>
public sealed record LeaseSurvey(
    IReadOnlyList<StoredLease> Counting,
    IReadOnlyList<StoredLease> Stored,
    IReadOnlyList<LeaseFault> Faults,
    DateTimeOffset Now)
{
    /// <summary>The leases of <see cref="Counting"/>.</summary>
    public IReadOnlyList<SubnetLease> Leases { get; } = LeasesOf(Counting);

    private static SubnetLease[] LeasesOf(IReadOnlyList<StoredLease> counting)
    {
        var leases = new SubnetLease[counting.Count];
        for (int i = 0; i < leases.Length; i++)
        {
            leases[i] = counting[i].Lease
                ?? throw new InvalidOperationException($"{counting[i].Name} counts without a lease");
        }

        return leases;
    }
}
