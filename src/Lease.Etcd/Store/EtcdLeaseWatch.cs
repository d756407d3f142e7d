using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Etcdserverpb;
using Overlay.Lease.Etcd.Client;
using Overlay.Lease.StoreKit;

namespace Overlay.Lease.Etcd.Store;

/// <summary>
/// One watch over all leases: a listing, then etcd's events from its revision on, again and again whatever breaks off.
/// For one caller at a time.
/// </summary>
/// <remarks>
/// A watch that was confirmed and breaks off is opened again behind the last event, and as nothing is missed, nothing
/// is reported: servers and proxies end streams for reasons of their own, nginx an idle one after 60 s. Only what
/// cannot be opened again is a gap.
/// </remarks>
/// <param name="client">Where to ask.</param>
/// <param name="keys">What to watch.</param>
/// <param name="config">Which leases count.</param>
/// <param name="keeper">Knows which lease is ours.</param>
/// <param name="clock">Runs the waits.</param>
/// <param name="warn">Gets one line for each key passed over.</param>
/// <param name="random">Of this watch alone. Keeps hosts that lost etcd, or began, at one moment from asking at one
/// moment.</param>
internal sealed class EtcdLeaseWatch(
    EtcdClient client,
    EtcdKeys keys,
    NetworkConfig config,
    OwnLeaseKeeper keeper,
    TimeProvider clock,
    Action<string> warn,
    Random random) : IAsyncDisposable
{
    private const int BreaksOfChance = 3;

    private static readonly TimeSpan s_pauseOfDoubt = TimeSpan.FromSeconds(1);

    // A stream that stands so long is no stream that breaks off as soon as it is opened.
    private static readonly TimeSpan s_stable = TimeSpan.FromSeconds(10);

    private readonly EtcdWatchState _state = new(keys, config, keeper, warn);
    private readonly Queue<LeaseUpdate> _updates = [];
    private readonly RepeatedGaps _gaps = new(clock);
    private readonly RetryPause _pause = new(clock, random);

    private LeaseEventStream? _stream;
    private Task? _relistDue;
    private bool _mustList = true;
    private bool _snapshotIsDue = true;
    private long? _confirmedAt; // of the stream
    private int _breaksInARow; // of streams that did not stand long
    private long? _strangeSince;

    internal required TimeSpan RelistInterval { get; init; }

    internal required TimeSpan StrangeStorePatience { get; init; }

    /// <summary>Waits for the next thing to tell.</summary>
    internal async Task<LeaseUpdate> NextAsync(CancellationToken cancellation)
    {
        while (_updates.Count == 0)
        {
            try
            {
                await StepAsync(cancellation);
            }
            catch (EtcdException problem)
            {
                bool isBreak = _confirmedAt is not null && problem.IsNotReady;
                if (_confirmedAt is not null)
                {
                    client.Counts.AddWatchRestart(CauseOf(problem));
                }

                await CloseAsync();
                if (problem.IsCompacted || problem.IsTooLong)
                {
                    // A listing goes past what is gone from the history, or is too long for it: it takes smaller pages.
                    _mustList = true;
                    _snapshotIsDue = true;
                    continue;
                }

                if (isBreak)
                {
                    FollowBreak(problem);
                }
                else
                {
                    // Whether a call was turned away or broke off is chance while etcd is away.
                    ReportGap(
                        problem.IsNotReady ? $"{problem.Code}" : $"{problem.Code}, {problem.Failure}",
                        $"the leases below {keys.Subnets} cannot be watched: {problem.Message}");
                }

                _pause.Lengthen(problem.IsTooManyRequests);
            }
        }

        return _updates.Dequeue();
    }

    public async ValueTask DisposeAsync()
    {
        if (_stream is not null)
        {
            await _stream.DisposeAsync();
        }
    }

    private async Task StepAsync(CancellationToken cancellation)
    {
        if (_stream is null)
        {
            await _pause.WaitAsync(cancellation);
            if (!_mustList || await ListAsync(cancellation))
            {
                _stream = LeaseEventStream.Open(client, keys, _state.Revision + 1, cancellation);
            }

            return;
        }

        _relistDue ??= _pause.WaitAsync(RelistInterval, cancellation);
        if (await Task.WhenAny(_stream.Next, _relistDue) == _relistDue)
        {
            await _relistDue;
            _relistDue = null;
            await RelistAsync(cancellation);
            return;
        }

        Take(await _stream.TakeAsync());
    }

    private void Take(WatchResponse response)
    {
        if (response.Created)
        {
            _confirmedAt = clock.GetTimestamp();
            _gaps.End();

            // A member that knows less than we do has lost its history, or lags; a listing tells which. etcd's own
            // grpc-proxy names no cluster where another client watches the same.
            bool isOther = response.Header.ClusterId is not 0 and ulong cluster && cluster != _state.ClusterId;
            if (isOther || response.Header.Revision < _state.Revision)
            {
                _relistDue = Task.CompletedTask;
            }
            else
            {
                TellSnapshotIfDue();
            }

            return;
        }

        IReadOnlyList<LeaseChange> changes = _state.Apply(response);
        client.Counts.Reach(_state.Revision);
        Tell(changes);
    }

    /// <returns>False when what was found is not to be believed yet.</returns>
    private async Task<bool> ListAsync(CancellationToken cancellation)
    {
        EtcdListing listing = await EtcdListing.ReadAsync(client, keys, _state.Find, cancellation);
        if (_state.FindStrange(listing) is { } strange)
        {
            if (!IsToBeBelieved(listing, strange.Kind, strange.Reason))
            {
                _mustList = true;
                _pause.Set(s_pauseOfDoubt);
                return false;
            }

            _state.Forget();
            _snapshotIsDue = true;
            listing = await EtcdListing.ReadAsync(client, keys, _ => null, cancellation);
        }

        _strangeSince = null;
        _mustList = false;
        IReadOnlyList<LeaseChange> changes = _state.Apply(listing);
        client.Counts.Reach(_state.Revision);
        if (!TellSnapshotIfDue() && changes.Count > 0)
        {
            // The watch should have told of this, so it may be deaf.
            client.Counts.AddDifferences(changes);
            client.Counts.AddWatchRestart("missed_events");
            await CloseAsync();
            Tell(changes);
        }

        TellQuestion();
        return true;
    }

    private async Task RelistAsync(CancellationToken cancellation)
    {
        try
        {
            if (!await ListAsync(cancellation))
            {
                await CloseAsync();
            }
            else if (_gaps.TryTakeCount(out int count, out TimeSpan time))
            {
                string times = count == 1 ? "time" : "times";
                warn($"the watch of the leases below {keys.Subnets} was interrupted at least {count} more {times} in "
                    + $"the last {time.TotalMinutes:0} min, and went on each time");
            }
        }
        catch (EtcdException problem) when (!problem.IsRefused)
        {
            // The watch still stands and finds out for itself what is wrong; until then nothing is missed.
            _relistDue = _pause.WaitAsync(RetryPause.Longest, cancellation);
        }
    }

    // Nothing is removed because an etcd is empty that was put in place of another, or went back to a backup. Our own
    // renewal, asked for here, writes our lease there, and so do the other hosts'; after a while what it says is true.
    private bool IsToBeBelieved(EtcdListing listing, string kind, string reason)
    {
        if (_strangeSince is not { } since)
        {
            since = clock.GetTimestamp();
            _strangeSince = since;
            ReportGap(
                kind, $"{reason}; its leases are believed {StrangeStorePatience.TotalSeconds:0} s from now, "
                    + "once ours is among them");
            _updates.Enqueue(new LeaseUpdate.OwnInQuestion(reason));
        }

        bool hasOwn = keeper.Own is not { } own || listing.Find(own.Subnet)?.IsOf(own.PublicIp) == true;
        return hasOwn && clock.GetElapsedTime(since) >= StrangeStorePatience;
    }

    private static string CauseOf(EtcdException problem) =>
        problem.IsCompacted ? "compacted"
        : problem.Message.Contains("no leader", StringComparison.Ordinal) ? "no_leader"
        : problem.IsNotReady ? "closed"
        : "error";

    private void ReportGap(string kind, string reason)
    {
        if (_gaps.Fail(kind))
        {
            _snapshotIsDue = true;
            _updates.Enqueue(new LeaseUpdate.Gap(reason));
        }
    }

    // One that breaks off within seconds, again and again, costs etcd and us something, and somebody has to look why.
    // The first of a row, and one that has stood long, are neither reported nor counted.
    private void FollowBreak(EtcdException problem)
    {
        if (++_breaksInARow < BreaksOfChance)
        {
            return;
        }

        if (_gaps.Fail("broken off"))
        {
            warn($"the watch of the leases below {keys.Subnets} breaks off again and again, and goes on each time "
                + $"where it was; the last time: {problem.Message}");
        }

        _gaps.End();
    }

    private bool TellSnapshotIfDue()
    {
        bool isDue = _snapshotIsDue;
        if (isDue)
        {
            _snapshotIsDue = false;
            _gaps.End();
            _updates.Enqueue(_state.Snapshot());
        }

        return isDue;
    }

    private void Tell(IReadOnlyList<LeaseChange> changes)
    {
        if (changes.Count > 0)
        {
            _updates.Enqueue(new LeaseUpdate.Changes(changes));
        }

        TellQuestion();
    }

    private void TellQuestion()
    {
        if (_state.TakeQuestion() is { } question)
        {
            _updates.Enqueue(question);
        }
    }

    private async ValueTask CloseAsync()
    {
        if (_confirmedAt is { } at && clock.GetElapsedTime(at) >= s_stable)
        {
            _pause.Reset();
            _breaksInARow = 0;
        }

        _confirmedAt = null;
        if (_stream is { } stream)
        {
            _stream = null;
            await stream.DisposeAsync();
        }
    }
}
