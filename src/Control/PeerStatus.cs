using System;
using System.Collections.Generic;

namespace Overlay.Control;

/// <summary>One peer, as a daemon sees it.</summary>
/// <param name="Subnets">Its leases', usually one.</param>
/// <param name="PublicIp">Its public IP.</param>
/// <param name="State">In one word: <c>active</c>, <c>idle</c>, <c>silent</c>, <c>routed</c> where nobody
/// counts its packets apart, or what is wrong.</param>
/// <param name="Way">What its packets go by: <c>kernel</c>, <c>user</c>, <c>vxlan</c>, <c>udp</c>, <c>direct</c>,
/// <c>route</c>, <c>none</c>.</param>
/// <param name="PathMtu">The longest outer packet that gets there whole, in bytes; null where nobody has said less than
/// the underlay's.</param>
/// <param name="LastHeard">When something of it last came in, by samples a second apart or more; null when never, or
/// where nobody counts it.</param>
/// <param name="OutboundPackets">To it; null where nobody counts them apart.</param>
/// <param name="OutboundBytes">Of inner packets.</param>
/// <param name="InboundPackets">From it.</param>
/// <param name="InboundBytes">Of inner packets.</param>
/// <param name="Cause">Why the state is what it is, where something is wrong.</param>
public sealed record PeerStatus(
    IReadOnlyList<string> Subnets, string PublicIp, string State, string Way, int? PathMtu = null,
    DateTimeOffset? LastHeard = null, long? OutboundPackets = null, long? OutboundBytes = null,
    long? InboundPackets = null, long? InboundBytes = null, string? Cause = null);
