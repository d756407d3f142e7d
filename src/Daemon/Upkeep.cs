using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Kernel;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Router.Forwarding;

namespace Overlay.Daemon;

/// <summary>Looks after a running daemon: what others took from the interface is put back, and drops that mean trouble are said.</summary>
internal sealed class Upkeep(RouteNetlink netlink, Ipv4Prefix network, Ipv4Prefix subnet, Forwarder forwarder, TimeProvider clock, ILogger log)
{
    private const int LooksPerReport = 6;

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(10);

    // Those that grow when something is wrong that the operator can mend; the others are the traffic's own affair.
    private static readonly DropReason[] s_worthALine =
    [
        DropReason.SendRefused, DropReason.TooLong, DropReason.SendBufferFull,
        DropReason.UnknownPeer, DropReason.SpoofedSource, DropReason.TunRefused,
    ];

    private readonly Dictionary<DropReason, long> _said = [];
    private bool _downIsSaid;

    /// <summary>Runs until cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(s_interval, clock);
        for (int look = 1; await timer.WaitForNextTickAsync(cancellation); look++)
        {
            Repair();
            if (look % LooksPerReport == 0)
            {
                ReportDrops();
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

    private void ReportDrops()
    {
        foreach (DropReason reason in s_worthALine)
        {
            long count = forwarder.Outbound.Dropped(reason) + forwarder.Inbound.Dropped(reason);
            long since = count - _said.GetValueOrDefault(reason);
            if (since > 0)
            {
                _said[reason] = count;
                Errno refusal = new[] { forwarder.Outbound.LastRefusal, forwarder.Inbound.LastRefusal }.FirstOrDefault(errno => errno != Errno.None);
                Log.Drops(log, since, reason.Name(), refusal == Errno.None ? string.Empty : $"; the kernel's latest refusal: {LinuxException.Describe(refusal)}");
            }
        }
    }
}
