using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease.Kubernetes.Access;
using Overlay.Lease.Kubernetes.Client;
using Overlay.Lease.Kubernetes.Nodes;
using Overlay.Lease.StoreKit;

namespace Overlay.Lease.Kubernetes.Store;

/// <summary>
/// One watch over all nodes: a listing, then events from its resource version on, again and again whatever breaks off.
/// For one caller at a time.
/// </summary>
/// <remarks>
/// The server ends each watch after the time it was asked to, and it is opened again behind the last event or bookmark:
/// nothing is missed, so nothing is reported. Where the server no longer has that version (410), the nodes are listed
/// anew, and what differs is reported as changes. Only what cannot be opened again is a gap.
/// </remarks>
/// <param name="client">Where to ask.</param>
/// <param name="table">The nodes.</param>
/// <param name="options">How long a watch is kept.</param>
/// <param name="source">Where what we show the server comes from, for messages.</param>
/// <param name="clock">Runs the waits.</param>
/// <param name="warn">Gets one line for a watch that breaks off again and again.</param>
/// <param name="random">Of this watch alone. Keeps hosts that lost the server at one moment from asking at one
/// moment.</param>
internal sealed class KubeLeaseWatch(
    ApiClient client,
    NodeTable table,
    KubeOptions options,
    string source,
    TimeProvider clock,
    Action<string> warn,
    Random random) : IAsyncDisposable
{
    private const int BreaksOfChance = 3;

    private static readonly TimeSpan s_pauseOfDoubt = TimeSpan.FromSeconds(1);

    // A watch that stands so long is none that breaks off as soon as it is opened.
    private static readonly TimeSpan s_stable = TimeSpan.FromSeconds(10);

    private readonly Queue<LeaseUpdate> _updates = [];
    private readonly RepeatedGaps _gaps = new(clock);
    private readonly RetryPause _pause = new(clock, random);

    private NodeWatchStream? _stream;
    private bool _mustList = true;
    private bool _snapshotIsDue = true;
    private long _openedAt;
    private int _breaksInARow;
    private long? _strangeSince;

    /// <summary>How long a listing without the own node is not believed.</summary>
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
            catch (ApiException problem)
            {
                await FailAsync(problem);
            }
            catch (LeaseStoreException problem)
            {
                await CloseAsync(); // a token or a certificate that cannot be read at this moment
                ReportGap("credentials", problem.Message);
                _pause.Set(RetryPause.Longest);
            }
        }

        return _updates.Dequeue();
    }

    public ValueTask DisposeAsync() => CloseAsync();

    private async Task StepAsync(CancellationToken cancellation)
    {
        if (_stream is null)
        {
            await _pause.WaitAsync(cancellation);
            if (_mustList && !await ListAsync(cancellation))
            {
                return;
            }

            _stream = await client.WatchNodesAsync(
                table.ResourceVersion, options.WatchTime * (1 + random.NextDouble()), cancellation);
            _openedAt = clock.GetTimestamp();
            _gaps.End();
            TellSnapshotIfDue();
            return;
        }

        IReadOnlyList<NodeEvent> events = await _stream.ReadAsync(cancellation);
        if (events.Count == 0)
        {
            await CloseAsync();
            client.Counts.AddWatchRestart("closed");
            FollowBreak("the server ended it");
            return;
        }

        int count = 0;
        while (count < events.Count && events[count].Kind != NodeEventKind.Error)
        {
            count++;
        }

        Tell(table.Apply(count == events.Count ? events : [.. events.Take(count)]));
        Reach();
        if (count < events.Count)
        {
            throw ApiFailures.Of(client.Server, ApiClient.WatchNodes, events[count].Error!);
        }
    }

    /// <returns>False when what was found is not to be believed yet.</returns>
    private async Task<bool> ListAsync(CancellationToken cancellation)
    {
        List<NodeRecord> nodes = [];
        NodePage page = await client.ListNodesAsync(null, cancellation);
        nodes.AddRange(page.Nodes);
        while (page.Continue is { } next)
        {
            page = await client.ListNodesAsync(next, cancellation);
            nodes.AddRange(page.Nodes);
        }

        if (table.IsStrange(nodes) && !IsToBeBelieved())
        {
            _mustList = true; // also where a watch has asked for it
            _pause.Set(s_pauseOfDoubt);
            return false;
        }

        _strangeSince = null;
        _mustList = false;
        IReadOnlyList<LeaseChange> changes = table.Apply(nodes, page.ResourceVersion);
        Reach();
        if (!TellSnapshotIfDue())
        {
            client.Counts.AddDifferences(changes);
            Tell(changes);
        }

        return true;
    }

    // Nothing is removed because a cluster is empty that was put in place of another, or went back to a backup: the
    // kubelets register their nodes there again. After a while what it says is true.
    private bool IsToBeBelieved()
    {
        if (_strangeSince is not { } since)
        {
            since = clock.GetTimestamp();
            _strangeSince = since;
            ReportGap(
                "without own node",
                $"the nodes of {client.Server} are listed without this host's own; they are believed "
                    + $"{StrangeStorePatience.TotalSeconds:0} s from now, or once it is among them");
        }

        return clock.GetElapsedTime(since) >= StrangeStorePatience;
    }

    private void Reach()
    {
        if (table.Revision is { } revision)
        {
            client.Counts.Reach(revision);
        }
    }

    private async Task FailAsync(ApiException problem)
    {
        bool stood = _stream is not null;
        await CloseAsync();
        if (stood)
        {
            client.Counts.AddWatchRestart(problem.Failure switch
            {
                ApiFailure.Expired => "expired",
                ApiFailure.NotReady => "closed",
                _ => "error",
            });
        }

        if (problem.Failure == ApiFailure.Expired)
        {
            // The pages of a listing expire, too, after five minutes: then from its beginning.
            bool isAtOnce = !_mustList;
            _mustList = true;
            if (isAtOnce)
            {
                return;
            }
        }

        if (stood && problem.IsNotReady)
        {
            FollowBreak(problem.Message);
            return;
        }

        ReportGap(
            problem.IsNotReady ? $"{problem.Failure}" : $"{problem.Failure} {problem.Request}",
            KubeFaults.Explain("watch the nodes", source, problem));
        _pause.Lengthen(problem.Failure == ApiFailure.Throttled);
        _pause.Require(problem.RetryAfter ?? TimeSpan.Zero);
    }

    // The first of a row, and one that has stood long, are neither reported nor counted.
    private void FollowBreak(string how)
    {
        if (++_breaksInARow < BreaksOfChance)
        {
            return;
        }

        _pause.Lengthen();
        if (_gaps.Fail("broken off"))
        {
            warn($"the watch of the nodes breaks off again and again, and goes on each time where it was; the last "
                + $"time: {how}");
        }

        _gaps.End();
    }

    private void ReportGap(string kind, string reason)
    {
        if (_gaps.Fail(kind))
        {
            _snapshotIsDue = true;
            _updates.Enqueue(new LeaseUpdate.Gap(reason));
        }
    }

    private bool TellSnapshotIfDue()
    {
        if (!_snapshotIsDue)
        {
            return false;
        }

        _snapshotIsDue = false;
        _updates.Enqueue(table.Snapshot());
        TellQuestion();
        return true;
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
        if (table.TakeQuestion() is { } question)
        {
            _updates.Enqueue(question);
        }
    }

    private async ValueTask CloseAsync()
    {
        if (_stream is { } stream)
        {
            if (clock.GetElapsedTime(_openedAt) >= s_stable)
            {
                _pause.Reset();
                _breaksInARow = 0;
            }

            _stream = null;
            await stream.DisposeAsync();
        }
    }
}
