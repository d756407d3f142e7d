using System;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Daemon.Health;

namespace Overlay.Daemon.Host;

/// <summary>
/// Looks every 10 s at what of this host is not the daemon's to mend: switches, limits, entries of other programs.
/// </summary>
/// <param name="look">Looks once.</param>
/// <param name="lookSeldom">Looks once at what is dear: a host may have very many routes. Every sixth time, and when
/// the watch tells of a change.</param>
/// <param name="watch">Opens the watch.</param>
/// <param name="clock">Says when.</param>
/// <param name="turns">Tells who watches for hangs.</param>
internal sealed class HostChecks(
    Action look, Action lookSeldom, Func<Action, KernelWatch> watch, TimeProvider clock, WorkTurns turns)
{
    /// <summary>How long a look may take before it counts as hung: with a million routes it takes seconds.</summary>
    internal static readonly TimeSpan LongestTurn = TimeSpan.FromMinutes(1);

    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private const int Seldom = 6;

    /// <summary>Runs until cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        await Task.Yield(); // not in the start's way
        using KernelWatch changes = watch(lookSeldom);
        changes.Start();
        using var timer = new PeriodicTimer(Interval, clock);
        int count = 0;
        do
        {
            turns.Begin();
            try
            {
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
}
