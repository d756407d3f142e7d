using System.Collections.Generic;
using System.Linq;
using Overlay.Bench.Results;

namespace Overlay.Bench.Reports;

/// <summary>
/// Everything measured of a variant, one figure after the other, so that no report has a list of its own.
/// </summary>
internal static class Figures
{
    /// <summary>The test that CPU cost belongs to: one stream, pod 1 to pod 2.</summary>
    internal const string OneStream = "tcp_1";

    /// <summary>Of one variant; no two have the same test and metric.</summary>
    internal static IEnumerable<Figure> Of(VariantReport variant) =>
    [
        .. variant.Tcp.SelectMany(Of),
        .. variant.Udp.SelectMany(Of),
        .. variant.Latency.SelectMany(Of),
        .. Of(variant.CpuSecondsPerGb, "cpu_seconds_per_gb"),
        .. variant.DaemonCpuSecondsPerGb is { } daemons ? Of(daemons, "daemon_cpu_seconds_per_gb") : [],
        .. variant.ResidentBytes is { } resident
            ? (Figure[])[new("memory", "resident_bytes", Units.Bytes, Better.Lower, resident)]
            : [],
        .. variant.Counts.SelectMany(Of),
    ];

    /// <summary><c>tcp_4_reverse</c>: four streams from pod 2 to pod 1.</summary>
    internal static string TestOf(TcpFigures tcp) => $"tcp_{tcp.NumStreams}{(tcp.Reverse ? "_reverse" : "")}";

    /// <summary>
    /// <c>udp_64</c>: 64 bytes of payload; <c>udp_full</c>: as many as fit, which is another number for another MTU.
    /// </summary>
    internal static string TestOf(UdpFigures udp) => udp.IsFullSize ? "udp_full" : $"udp_{udp.Blksize}";

    /// <summary><c>udp_rr_half</c>: request and response at half load.</summary>
    internal static string TestOf(LatencyFigures latency) => $"udp_rr_{latency.Load}";

    /// <summary>What stands in the place of a variant's drops when none was counted.</summary>
    internal static string NoDrops(VariantReport variant) => variant.Kind switch
    {
        VariantKind.Engine => "nothing",
        VariantKind.Backend => "nothing that is counted",
        _ => "not counted",
    };

    private static IEnumerable<Figure> Of(TcpFigures tcp) =>
    [
        new(TestOf(tcp), "bits_per_second", Units.BitsPerSecond, Better.Higher, tcp.BitsPerSecond),
        new(TestOf(tcp), "cpu_utilization_percent", Units.Percent, Better.Neither, tcp.CpuUtilizationPercent),
    ];

    private static IEnumerable<Figure> Of(UdpFigures udp) =>
    [
        new(TestOf(udp), "packets_per_second", Units.PacketsPerSecond, Better.Higher, udp.PacketsPerSecond),
        new(TestOf(udp), "bits_per_second", Units.BitsPerSecond, Better.Higher, udp.BitsPerSecond),

        // The sender gives more than arrives, on purpose: how much more says something of the sender.
        new(TestOf(udp), "lost_percent", Units.Percent, Better.Neither, udp.LostPercent),
    ];

    private static IEnumerable<Figure> Of(LatencyFigures latency) =>
    [
        new(
            TestOf(latency), "load_packets_per_second", Units.PacketsPerSecond, Better.Neither,
            latency.LoadPacketsPerSecond),
        new(TestOf(latency), "p50", Units.Microseconds, Better.Lower, latency.P50),
        new(TestOf(latency), "p90", Units.Microseconds, Better.Lower, latency.P90),
        new(TestOf(latency), "p99", Units.Microseconds, Better.Lower, latency.P99),
        new(TestOf(latency), "p999", Units.Microseconds, Better.Lower, latency.P999),
        new(TestOf(latency), "transactions", Units.Count, Better.Neither, latency.Transactions),
    ];

    private static IEnumerable<Figure> Of(CpuCost cost, string metric) =>
    [
        new(OneStream, $"{metric}.user", Units.SecondsPerGb, Better.Lower, cost.User),
        new(OneStream, $"{metric}.system", Units.SecondsPerGb, Better.Lower, cost.System),
        .. cost.Softirq is { } softirq
            ? (Figure[])[new(OneStream, $"{metric}.softirq", Units.SecondsPerGb, Better.Lower, softirq)]
            : [],
    ];

    private static IEnumerable<Figure> Of(CountedWorkload counted) =>
    [
        new(counted.Workload, "counts.bytes_per_packet", Units.Bytes, Better.Neither, counted.BytesPerPacket),
        .. Named(counted.Workload, counted.SystemCallsPerPacket, "counts.system_calls_per_packet", Units.PerPacket),
        new(
            counted.Workload, "counts.context_switches_per_packet", Units.PerPacket, Better.Lower,
            counted.ContextSwitchesPerPacket),
        .. Named(counted.Workload, counted.KernelCopiesPerByte, "counts.kernel_copies_per_byte", Units.PerByte),
        .. Named(counted.Workload, counted.UserCopiesPerByte, "counts.user_copies_per_byte", Units.PerByte),
        .. counted.Stages.Select(stage => new Figure(
            counted.Workload, $"counts.stages.{stage.Stage}", Units.NanosecondsPerPacket, Better.Lower,
            stage.NanosecondsPerPacket)),
    ];

    private static IEnumerable<Figure> Named(
        string test, IReadOnlyDictionary<string, Spread> named, string metric, string unit) =>
        named.Select(one => new Figure(test, $"{metric}.{one.Key}", unit, Better.Lower, one.Value));
}
