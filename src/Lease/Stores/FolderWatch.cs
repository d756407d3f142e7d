using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease.Judging;
using Overlay.Net;

namespace Overlay.Lease.Stores;

/// <summary>One watcher's memory: what was reported to it, against which the next look is compared.</summary>
/// <param name="folder">The leases.</param>
/// <param name="events">The changes announced.</param>
/// <param name="listen">Has changes in the directory that bears the name now announced to
/// <paramref name="events"/>.</param>
/// <param name="requireStore">Throws an <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> when
/// the store is not there.</param>
/// <param name="config">Decides which leases count.</param>
internal sealed class FolderWatch(
    LeaseFolder folder, FolderEvents events, Action listen, Action requireStore, NetworkConfig config)
{
    // Null before the first snapshot and during a gap: a snapshot is then next.
    private Dictionary<Ipv4Prefix, SubnetLease>? _reported;
    private bool _gapIsReported;

    /// <summary>Looks at the folder at once, and then whenever something is announced or a while has passed.</summary>
    /// <param name="reread">How long to wait for an announcement.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>What each look has brought; null for nothing.</returns>
    internal async IAsyncEnumerable<LeaseUpdate?> LooksAsync(
        TimeSpan reread, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var wake = new FolderWake(IsTimeout: false, Names: null);
        while (true)
        {
            FolderWake reason = wake;
            yield return await Task.Run(() => Look(reason), cancellation);
            wake = await events.WaitAsync(reread, cancellation);
        }
    }

    /// <summary>Looks at the folder.</summary>
    /// <returns>What to report; null when there is nothing.</returns>
    internal LeaseUpdate? Look(FolderWake wake)
    {
        LeaseSurvey survey;
        try
        {
            if (_reported is null)
            {
                // Before the listing, so that no change falls between the two.
                listen();
            }

            if (_reported is null || wake.Names is null)
            {
                folder.RefreshAll();
            }
            else
            {
                folder.Refresh(wake.Names);
            }

            // After the look: a file seen as missing is known to be missing only if the store was there afterwards.
            requireStore();
            survey = folder.Survey(config);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            bool isNews = !_gapIsReported;
            _gapIsReported = true;
            _reported = null;
            return isNews
                ? new LeaseUpdate.Gap(
                    $"the leases in {folder.Directory} cannot be read: {OneLine.Shorten(problem.Message)}")
                : null;
        }

        _gapIsReported = false;
        var now = new Dictionary<Ipv4Prefix, SubnetLease>(survey.Leases.Count);
        foreach (SubnetLease lease in survey.Leases)
        {
            now.Add(lease.Subnet, lease);
        }

        Dictionary<Ipv4Prefix, SubnetLease>? before = _reported;
        _reported = now;
        if (before is null)
        {
            return new LeaseUpdate.Snapshot(survey.Leases);
        }

        List<LeaseChange> changes = Compare(before, now);
        if (changes.Count == 0)
        {
            return null;
        }

        if (wake.IsTimeout)
        {
            // Something happened that nothing announced: the directory that is listened to may have been replaced.
            listen();
            events.AddEverything();
        }

        return new LeaseUpdate.Changes(changes);
    }

    // Removals first: a subnet and a larger or smaller one in its place then never stand side by side.
    private static List<LeaseChange> Compare(
        Dictionary<Ipv4Prefix, SubnetLease> before, Dictionary<Ipv4Prefix, SubnetLease> now)
    {
        List<LeaseChange> changes = [];
        foreach (Ipv4Prefix subnet in before.Keys)
        {
            if (!now.ContainsKey(subnet))
            {
                changes.Add(LeaseChange.Removed(subnet));
            }
        }

        foreach ((Ipv4Prefix subnet, SubnetLease lease) in now)
        {
            // A file that was not read again gives the same object, which record equality looks at first.
            if (!before.TryGetValue(subnet, out SubnetLease? known) || known != lease)
            {
                changes.Add(LeaseChange.Put(lease));
            }
        }

        return changes;
    }
}
