using System;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Daemon.Backends;
using Overlay.Daemon.Health;
using Overlay.Daemon.Host;

namespace Overlay.Daemon.Start;

/// <summary>
/// Looks after a running daemon every 10 s: what others took is put back, and what means trouble is logged.
/// </summary>
internal sealed class Upkeep(
    IBackend backend, SubnetFile subnetFile, BlackholeRoute? blackhole, TimeProvider clock, WorkTurns turns)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(10);

    /// <summary>Runs until cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        backend.LogTrouble();
        using var timer = new PeriodicTimer(s_interval, clock);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            turns.Begin();
            backend.Repair();
            _ = subnetFile.Repair();
            blackhole?.Repair();
            backend.LogTrouble();
            turns.End();
        }
    }
}
