using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Health;
using Overlay.Daemon.Logging;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Net;

namespace Overlay.Daemon.Leases;

/// <summary>Puts leases in force; when it returns, packets follow them.</summary>
/// <param name="leases">All there are now; read before the call returns.</param>
/// <param name="delta">What has changed since the last call.</param>
internal delegate void ApplyLeases(LeaseView leases, LeaseDelta delta);

/// <summary>Which leases a host's backend can use.</summary>
/// <param name="Type">The backend.</param>
/// <param name="Takes">Whether a peer's lease is for it.</param>
internal sealed record BackendLeases(string Type, Func<BackendLeaseData, bool> Takes);

/// <summary>
/// Keeps routes and own subnet up to date. What the store tells and what becomes of the own lease arrives here in one
/// queue, and here alone it is applied: store and keeper → view → backend, subnet.env, snapshot.
/// </summary>
internal sealed class LeaseLoop
{
    /// <summary>
    /// Changes beyond this many in one update are logged as a sum: the first snapshot of a large network, say.
    /// </summary>
    private const int MostChangesLoggedSingly = 16;

    // Updates that wait to be applied: enough that the store need not wait for a table to be built.
    private const int MostEventsWaiting = 16;

    // A stop takes less than 2 s, whatever the disk under the snapshot does.
    private static readonly TimeSpan s_patienceAtEnd = TimeSpan.FromSeconds(0.5);

    private readonly ILeaseStore _store;
    private readonly StartingPoint _start;
    private readonly LeaseKeeper _keeper;
    private readonly BackendLeases _backend;
    private readonly ApplyLeases _apply;
    private readonly SnapshotWriter _snapshots;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;

    private readonly LeaseView _view;
    private readonly TaskCompletionSource _firstUpdate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<LeaseEvent> _events = Channel.CreateBounded<LeaseEvent>(MostEventsWaiting);

    private volatile IReadOnlyCollection<SubnetLease> _leftOut = [];
    private volatile KnownLeases _known;
    private SubnetLease _own;
    private bool _knowsPeers; // from a snapshot, the store's or the file's: before it, nothing is worth saving
    private bool _isInGap;

    /// <param name="store">What is watched.</param>
    /// <param name="start">What is held and known at first.</param>
    /// <param name="keeper">Of the same lease; this loop runs it.</param>
    /// <param name="backend">Which leases are for this host's backend.</param>
    /// <param name="apply">Puts every change of the peers and of the own subnet in force.</param>
    /// <param name="snapshots">Gets what would be needed to start without the store; this loop runs it.</param>
    /// <param name="clock">Dates snapshots.</param>
    /// <param name="log">Gets a line for each change.</param>
    internal LeaseLoop(
        ILeaseStore store, StartingPoint start, LeaseKeeper keeper, BackendLeases backend, ApplyLeases apply,
        SnapshotWriter snapshots, TimeProvider clock, ILogger log)
    {
        _store = store;
        _start = start;
        _keeper = keeper;
        _backend = backend;
        _apply = apply;
        _snapshots = snapshots;
        _clock = clock;
        _log = log;
        _own = start.Own;
        _view = new LeaseView(start.Own.Subnet, start.Own.PublicIp, backend.Takes);
        _known = new KnownLeases(start.Own, [], [], []);
    }

    /// <summary>Gets the trouble that is seen.</summary>
    internal required HealthBoard Health { get; init; }

    /// <summary>Gets a clause when only another start can follow what the store says of this host.</summary>
    internal Action<string> Restart { get; init; } = _ => { };

    /// <summary>
    /// Gets a turn for all that is applied at once. The store's answers are waited for between turns: one that is away,
    /// or on a file system that hangs, is no reason to start again, which would end forwarding and wait for it as well.
    /// </summary>
    internal WorkTurns Turns { get; init; } = new();

    /// <summary>
    /// Completes when routes are in force: those of the store's first answer, or of a snapshot that was started from.
    /// </summary>
    internal Task FirstUpdate => _firstUpdate.Task;

    /// <summary>The other hosts' leases that are for another backend. Any thread may ask.</summary>
    internal IReadOnlyCollection<SubnetLease> LeftOut => _leftOut;

    /// <summary>The leases in force. Any thread may ask.</summary>
    internal KnownLeases Known => _known;

    /// <summary>
    /// Runs until cancelled, or until one of its parts ends by itself: none is any use without the others.
    /// </summary>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var applied = new CancellationTokenSource();
        BeginWithKnownPeers();
        Task applying = ApplyAsync(ending.Token);
        Task saving = _snapshots.RunAsync(applied.Token);
        Task first = await Task.WhenAny(
            WatchAsync(ending.Token), _keeper.RunAsync(ReportAsync, ending.Token), applying, saving);
        await ending.CancelAsync();

        // The store is not waited for: one on a file system that hangs would keep the daemon from ending.
        await Task.WhenAny(applying, Task.Delay(s_patienceAtEnd, CancellationToken.None));
        await applied.CancelAsync();
        await Task.WhenAny(saving, Task.Delay(s_patienceAtEnd, CancellationToken.None));
        try
        {
            await first;
        }
        catch (Exception problem)
        {
            _firstUpdate.TrySetException(problem);
            throw;
        }
    }

    private void BeginWithKnownPeers()
    {
        if (_start.Peers is { } peers)
        {
            LeaseDelta delta = _view.Apply(new LeaseUpdate.Snapshot([_own, .. peers]));
            _knowsPeers = true;
            _apply(_view, delta);
            ReportOthers(delta);
            Show();
            _firstUpdate.SetResult();
            _keeper.Doubt(LeaseDoubts.MayBeLost);
        }
    }

    private async Task WatchAsync(CancellationToken cancellation)
    {
        await foreach (LeaseUpdate update in _store.WatchAsync(_start.Config, cancellation))
        {
            await _events.Writer.WriteAsync(new LeaseEvent.Told(update), cancellation);
        }

        throw new InvalidOperationException($"the watch of {_store.Description} has ended by itself");
    }

    private ValueTask ReportAsync(SubnetLease lease, CancellationToken cancellation) =>
        _events.Writer.WriteAsync(new LeaseEvent.Held(lease), cancellation);

    private async Task ApplyAsync(CancellationToken cancellation)
    {
        await foreach (LeaseEvent next in _events.Reader.ReadAllAsync(cancellation))
        {
            Turns.Begin();
            switch (next)
            {
                case LeaseEvent.Told told:
                    Apply(told.Update);
                    break;
                case LeaseEvent.Held held:
                    Hold(held.Lease);
                    break;
            }

            Turns.End();
        }
    }

    private void Apply(LeaseUpdate update)
    {
        if (update is LeaseUpdate.OwnInQuestion question)
        {
            Log.OwnInQuestion(_log, _own.Subnet.ToString(), question.Reason);
            Health.Raise(HealthCodes.LeaseInQuestion, _own.Subnet.ToString(), question.Reason);
            _keeper.Doubt(LeaseDoubts.MayBeLost);
            return;
        }

        if (update is LeaseUpdate.HostChanged changed)
        {
            Restart(changed.Reason);
            return;
        }

        FollowGap(update);
        bool wasHeld = _view.OwnIsHeld;
        LeaseDelta delta = _view.Apply(update);
        _knowsPeers |= update is LeaseUpdate.Snapshot;
        if (!delta.IsEmpty || !_firstUpdate.Task.IsCompleted)
        {
            _apply(_view, delta);
            Report(delta);
            Show();
            Save();
        }

        _firstUpdate.TrySetResult();
        if (!_view.OwnIsHeld && update is not LeaseUpdate.Gap)
        {
            if (wasHeld && !_view.OwnIsTaken) // by whom, the renewal says
            {
                Log.OwnIsGone(_log, _own.Subnet.ToString());
                Health.Raise(HealthCodes.LeaseInQuestion, _own.Subnet.ToString(), "it is gone from the store");
            }

            _keeper.Doubt(LeaseDoubts.MayBeLost);
        }
    }

    private void FollowGap(LeaseUpdate update)
    {
        if (update is LeaseUpdate.Gap gap)
        {
            _isInGap = true;
            Log.Gap(_log, gap.Reason);
            Health.Raise(HealthCodes.LeaseStoreAway, _store.Description, gap.Reason);
        }
        else if (_isInGap)
        {
            _isInGap = false;
            Log.GapOver(_log);
            Health.Clear(HealthCodes.LeaseStoreAway);
            _keeper.Doubt(LeaseDoubts.StoreIsBack);
        }
    }

    private void Hold(SubnetLease lease)
    {
        Ipv4Prefix before = _own.Subnet;
        _own = lease;
        Health.Clear(HealthCodes.LeaseInQuestion); // it was renewed, or is another one
        if (lease.Subnet != before)
        {
            LeaseDelta delta = _view.MoveTo(lease.Subnet);
            _apply(_view, delta);
            Report(delta);
        }

        Show();
        Save();
    }

    private void Show() => _known = new KnownLeases(_own, [.. _view.Leases], [.. _view.FurtherOwn], _leftOut);

    private void Save()
    {
        if (_knowsPeers)
        {
            _snapshots.Offer(new LeaseSnapshot(
                _clock.GetUtcNow(), _store.Description, _start.Config, _own,
                [.. _view.Leases, .. _view.FurtherOwn, .. _view.OfOtherBackends]));
        }
    }

    private void Report(LeaseDelta delta)
    {
        ReportOwn(delta);
        ReportOthers(delta);
        if (delta.Added.Count + delta.Changed.Count + delta.Removed.Count > MostChangesLoggedSingly)
        {
            Log.SubnetsChanged(_log, delta.Added.Count, delta.Changed.Count, delta.Removed.Count, _view.Leases.Count);
            return;
        }

        foreach (SubnetLease lease in delta.Added)
        {
            Log.SubnetAdded(_log, lease.Subnet.ToString(), lease.PublicIp.ToString());
        }

        foreach (SubnetLease lease in delta.Changed)
        {
            Log.SubnetChanged(_log, lease.Subnet.ToString(), lease.PublicIp.ToString());
        }

        foreach (SubnetLease lease in delta.Removed)
        {
            Log.SubnetRemoved(_log, lease.Subnet.ToString());
        }
    }

    private void ReportOwn(LeaseDelta delta)
    {
        if (delta.OwnGained.Count > 0)
        {
            string subnets = string.Join(", ", delta.OwnGained.Select(lease => lease.Subnet));
            Log.FurtherOwn(_log, subnets, _own.PublicIp.ToString());
        }

        if (delta.OwnLost.Count > 0)
        {
            Log.FurtherOwnLost(_log, string.Join(", ", delta.OwnLost));
        }
    }

    // As stock (pkg/backend/route_network.go), but once.
    private void ReportOthers(LeaseDelta delta)
    {
        _leftOut = _view.OfOtherBackends;
        RaiseOthers();
        HashSet<Ipv4Prefix> known = [.. delta.OthersLost.Select(lease => lease.Subnet)];
        SubnetLease[] added = [.. delta.OthersGained.Where(lease => !known.Contains(lease.Subnet))];
        if (added.Length > 0)
        {
            Log.OtherBackends(_log, _backend.Type, NameList.Shorten(
                [.. added.Select(lease => $"{lease.Subnet} ({lease.Attributes.Backend.Name})")]));
        }
    }

    private void RaiseOthers()
    {
        Health.ClearExcept(
            HealthCodes.PeerOtherBackend, [.. _leftOut.Select(lease => lease.Subnet.ToString())]);
        foreach (SubnetLease lease in _leftOut)
        {
            Health.Raise(
                HealthCodes.PeerOtherBackend, lease.Subnet.ToString(),
                $"the lease of {lease.PublicIp} is for {lease.Attributes.Backend.Name}, this host has {_backend.Type}");
        }
    }

    /// <summary>What there is to be applied.</summary>
    private abstract record LeaseEvent
    {
        /// <summary>The store's watch told something.</summary>
        internal sealed record Told(LeaseUpdate Update) : LeaseEvent;

        /// <summary>The own lease was renewed, or replaced by another.</summary>
        internal sealed record Held(SubnetLease Lease) : LeaseEvent;
    }
}
