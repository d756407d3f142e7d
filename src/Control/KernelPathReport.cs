using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Overlay.Control;

/// <summary>What the kernel path has carried to and from one peer.</summary>
/// <param name="Peer">Its public IP.</param>
/// <param name="IsReached">Whether packets to it leave by the kernel now.</param>
/// <param name="OutboundPackets">To it.</param>
/// <param name="OutboundBytes">Of inner packets.</param>
/// <param name="InboundPackets">From it.</param>
/// <param name="InboundBytes">Of inner packets.</param>
public sealed record KernelPeerReport(
    string Peer, bool IsReached, long OutboundPackets, long OutboundBytes, long InboundPackets, long InboundBytes);

/// <summary>What the kernel has forwarded by itself, of what the directions count.</summary>
/// <remarks>docs/metrics.md has the same names; a test compares them.</remarks>
/// <param name="State"><c>kernel</c>, or <c>user</c> with the reason.</param>
/// <param name="OutboundPackets">To all peers.</param>
/// <param name="OutboundBytes">Of inner packets.</param>
/// <param name="InboundPackets">From all peers.</param>
/// <param name="InboundBytes">Of inner packets.</param>
/// <param name="OutboundDrops">To all peers, for want of memory.</param>
/// <param name="InboundDrops">From all peers, for want of memory.</param>
/// <param name="Peers">Those that the kernel path knows.</param>
public sealed record KernelPathReport(
    string State, long OutboundPackets, long OutboundBytes, long InboundPackets, long InboundBytes, long OutboundDrops,
    long InboundDrops, IReadOnlyList<KernelPeerReport> Peers)
{
    internal void AppendTo(StringBuilder table)
    {
        table.AppendLine(
            CultureInfo.InvariantCulture,
            $"datapath  {State}, {OutboundPackets} packets out and {InboundPackets} in by the kernel");
        foreach (KernelPeerReport peer in Peers)
        {
            table.AppendLine(
                CultureInfo.InvariantCulture,
                $"  to      {peer.Peer} {(peer.IsReached ? "by the kernel" : "through user space")}");
        }
    }
}
