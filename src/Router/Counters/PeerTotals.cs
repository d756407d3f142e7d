using System.Collections.Generic;
using System.Linq;
using Overlay.Net;

namespace Overlay.Router.Counters;

/// <summary>What has been forwarded for one peer: the sums of all workers at the time of reading.</summary>
/// <param name="Peer">Its outer address.</param>
/// <param name="OutboundPackets">To it.</param>
/// <param name="OutboundBytes">Of inner packets.</param>
/// <param name="InboundPackets">From it.</param>
/// <param name="InboundBytes">Of inner packets.</param>
public readonly record struct PeerTotals(
    Ipv4Address Peer, long OutboundPackets, long OutboundBytes, long InboundPackets, long InboundBytes)
{
    /// <summary>Sums counters up, for each peer that something was forwarded for.</summary>
    internal static IReadOnlyList<PeerTotals> Of(
        IReadOnlyList<WorkerCounters> outbound, IReadOnlyList<WorkerCounters> inbound)
    {
        Dictionary<Ipv4Address, (long Packets, long Bytes)> to = [];
        Dictionary<Ipv4Address, (long Packets, long Bytes)> from = [];
        foreach (WorkerCounters worker in outbound)
        {
            worker.Peers.AddTo(to);
        }

        foreach (WorkerCounters worker in inbound)
        {
            worker.Peers.AddTo(from);
        }

        return
        [
            .. to.Keys.Union(from.Keys).Select(peer =>
            {
                (long outPackets, long outBytes) = to.GetValueOrDefault(peer);
                (long inPackets, long inBytes) = from.GetValueOrDefault(peer);
                return new PeerTotals(peer, outPackets, outBytes, inPackets, inBytes);
            }),
        ];
    }
}
