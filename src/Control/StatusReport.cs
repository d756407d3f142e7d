using System;
using System.Collections.Generic;
using System.Text.Json;

namespace Overlay.Control;

/// <summary>What a daemon says of itself and its peers.</summary>
/// <param name="Version">Of the daemon.</param>
/// <param name="Now">When this was true.</param>
/// <param name="Started">When the daemon was ready.</param>
/// <param name="IsReady">Whether the host can take pods' packets.</param>
/// <param name="Backend">As the network config names it.</param>
/// <param name="Interface">That pods' packets leave by.</param>
/// <param name="Mtu">Of the pods' interfaces, in bytes.</param>
/// <param name="Endpoint">Where peers send to.</param>
/// <param name="Description">How packets are carried, in words.</param>
/// <param name="Lease">The host's.</param>
/// <param name="Peers">In the order of their subnets.</param>
/// <param name="Warnings">The worst first.</param>
/// <param name="Repairs">What was put back on the host, by what it was.</param>
/// <param name="ProcessorSeconds">Processor time that the process has used.</param>
/// <param name="Drops">Packets dropped, by reason.</param>
public sealed record StatusReport(
    string Version, DateTimeOffset Now, DateTimeOffset Started, bool IsReady, string Backend, string Interface, int Mtu,
    string Endpoint, string Description, LeaseStatus Lease, IReadOnlyList<PeerStatus> Peers,
    IReadOnlyList<WarningReport> Warnings, IReadOnlyDictionary<string, long> Repairs, double ProcessorSeconds,
    IReadOnlyDictionary<string, long> Drops)
{
    /// <summary>Where the daemon writes its subnet; null from one that does not say it.</summary>
    public string? SubnetFile { get; init; }

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static StatusReport Parse(string json) =>
        JsonSerializer.Deserialize(json, StatusJson.Default.StatusReport) ?? throw new JsonException("no status");

    /// <summary>One JSON object.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, StatusJson.Default.StatusReport);
}
