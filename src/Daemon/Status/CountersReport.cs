using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Forwarding;
using Overlay.Router.Routes;

namespace Overlay.Daemon.Status;

/// <summary>One direction's counters. Drops and events hold only what is not zero.</summary>
internal sealed record DirectionReport(
    long Packets, long Bytes, IReadOnlyDictionary<string, long> Drops, IReadOnlyDictionary<string, long> Events, string? LastRefusal =
        null);

/// <summary>A peer whose path is narrower than its route.</summary>
/// <param name="Peer">Its public IP.</param>
/// <param name="Mtu">The longest outer packet that gets there whole, in bytes.</param>
/// <param name="TakesTrains">False after the kernel has refused a train to it.</param>
internal sealed record PathReport(string Peer, int Mtu, bool TakesTrains);

/// <summary>What a daemon says of itself on its counters socket.</summary>
/// <param name="Outbound">TUN to UDP.</param>
/// <param name="Inbound">UDP to TUN.</param>
/// <param name="Drops">Both directions' drops by reason, only what is not zero.</param>
/// <param name="Routes">Routes in force.</param>
/// <param name="Peers">Distinct next hops.</param>
/// <param name="Accelerations">Each acceleration's state, with the errno where the kernel has refused it.</param>
/// <param name="Paths">Peers whose path is narrower than their route: none as a rule.</param>
/// <param name="Kernel">What the kernel dropped before we read it, or after we wrote it; null when nobody has asked
/// it.</param>
/// <param name="Meter">What the packet threads asked of the kernel; null without <c>--meter</c>.</param>
internal sealed record CountersReport(
    DirectionReport Outbound, DirectionReport Inbound, IReadOnlyDictionary<string, long> Drops, int Routes, int Peers,
    IReadOnlyDictionary<string, string> Accelerations, IReadOnlyList<PathReport> Paths, KernelReport? Kernel = null,
    MeterReport? Meter = null)
{
    /// <summary>Reads the counters of a running forwarder.</summary>
    internal static CountersReport Of(Forwarder forwarder, RouteTable routes, KernelReport? kernel = null)
    {
        DirectionReport outbound = Of(forwarder.Outbound);
        DirectionReport inbound = Of(forwarder.Inbound);
        return new CountersReport(
            outbound, inbound, SumDrops([outbound.Drops, inbound.Drops]), routes.Count, routes.PeerCount,
            AccelerationReport.Of(forwarder.Accelerations),
            [.. forwarder.Paths.Current.Paths.Select(
                path => new PathReport(Ipv4Prefix.Format(path.Peer), path.Mtu, path.TakesTrains))],
            kernel, MeterReport.Of(forwarder));
    }

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    internal static CountersReport Parse(string json) =>
        JsonSerializer.Deserialize(json, CountersJson.Default.CountersReport) ?? throw new JsonException("no counters");

    /// <summary>Adds up drops by reason, sorted by name.</summary>
    internal static SortedDictionary<string, long> SumDrops(IEnumerable<IReadOnlyDictionary<string, long>> all)
    {
        var sum = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach ((string reason, long count) in all.SelectMany(drops => drops))
        {
            sum[reason] = sum.GetValueOrDefault(reason) + count;
        }

        return sum;
    }

    internal string ToJson() => JsonSerializer.Serialize(this, CountersJson.Default.CountersReport);

    /// <summary>A line for each direction, then a line for each reason and event.</summary>
    internal string ToTable()
    {
        var table = new StringBuilder();
        table.AppendLine(CultureInfo.InvariantCulture, $"routes    {Routes} to {Peers} peers");
        Append(table, "outbound", Outbound);
        Append(table, "inbound", Inbound);
        if (Kernel is not null)
        {
            table.AppendLine(CultureInfo.InvariantCulture, $"kernel    {Kernel}");
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

    private static DirectionReport Of(DirectionTotals counters) => new(
        counters.ForwardedPackets,
        counters.ForwardedBytes,
        NotZero(DropReasons.All.Select(reason => (reason.Name(), counters.Dropped(reason)))),
        NotZero(CountedEvents.All.Select(countedEvent => (countedEvent.Name(), counters.Seen(countedEvent)))),
        counters.LastRefusal == Errno.None ? null : LinuxException.Describe(counters.LastRefusal));

    private static Dictionary<string, long> NotZero(IEnumerable<(string Name, long Count)> counts) =>
        counts.Where(count => count.Count != 0)
            .ToDictionary(count => count.Name, count => count.Count, StringComparer.Ordinal);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(CountersReport))]
internal sealed partial class CountersJson : JsonSerializerContext;
