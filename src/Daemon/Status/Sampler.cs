using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Control;
using Overlay.Daemon.Backends;
using Overlay.Daemon.Health;
using Overlay.Daemon.Logging;
using Overlay.Health;

namespace Overlay.Daemon.Status;

/// <summary>Looks at counters, errors and workers about once a second while the daemon runs.</summary>
internal sealed class Sampler(
    IBackend backend, PeerActivity activity, PeerHealth peers, HealthBoard health, WorkerProgress progress,
    HealthEvents events, TimeProvider clock, ILogger log)
{
    // What could not be looked at the last time, which has been logged.
    private readonly HashSet<string> _failed = [];

    /// <summary>Runs until cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            TimeSpan pause = Look();
            await Task.Delay(pause, clock, cancellation);
        }
    }

    /// <summary>Takes one look.</summary>
    /// <returns>How long to wait until the next.</returns>
    internal TimeSpan Look()
    {
        int count = 0;
        Attempt("counters", () =>
        {
            CountersReport counters = backend.ReadCounters();
            count = counters.PerPeer?.Count ?? 0;
            activity.Sample(counters.PerPeer ?? []);
            peers.Sample(backend.ReadPeerErrors(), counters.Paths);
        });
        Attempt("workers", LookAtWorkers);
        Attempt("warnings", events.Sample);
        return PeerActivity.PauseAfter(count);
    }

    private void LookAtWorkers()
    {
        IReadOnlyList<string> hung = progress.FindHung();
        health.ClearExcept(HealthCodes.WorkerHung, [.. hung]);
        foreach (string worker in hung)
        {
            health.Raise(HealthCodes.WorkerHung, worker, "it is awake, and gets no further");
        }
    }

    // Whatever a look comes upon, forwarding goes on: the daemon ends when this loop does.
    private void Attempt(string what, Action look)
    {
        try
        {
            look();
            _ = _failed.Remove(what);
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            if (_failed.Add(what))
            {
                Log.LookFailed(log, what, problem.Message);
            }
        }
    }
}
