using System;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Health;
using Overlay.Health;
using Overlay.Linux;

namespace Overlay.Daemon.Host;

/// <summary>
/// Looks every 10 s at what of this host is not the daemon's to mend: switches, limits, entries of other programs.
/// </summary>
/// <param name="look">Looks once.</param>
/// <param name="lookSeldom">Looks once at what is dear: a host may have very many routes. Every sixth time, and when
/// the watch tells of a change.</param>
/// <param name="watch">Opens the watch; where the kernel refuses it, it is tried again with the next look.</param>
/// <param name="clock">Says when.</param>
/// <param name="turns">Tells who watches for hangs.</param>
internal sealed class HostChecks(
    Action look, Action lookSeldom, Func<Action, KernelWatch> watch, TimeProvider clock, WorkTurns turns)
{
    /// <summary>How long a look may take before it counts as hung: with a million routes it takes seconds.</summary>
    internal static readonly TimeSpan LongestTurn = TimeSpan.FromMinutes(1);

    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private const int Seldom = 6;
    private const string Subject = "routes and addresses";

    private bool _isUnheard;

    /// <summary>Gets the trouble that the watch cannot be opened.</summary>
    internal required HealthBoard Health { get; init; }

    /// <summary>Gets a line of it, once until it is over.</summary>
    internal required ILogger Log { get; init; }

    /// <summary>Runs until cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        await Task.Yield(); // not in the start's way
        KernelWatch? changes = null;
        try
        {
            using var timer = new PeriodicTimer(Interval, clock);
            int count = 0;
            do
            {
                turns.Begin();
                try
                {
                    changes ??= TryWatch();
                    look();
                    if (count++ % Seldom == 0)
                    {
                        lookSeldom();
                    }
                }
                finally
                {
                    turns.End();
                }
            }
            while (await timer.WaitForNextTickAsync(cancellation));
        }
        finally
        {
            changes?.Dispose();
        }
    }

    private KernelWatch? TryWatch()
    {
        try
        {
            KernelWatch opened = watch(lookSeldom);
            opened.Start();
            _isUnheard = false;
            Health.Clear(HealthCodes.KernelEventsLost, Subject);
            return opened;
        }
        catch (LinuxException refused)
        {
            Health.Raise(
                HealthCodes.KernelEventsLost, Subject, refused.Message, "see the cause; it is tried again every 10 s");
            if (!_isUnheard)
            {
                _isUnheard = true;
                Logging.Log.LookFailed(Log, $"changes of {Subject}", refused.Message);
            }

            return null;
        }
    }
}
