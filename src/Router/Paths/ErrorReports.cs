using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Ports;
using Overlay.Router.Routes;

namespace Overlay.Router.Paths;

/// <summary>Reads the socket's error queue: what the underlay reports about datagrams that were sent earlier.</summary>
/// <remarks>
/// A report that stays in the queue wakes threads and fails calls that it is not about. Owned by one worker's thread;
/// the workers of both directions may read the same queue.
/// </remarks>
/// <param name="port">Whose queue it is.</param>
/// <param name="counters">The worker's.</param>
/// <param name="paths">Where a path MTU is recorded.</param>
/// <param name="routes">Says who is a peer.</param>
/// <param name="errors">Where what ICMP says is recorded.</param>
internal sealed class ErrorReports(
    IDatagramPort port, WorkerCounters counters, PeerPaths paths, RouteTableCell routes, PeerErrors errors)
{
    // Bounds the loop while a host answers every datagram with ICMP.
    private const int MaximumAtOnce = 64;

    /// <summary>Reads what is in the queue, at most 64 reports.</summary>
    /// <returns>
    /// True when one of them came from the network: such a report also fails a later call that it is not about.
    /// </returns>
    internal bool Drain()
    {
        bool failsOthers = false;
        RouteTable table = routes.Current;
        for (int i = 0; i < MaximumAtOnce && port.TryReadError(out DatagramError error); i++)
        {
            failsOthers |= !error.IsLocal;
            if (!table.IsPeer(error.Destination))
            {
                continue; // forged: the kernel checks only that the quoted datagram could be this socket's
            }

            errors.Report(error);
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
