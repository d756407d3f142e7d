using System;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Daemon.Backends.Udp;

namespace Overlay.Daemon.Start;

/// <summary>
/// Looks after a running daemon: what others took from the interface is put back, and drops and fallbacks that mean
/// trouble are said.
/// </summary>
internal sealed class Upkeep(HostSubnet host, DropReport drops, AccelerationReport accelerations, TimeProvider clock)
{
    private const int LooksPerReport = 6;

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(10);

    /// <summary>Runs until cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        accelerations.Say();
        using var timer = new PeriodicTimer(s_interval, clock);
        for (int look = 1; await timer.WaitForNextTickAsync(cancellation); look++)
        {
            host.Repair();
            accelerations.Say();
            if (look % LooksPerReport == 0)
            {
                drops.Say();
            }
        }
    }
}
