using System;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Kernel;
using Overlay.Daemon.Status;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Linux.Netlink;

namespace Overlay.Daemon;

/// <summary>Looks after a running daemon: what others took from the interface is put back, and drops and fallbacks that mean trouble are said.</summary>
internal sealed class Upkeep(
    RouteNetlink netlink, Ipv4Prefix network, Ipv4Prefix subnet, DropReport drops, AccelerationReport accelerations, TimeProvider clock, ILogger log)
{
    private const int LooksPerReport = 6;

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(10);

    private bool _downIsSaid;

    /// <summary>Runs until cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        accelerations.Say();
        using var timer = new PeriodicTimer(s_interval, clock);
        for (int look = 1; await timer.WaitForNextTickAsync(cancellation); look++)
        {
            Repair();
            accelerations.Say();
            if (look % LooksPerReport == 0)
            {
                drops.Say();
            }
        }
    }

    private void Repair()
    {
        try
        {
            // Deleted: the forwarder notices by itself. Down: somebody wants it so.
            Link? link = netlink.FindLink(TunnelLink.Name);
            if (link is null || !link.IsUp)
            {
                if (link is not null && !_downIsSaid)
                {
                    _downIsSaid = true;
                    Log.LinkDown(log, link.Name);
                }

                return;
            }

            _downIsSaid = false;
            foreach (string missing in TunnelLink.PutBack(netlink, link, network, subnet))
            {
                Log.PutBack(log, missing, link.Name);
            }
        }
        catch (Exception refused) when (refused is LinuxException or OperatorException)
        {
            Log.RepairFailed(log, TunnelLink.Name, refused.Message);
        }
    }
}
