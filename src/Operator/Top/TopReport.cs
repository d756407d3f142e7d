using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;
using Overlay.Control;

namespace Overlay.Operator.Top;

/// <summary>What <c>overlay top --json</c> prints, a line for each interval.</summary>
/// <param name="Now">The end of the interval.</param>
/// <param name="IsReady">Whether the host can take pods' packets.</param>
/// <param name="Processors">How many processors the daemon has kept busy.</param>
/// <param name="DropsPerSecond">Packets by reason; only what is not zero.</param>
/// <param name="Peers">In the order of their subnets.</param>
/// <param name="Warnings">The worst first.</param>
internal sealed record TopReport(
    DateTimeOffset Now, bool IsReady, double Processors, IReadOnlyDictionary<string, double> DropsPerSecond,
    IReadOnlyList<TopPeerReport> Peers, IReadOnlyList<WarningReport> Warnings)
{
    /// <summary>What a sample says.</summary>
    internal static TopReport Of(TopSample sample) => new(
        sample.Status.Now,
        sample.Status.IsReady,
        sample.Processors,
        sample.Drops.ToDictionary(drop => drop.Key, drop => drop.Value),
        [
            .. sample.Peers.Select(rate => new TopPeerReport(
                rate.Peer.Subnets, rate.Peer.PublicIp, rate.Peer.State, rate.Peer.Way, rate.Peer.LastHeard,
                rate.OutboundBits, rate.InboundBits, rate.OutboundPackets, rate.InboundPackets)),
        ],
        sample.Status.Warnings);

    /// <summary>One JSON object in one line.</summary>
    internal string ToJson() => JsonSerializer.Serialize(this, TopJson.Default.TopReport);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TopReport))]
internal sealed partial class TopJson : JsonSerializerContext;
