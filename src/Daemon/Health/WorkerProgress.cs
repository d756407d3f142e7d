using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;

namespace Overlay.Daemon.Health;

/// <summary>
/// Whether workers hang: neither asleep nor any further than so long ago. Any thread.
/// </summary>
/// <remarks>
/// A worker counts its turn when it wakes as well. So one that was found awake twice with the same count has not slept
/// in between, and it does not matter how seldom anybody looks. The first look begins the time that a hang takes.
/// </remarks>
/// <param name="clock">Measures how long.</param>
/// <param name="hungAfter">How long a turn may take, more than 0.</param>
internal sealed class WorkerProgress(TimeProvider clock, TimeSpan hungAfter)
{
    /// <summary>How long a turn may take: far longer than any does, and shorter than a probe's patience.</summary>
    internal static readonly TimeSpan DefaultHungAfter = TimeSpan.FromSeconds(10);

    private readonly Lock _looking = new();
    private readonly List<Func<IReadOnlyList<WorkerState>>> _sources = [];
    private readonly Dictionary<string, (long Turns, long Since)> _awake = [];

    /// <summary>Has workers watched from now on.</summary>
    /// <param name="workers">Tells what each does now; names are unique among all sources. Called by whoever
    /// looks.</param>
    internal void Watch(Func<IReadOnlyList<WorkerState>> workers)
    {
        lock (_looking)
        {
            _sources.Add(workers);
        }
    }

    /// <summary>Has a loop watched that is no thread of its own.</summary>
    /// <param name="name">Of the loop.</param>
    /// <param name="hungAfter">How long a turn of it may take; null for as long as any other's.</param>
    internal WorkTurns Watch(string name, TimeSpan? hungAfter = null)
    {
        var turns = new WorkTurns();
        Watch(() => [new WorkerState(name, turns.Count, !turns.IsInTurn) { HungAfter = hungAfter }]);
        return turns;
    }

    /// <summary>Has nobody watched any longer: the workers are gone.</summary>
    internal void Clear()
    {
        lock (_looking)
        {
            _sources.Clear();
            _awake.Clear();
        }
    }

    /// <summary>Looks at all workers.</summary>
    /// <returns>The names of those that hang; nothing as a rule.</returns>
    internal IReadOnlyList<string> FindHung()
    {
        lock (_looking)
        {
            long now = clock.GetTimestamp();
            List<string> hung = [];
            foreach (WorkerState worker in _sources.SelectMany(source => source()))
            {
                if (worker.IsWaiting)
                {
                    _ = _awake.Remove(worker.Name);
                }
                else if (!_awake.TryGetValue(worker.Name, out (long Turns, long Since) before)
                    || before.Turns != worker.Turns)
                {
                    _awake[worker.Name] = (worker.Turns, now);
                }
                else if (clock.GetElapsedTime(before.Since, now) >= (worker.HungAfter ?? hungAfter))
                {
                    hung.Add(worker.Name);
                }
            }

            return hung;
        }
    }
}
