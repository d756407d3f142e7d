using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Health;
using Overlay.Daemon.Logging;
using Overlay.Health;
using Overlay.Linux;
using Overlay.Linux.Netlink;

namespace Overlay.Daemon.Host;

/// <summary>
/// Has something repaired when the kernel tells of a change that concerns it, on a thread of its own.
/// </summary>
/// <remarks>
/// A repair leaves alone what it finds as it should be, so it ends with the first that changes nothing. Somebody who
/// takes the same thing away again and again gets it back once a second.
/// </remarks>
internal sealed class KernelWatch : IDisposable
{
    // Changes come in bursts: an interface that goes takes its routes along.
    private const int SettlingMilliseconds = 20;

    // In ten seconds. From then on a repair waits longer, because somebody works against it.
    private const int MostQuickRepairs = 10;
    private const int SlowMilliseconds = 1_000;

    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(10);

    private readonly NetlinkListener _listener;
    private readonly Func<NetlinkEvent, bool> _concerns;
    private readonly Action _repair;
    private readonly ILogger _log;
    private readonly TimeProvider _clock;
    private readonly HealthBoard _health;
    private readonly WorkTurns _turns;
    private readonly EventSignal _stop = new();
    private readonly Queue<long> _repairs = [];
    private readonly Thread _thread;

    private bool _isStarted;

    private KernelWatch(
        NetlinkListener listener, Func<NetlinkEvent, bool> concerns, Action repair, TimeProvider clock, ILogger log,
        HealthBoard health, WorkTurns turns)
    {
        (_listener, _concerns, _repair, _clock, _log) = (listener, concerns, repair, clock, log);
        (_health, _turns) = (health, turns);
        _thread = new Thread(Run) { Name = "watch", IsBackground = true };
    }

    /// <summary>Notes changes from now on, in the network namespace of the calling thread.</summary>
    /// <param name="topics">What the kernel is to tell of.</param>
    /// <param name="concerns">
    /// Whether a change is a reason to repair. Called on the watch's thread; not asked when changes were lost.
    /// </param>
    /// <param name="repair">Looks at everything and puts back what is missing. Called on the watch's thread.</param>
    /// <param name="log">Gets a line when the kernel is not heard of any longer.</param>
    /// <param name="health">Gets that too.</param>
    /// <param name="turns">Gets a turn for all that is done about one burst of changes.</param>
    /// <exception cref="LinuxException">The kernel refused the socket.</exception>
    internal static KernelWatch Open(
        NetlinkTopics topics, Func<NetlinkEvent, bool> concerns, Action repair, ILogger log, HealthBoard health,
        WorkTurns turns) =>
        Make(NetlinkListener.Open(topics), concerns, repair, log, health, turns);

    /// <summary>As <see cref="Open"/>, of every change of nftables' rules. Needs CAP_NET_ADMIN.</summary>
    /// <exception cref="LinuxException">The kernel refused the socket.</exception>
    internal static KernelWatch OpenRulesets(Action repair, ILogger log, HealthBoard health, WorkTurns turns) =>
        Make(NetlinkListener.OpenRulesets(), _ => true, repair, log, health, turns);

    /// <summary>Begins to act on them.</summary>
    internal void Start()
    {
        _isStarted = true;
        _thread.Start();
    }

    /// <summary>Ends the thread; a repair that is under way comes to its end.</summary>
    public void Dispose()
    {
        _stop.Set();
        if (_isStarted)
        {
            _thread.Join();
        }

        _listener.Dispose();
        _stop.Dispose();
    }

    private static KernelWatch Make(
        NetlinkListener listener, Func<NetlinkEvent, bool> concerns, Action repair, ILogger log, HealthBoard health,
        WorkTurns turns)
    {
        try
        {
            return new KernelWatch(listener, concerns, repair, TimeProvider.System, log, health, turns);
        }
        catch
        {
            listener.Dispose(); // no descriptor was left for its stop signal
            throw;
        }
    }

    private void Run()
    {
        try
        {
            List<NetlinkEvent> events = [];
            while (!_stop.IsSet)
            {
                _turns.End();
                _listener.Wait(_stop);
                _turns.Begin();
                events.Clear();
                _listener.Read(events);
                if (events.Any(Concerns))
                {
                    RepairOnceSettled(events);
                }
            }
        }
        catch (LinuxException problem)
        {
            Log.WatchEnded(_log, problem.Message);
            _health.Raise(HealthCodes.KernelEventsLost, "", problem.Message);
        }
        finally
        {
            _turns.End();
        }
    }

    private bool Concerns(NetlinkEvent change) => change.Subject == NetlinkSubject.Lost || _concerns(change);

    private void RepairOnceSettled(List<NetlinkEvent> events)
    {
        while (_repairs.TryPeek(out long earliest) && _clock.GetElapsedTime(earliest) > s_window)
        {
            _ = _repairs.Dequeue();
        }

        Readiness.Pause(_stop, _repairs.Count < MostQuickRepairs ? SettlingMilliseconds : SlowMilliseconds);
        if (_stop.IsSet)
        {
            return;
        }

        _listener.Read(events); // what comes from here on is a reason for another repair
        _repairs.Enqueue(_clock.GetTimestamp());
        try
        {
            _repair();
        }
        catch (Exception problem) when (problem is LinuxException or InvalidDataException)
        {
            Log.WatchRepairFailed(_log, problem.Message);
        }
    }
}
