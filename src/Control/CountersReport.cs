using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Overlay.Control;

/// <summary>What a daemon says of itself on its control socket.</summary>
/// <param name="Outbound">TUN to UDP.</param>
/// <param name="Inbound">UDP to TUN.</param>
/// <param name="Drops">Both directions' drops by reason, only what is not zero.</param>
/// <param name="Routes">Routes in force.</param>
/// <param name="Peers">Distinct next hops.</param>
/// <param name="Accelerations">Each acceleration's state, with the errno where the kernel has refused it.</param>
/// <param name="Paths">Peers whose path is narrower than their route; usually none.</param>
/// <param name="Kernel">What the kernel dropped before we read it, or after we wrote it; null when nobody has asked
/// it.</param>
/// <param name="Meter">What the packet threads asked of the kernel; null without <c>--meter</c>.</param>
/// <param name="KernelForwarding">
/// Where the kernel forwards, with a backend that leaves that to it: Outbound and Inbound are then what its device has
/// counted, or zero where it has none of its own. Null when the daemon forwards.
/// </param>
/// <param name="KernelPath">What of it the kernel has forwarded by itself; null with <c>--datapath user</c>, and where
/// the backend has no other way.</param>
/// <param name="Fallback">Which way each peer's packets go; null without <c>--fallback</c>. Both directions are then
/// the daemon's own, without what went by VXLAN.</param>
/// <param name="LeftOut">The subnets of leases for another backend, and which; null for none.</param>
/// <param name="PerPeer">What was forwarded for each peer; those without packets are left out. Null where the daemon
/// does not forward itself.</param>
public sealed record CountersReport(
    DirectionReport Outbound, DirectionReport Inbound, IReadOnlyDictionary<string, long> Drops, int Routes, int Peers,
    IReadOnlyDictionary<string, string> Accelerations, IReadOnlyList<PathReport> Paths, KernelReport? Kernel = null,
    MeterReport? Meter = null, KernelForwardingReport? KernelForwarding = null,
    KernelPathReport? KernelPath = null, FallbackReport? Fallback = null,
    IReadOnlyDictionary<string, string>? LeftOut = null, IReadOnlyList<PeerReport>? PerPeer = null)
{
    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static CountersReport Parse(string json) =>
        JsonSerializer.Deserialize(json, CountersJson.Default.CountersReport) ?? throw new JsonException("no counters");

    /// <summary>Adds up drops by reason, sorted by name.</summary>
    public static SortedDictionary<string, long> SumDrops(IEnumerable<IReadOnlyDictionary<string, long>> all)
    {
        var sum = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach ((string reason, long count) in all.SelectMany(drops => drops))
        {
            sum[reason] = sum.GetValueOrDefault(reason) + count;
        }

        return sum;
    }

    /// <summary>One JSON object, as docs/metrics.md describes it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, CountersJson.Default.CountersReport);

    /// <summary>A line for each direction, then a line for each reason and event.</summary>
    public string ToTable()
    {
        var table = new StringBuilder();
        table.AppendLine(CultureInfo.InvariantCulture, $"routes    {Routes} to {Peers} peers");
        foreach ((string subnet, string backend) in LeftOut ?? new Dictionary<string, string>())
        {
            table.AppendLine(CultureInfo.InvariantCulture, $"left out  {subnet}, whose backend is {backend}");
        }

        Fallback?.AppendTo(table);
        if (KernelForwarding is not null)
        {
            table.AppendLine(CultureInfo.InvariantCulture, $"forwarding {KernelForwarding}");
        }

        if (KernelForwarding is not { IsCounted: false })
        {
            Append(table, "outbound", Outbound);
            Append(table, "inbound", Inbound);
        }

        if (Kernel is not null)
        {
            table.AppendLine(CultureInfo.InvariantCulture, $"kernel    {Kernel}");
        }

        KernelPath?.AppendTo(table);
        foreach (PeerReport peer in PerPeer ?? [])
        {
            peer.AppendTo(table, KernelPath is not null);
        }

        foreach ((string acceleration, string state) in Accelerations)
        {
            table.AppendLine(CultureInfo.InvariantCulture, $"{acceleration,-12} {state}");
        }

        if (Meter is not null)
        {
            table.AppendLine(CultureInfo.InvariantCulture, $"outbound  {Meter.Outbound}");
            table.AppendLine(CultureInfo.InvariantCulture, $"inbound   {Meter.Inbound}");
        }

        foreach (PathReport path in Paths)
        {
            table.AppendLine(
                CultureInfo.InvariantCulture, $"path to {path.Peer}: MTU {path.Mtu}, "
                    + $"{(path.TakesTrains ? "trains" : "no trains")}");
        }

        return table.ToString().TrimEnd();
    }

    private static void Append(StringBuilder table, string name, DirectionReport direction)
    {
        table.AppendLine(
            CultureInfo.InvariantCulture, $"{name,-9} {direction.Packets} packets, {direction.Bytes} bytes, "
                + $"{direction.Drops.Values.Sum()} dropped");
        foreach ((string reason, long count) in direction.Drops)
        {
            table.AppendLine(CultureInfo.InvariantCulture, $"  drop    {reason} {count}");
        }

        foreach ((string what, long count) in direction.Events)
        {
            table.AppendLine(CultureInfo.InvariantCulture, $"  event   {what} {count}");
        }

        if (direction.LastRefusal is not null)
        {
            table.AppendLine(CultureInfo.InvariantCulture, $"  last refusal by the kernel: {direction.LastRefusal}");
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(CountersReport))]
internal sealed partial class CountersJson : JsonSerializerContext;
