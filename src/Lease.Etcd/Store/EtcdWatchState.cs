using System;
using System.Collections.Generic;
using Etcdserverpb;
using Google.Protobuf.Collections;
using Mvccpb;
using Overlay.Lease.Judging;
using Overlay.Net;

namespace Overlay.Lease.Etcd.Store;

/// <summary>
/// What one watcher knows of the leases and how far in etcd's history: turns listings and events into updates. Pure
/// state; for one thread at a time.
/// </summary>
internal sealed class EtcdWatchState
{
    private readonly EtcdKeys _keys;
    private readonly NetworkConfig _config;
    private readonly OwnLeaseKeeper _keeper;
    private readonly Action<string> _warn;
    private readonly HashSet<string> _sharers = [];

    private LeaseLedger _ledger;
    private long _listed;
    private string? _question;

    internal EtcdWatchState(EtcdKeys keys, NetworkConfig config, OwnLeaseKeeper keeper, Action<string> warn)
    {
        _keys = keys;
        _config = config;
        _keeper = keeper;
        _warn = warn;
        _ledger = NewLedger();
    }

    /// <summary>Which etcd the leases are from; 0 before the first listing.</summary>
    internal ulong ClusterId { get; private set; }

    /// <summary>Everything up to this revision is known; a watch goes on with the next.</summary>
    internal long Revision { get; private set; }

    internal EtcdLease? Find(string name) => _ledger.Stored.GetValueOrDefault(name) as EtcdLease;

    /// <summary>Whether a listing is of another etcd, or of an older state of this one.</summary>
    /// <returns>Null when it is neither; else which of the two, the same words each time, and the reason with its
    /// numbers.</returns>
    internal (string Kind, string Reason)? FindStrange(EtcdListing listing) =>
        ClusterId == 0 ? null
        : listing.ClusterId != ClusterId
            ? ("another cluster", $"etcd is another cluster now ({listing.ClusterId:x}, before {ClusterId:x})")
        : listing.Revision < Revision
            ? ("older revision", $"etcd has gone back to revision {listing.Revision}, before {Revision}")
        : null;

    /// <summary>Takes a strange listing for the truth from here on.</summary>
    internal void Forget()
    {
        _ledger = NewLedger();
        _sharers.Clear();
        ClusterId = 0;
        Revision = 0;
        _listed = 0;
    }

    /// <summary>Takes in all leases at one revision.</summary>
    /// <returns>What differs from what was known.</returns>
    internal IReadOnlyList<LeaseChange> Apply(EtcdListing listing)
    {
        List<(string Name, StoredLease? Stored)> touched = [];
        foreach ((string name, EtcdLease lease) in listing.Leases)
        {
            if (Find(name) != lease)
            {
                touched.Add((name, lease));
            }
        }

        foreach (string name in _ledger.Stored.Keys)
        {
            if (!listing.Leases.ContainsKey(name))
            {
                touched.Add((name, null));
            }
        }

        ClusterId = listing.ClusterId;
        Revision = Math.Max(Revision, listing.Revision);
        _listed = listing.Revision;
        return Apply(touched);
    }

    /// <summary>Takes in what happened, as one answer of etcd tells it.</summary>
    internal IReadOnlyList<LeaseChange> Apply(WatchResponse response)
    {
        if (response.Canceled)
        {
            // it brings no events, and its revision is not one we have reached; the next read says why it ended
            return [];
        }

        RepeatedField<Event> events = response.Events;
        var touched = new List<(string Name, StoredLease? Stored)>(events.Count);
        var latest = new Dictionary<string, EtcdLease?>(StringComparer.Ordinal);
        foreach (Event happened in events)
        {
            // A listing made while this was on its way knows it already, and perhaps what came after it.
            if (happened.Kv.ModRevision <= _listed)
            {
                continue;
            }

            string name = _keys.NameOf(happened.Kv.Key);
            EtcdLease? lease = null;
            if (happened.Type == Event.Types.EventType.Put)
            {
                EtcdLease? before = latest.TryGetValue(name, out EtcdLease? known) ? known : Find(name);
                lease = EtcdLease.Read(name, happened.Kv, before);
            }

            latest[name] = lease;
            touched.Add((name, lease));
        }

        // The header's revision is the store's, and a watch that catches up is behind it: only an answer without events
        // says that the watch is as far. flannel goes by the header and can lose what is in between.
        long reached = events.Count > 0 ? events[^1].Kv.ModRevision : response.Header.Revision;
        Revision = Math.Max(Revision, reached);
        return Apply(touched);
    }

    internal LeaseUpdate.Snapshot Snapshot()
    {
        var leases = new List<SubnetLease>(_ledger.Counting.Count);
        foreach (StoredLease counting in _ledger.Counting.Values)
        {
            leases.Add(
                counting.Lease ?? throw new InvalidOperationException($"{counting.Name} counts without a lease"));
        }

        leases.Sort((a, b) => a.Subnet.First.CompareTo(b.Subnet.First));
        return new LeaseUpdate.Snapshot(leases);
    }

    /// <summary>Says once whenever our own lease comes into question.</summary>
    internal LeaseUpdate.OwnInQuestion? TakeQuestion()
    {
        string? before = _question;
        _question = Question();
        return _question is null || _question == before ? null : new LeaseUpdate.OwnInQuestion(_question);
    }

    private string? Question()
    {
        // A version older than the one we have written is only news that is late.
        if (_keeper.Own is not { } own || Find(own.Name) is not { } found || found.ModRevision < own.ModRevision)
        {
            return null;
        }

        StoredLease? rival = null;
        if (_ledger.Counting.GetValueOrDefault(own.Subnet) != found && found.IsReadable)
        {
            foreach ((Ipv4Prefix subnet, StoredLease counting) in _ledger.Counting)
            {
                rival = subnet.Overlaps(own.Subnet) ? counting : rival;
            }
        }

        return OwnLeaseTrouble.Describe(own, own.VerdictOn(found, _keeper.Grants), found, rival, _keys);
    }

    private IReadOnlyList<LeaseChange> Apply(List<(string Name, StoredLease? Stored)> touched)
    {
        IReadOnlyList<LeaseChange> changes = _ledger.Apply(touched);
        foreach (LeaseChange change in changes)
        {
            if (change.Kind == LeaseChangeKind.Removed)
            {
                _sharers.Remove(EtcdKeys.NameOf(change.Subnet));
            }

            WarnOfSharedAddress(change);
        }

        return changes;
    }

    private void WarnOfSharedAddress(LeaseChange change)
    {
        if (_keeper.Own is { } own
            && change.Lease is { } lease
            && lease.PublicIp == own.PublicIp
            && lease.Subnet != own.Subnet
            && _ledger.Counting.GetValueOrDefault(lease.Subnet) is EtcdLease { IsReservation: false } other
            && !_keeper.Grants.Contains(other.LeaseId)
            && _sharers.Add(other.Name))
        {
            _warn($"lease key {_keys.Of(other.Name)} has this host's public address {own.PublicIp} too, "
                + $"which holds {own.Subnet}, so the packets of both go here; remove it if it is an old one, give each "
                + "host its own --public-ip if two have this one, and reserve both subnets if both are this host's");
        }
    }

    private LeaseLedger NewLedger() => new(
        _config, EtcdLeaseStore.Noun, fault => _warn($"lease key {_keys.Of(fault.Stored.Name)} {fault.Text}"));
}
