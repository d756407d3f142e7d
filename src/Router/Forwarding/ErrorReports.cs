using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Paths;
using Overlay.Router.Ports;

namespace Overlay.Router.Forwarding;

/// <summary>Takes what the underlay says about datagrams sent earlier, so that it neither wakes nor fails anybody again.</summary>
/// <remarks>Owned by one direction's thread, whose counters it writes; both directions may empty the one queue.</remarks>
internal sealed class ErrorReports(IDatagramPort port, PeerPaths paths, PathCounters counters)
{
    // A host that answers every datagram with ICMP must not keep the thread here.
    private const int MaximumAtOnce = 64;

    /// <summary>Empties the queue, or most of it.</summary>
    internal void Drain()
    {
        for (int i = 0; i < MaximumAtOnce && port.TryReadError(out DatagramError error); i++)
        {
            if (error.Mtu > 0)
            {
                counters.Note(PathEvent.PathMtuLearned);
                paths.ReportMtu(error.Destination, error.Mtu);
            }
            else
            {
                counters.Note(PathEvent.PeerUnreachable);
            }
        }
    }
}
