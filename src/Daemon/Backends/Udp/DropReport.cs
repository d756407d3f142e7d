using System.Collections.Generic;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Logging;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Forwarding;

namespace Overlay.Daemon.Backends.Udp;

/// <summary>Says which drops have grown, of those that mean trouble the operator can mend.</summary>
internal sealed class DropReport(Forwarder forwarder, ILogger log)
{
    // The others are the traffic's own affair.
    private static readonly DropReason[] s_worthALine =
    [
        DropReason.SendRefused, DropReason.TooLong, DropReason.FragmentationNeeded, DropReason.SendBufferFull,
        DropReason.UnknownPeer, DropReason.SpoofedSource, DropReason.TunRefused,
        DropReason.Looped,
    ];

    private readonly Dictionary<DropReason, long> _logged = [];

    /// <summary>One line for each reason that counted packets since the last call.</summary>
    internal void LogGrowth()
    {
        DirectionTotals outbound = forwarder.Outbound;
        DirectionTotals inbound = forwarder.Inbound;
        foreach (DropReason reason in s_worthALine)
        {
            long count = outbound.Dropped(reason) + inbound.Dropped(reason);
            long since = count - _logged.GetValueOrDefault(reason);
            if (since > 0)
            {
                _logged[reason] = count;
                Log.Drops(log, since, reason.Name(), LatestRefusal(reason, outbound, inbound));
            }
        }
    }

    // The refusal that explains this reason, of the direction that counts it; the others are our own verdicts.
    private static string LatestRefusal(DropReason reason, DirectionTotals outbound, DirectionTotals inbound)
    {
        Errno refusal = reason switch
        {
            DropReason.SendRefused or DropReason.TooLong => outbound.LastRefusal,
            DropReason.TunRefused => inbound.LastRefusal,
            _ => Errno.None,
        };
        return refusal == Errno.None
            ? string.Empty
            : $"; the kernel's latest refusal: {LinuxException.Describe(refusal)}";
    }
}
