using System;
using System.Collections.Generic;
using Overlay.Control;

namespace Overlay.Operator.Top;

/// <summary>One peer in <see cref="TopReport"/>.</summary>
/// <param name="Subnets">Its leases'.</param>
/// <param name="PublicIp">Its public IP.</param>
/// <param name="State">As in <see cref="PeerStatus.State"/>.</param>
/// <param name="Way">As in <see cref="PeerStatus.Way"/>.</param>
/// <param name="LastHeard">When something of it last came in; null when never, or where nobody counts it.</param>
/// <param name="OutboundBitsPerSecond">To it; null where nobody counts it.</param>
/// <param name="InboundBitsPerSecond">From it.</param>
/// <param name="OutboundPacketsPerSecond">To it.</param>
/// <param name="InboundPacketsPerSecond">From it.</param>
internal sealed record TopPeerReport(
    IReadOnlyList<string> Subnets, string PublicIp, string State, string Way, DateTimeOffset? LastHeard,
    double? OutboundBitsPerSecond, double? InboundBitsPerSecond, double? OutboundPacketsPerSecond,
    double? InboundPacketsPerSecond);
