using System;
using System.Collections.Generic;
using System.Linq;

namespace Overlay.Lease.Judging;

/// <summary>A store's entries in the form an operator sees.</summary>
public static class LeaseEntries
{
    /// <summary>All of them, by ascending address; those that name no subnet last, by name.</summary>
    /// <param name="stored">In any order.</param>
    /// <param name="survey">What they amount to; null when there is no config to judge them by.</param>
    /// <param name="expires">When an entry ends; null when that is not known.</param>
    public static IReadOnlyList<LeaseEntry> Of<T>(
        IEnumerable<T> stored, LeaseSurvey? survey, Func<T, DateTimeOffset?> expires)
        where T : StoredLease
    {
        Dictionary<StoredLease, string> faults = [];
        foreach (LeaseFault fault in survey?.Faults ?? [])
        {
            faults[fault.Stored] = fault.Text;
        }

        return
        [
            .. stored
                .OrderBy(entry => entry.Key is null)
                .ThenBy(entry => entry.Key?.Subnet.Address)
                .ThenBy(entry => entry.Key?.Subnet.Length)
                .ThenBy(entry => entry.Name, StringComparer.Ordinal)
                .Select(entry => Of(entry, expires(entry), faults.GetValueOrDefault(entry))),
        ];
    }

    /// <summary>One of them.</summary>
    public static LeaseEntry Of(StoredLease entry, DateTimeOffset? expires, string? fault = null) => new(
        entry.Name,
        entry.Key,
        entry.Lease?.Attributes,
        expires,
        fault ?? (entry.Defect is null ? null : $"is skipped: {entry.Defect}"));
}
