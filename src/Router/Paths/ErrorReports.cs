using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Ports;
using Overlay.Router.Routes;

namespace Overlay.Router.Paths;

/// <summary>
/// Takes what the underlay says about datagrams sent earlier, so that it neither wakes nor fails anybody again.
/// </summary>
/// <remarks>
/// Owned by one direction's thread, whose counters it writes; both directions may empty the one queue.
/// </remarks>
/// <param name="port">Whose queue it is.</param>
/// <param name="counters">The direction's.</param>
/// <param name="paths">Learns from the reports.</param>
/// <param name="routes">Says who is a peer.</param>
internal sealed class ErrorReports(
    IDatagramPort port, WorkerCounters counters, PeerPaths paths, RouteTableCell routes)
{
    // A host that answers every datagram with ICMP must not keep the thread here.
    private const int MaximumAtOnce = 64;

    /// <summary>Empties the queue, or most of it.</summary>
    /// <returns>True when one was taken that fails a call which it is not about.</returns>
    internal bool Drain()
    {
        bool failsOthers = false;
        RouteTable table = routes.Current;
        for (int i = 0; i < MaximumAtOnce && port.TryReadError(out DatagramError error); i++)
        {
            failsOthers |= !error.IsLocal;
            if (!table.IsPeer(error.Destination))
            {
                continue; // forged: the kernel asks only whether the datagram that is quoted could be this socket's
            }

            if (error.Mtu == 0)
            {
                counters.Note(CountedEvent.PeerUnreachable);
            }
            else if (paths.ReportMtu(error.Destination, error.Mtu))
            {
                counters.Note(CountedEvent.PathMtuLearned);
            }
        }

        return failsOthers;
    }
}
