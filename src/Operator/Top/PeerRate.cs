using System.Collections.Generic;
using Overlay.Control;

namespace Overlay.Operator.Top;

/// <summary>One peer's traffic between two looks.</summary>
/// <param name="Peer">As of the later look.</param>
/// <param name="OutboundBits">A second, to it; null where nobody counts it.</param>
/// <param name="InboundBits">A second, from it.</param>
/// <param name="OutboundPackets">A second.</param>
/// <param name="InboundPackets">A second.</param>
/// <param name="History">Bits a second of both ways together at the latest looks, the oldest first.</param>
internal sealed record PeerRate(
    PeerStatus Peer, double? OutboundBits, double? InboundBits, double? OutboundPackets, double? InboundPackets,
    IReadOnlyList<double> History);
