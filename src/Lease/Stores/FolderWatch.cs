using System;
using System.Collections.Generic;
using System.IO;
using Overlay.Net;

namespace Overlay.Lease;

/// <summary>One watcher's memory: what it was told, against which the next look is compared.</summary>
internal sealed class FolderWatch(LeaseFolder folder, FolderEvents events, NetworkConfig config, Action requireStore)
{
    // Null before the first snapshot and during a gap: the next thing to tell is then a snapshot.
    private Dictionary<Ipv4Prefix, SubnetLease>? _told;
    private bool _gapIsTold;

    /// <summary>Looks at the folder.</summary>
    /// <returns>What to tell; null when there is nothing.</returns>
    internal LeaseUpdate? Look(FolderWake wake)
    {
        LeaseSurvey survey;
        try
        {
            if (_told is null)
            {
                // Before the listing, so that no change falls between the two.
                events.Arm();
            }

            if (_told is null || wake.Names is null)
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
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            bool isNews = !_gapIsTold;
            _gapIsTold = true;
            _told = null;
            return isNews
                ? new LeaseUpdate.Gap($"the leases in {folder.Directory} cannot be read: {OneLine.Shorten(e.Message)}")
                : null;
        }

        _gapIsTold = false;
        Dictionary<Ipv4Prefix, SubnetLease> now = new(survey.Leases.Count);
        foreach (SubnetLease lease in survey.Leases)
        {
            now.Add(lease.Subnet, lease);
        }

        Dictionary<Ipv4Prefix, SubnetLease>? before = _told;
        _told = now;
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
            // Something happened that nobody announced, so the watch may be deaf: its directory may have been replaced.
            events.Arm();
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
