using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Overlay.Control;

/// <summary>By what packets to one peer go.</summary>
/// <param name="Peer">Its public IP.</param>
/// <param name="Way"><c>vxlan</c>; <c>udp</c>; <c>direct</c>, a plain route (DirectRouting); or <c>none</c>.</param>
/// <param name="Cause">Why not by VXLAN; null where that is no matter of its working.</param>
public sealed record PeerWayReport(string Peer, string Way, string? Cause = null);

/// <summary>VXLAN beside its fall-back.</summary>
/// <remarks>docs/metrics.md has the same names; a test compares them.</remarks>
/// <param name="Interface">The vxlan device.</param>
/// <param name="OutboundPackets">By the device, as the kernel counts them: the questions whether it works too.</param>
/// <param name="OutboundBytes">By the device.</param>
/// <param name="InboundPackets">By the device.</param>
/// <param name="InboundBytes">By the device.</param>
/// <param name="Peers">Every one.</param>
/// <param name="Failure">What is in its way on this host; null when it is up.</param>
public sealed record FallbackReport(
    string Interface, long OutboundPackets, long OutboundBytes, long InboundPackets, long InboundBytes,
    IReadOnlyList<PeerWayReport> Peers, string? Failure = null)
{
    internal void AppendTo(StringBuilder table)
    {
        table.AppendLine(
            CultureInfo.InvariantCulture,
            $"vxlan     {Interface}, {OutboundPackets} packets out and {InboundPackets} in"
                + $"{(Failure is null ? "" : $", not there: {Failure}")}");
        foreach (PeerWayReport peer in Peers)
        {
            table.AppendLine(
                CultureInfo.InvariantCulture,
                $"  peer    {peer.Peer} {peer.Way}{(peer.Cause is null ? "" : $": {peer.Cause}")}");
        }
    }
}
