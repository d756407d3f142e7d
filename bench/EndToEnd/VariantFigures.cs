using System.Collections.Generic;
using System.Linq;
using Overlay.Bench.Results;
using Overlay.Bench.Variants;

namespace Overlay.Bench;

/// <summary>One variant's samples, told as its report.</summary>
internal sealed class VariantFigures(BenchPlan plan, RunningVariant path, SampleBook book)
{
    /// <summary>Of round trips: name, and share of those that are no longer.</summary>
    internal static IReadOnlyList<(string Name, double Share)> Percentiles { get; } =
        [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999)];

    /// <summary>The report.</summary>
    /// <exception cref="BenchException">A figure has no spread.</exception>
    internal VariantReport Report(
        IReadOnlyDictionary<string, long> drops, IReadOnlyDictionary<string, string> accelerations) => new()
    {
        Name = path.Variant.Name,
        Kind = path.Variant.Kind,
        Description = path.Variant.Description,
        Mtu = path.Mtu,
        Tcp = [.. plan.Tcp.Select(test => new TcpFigures(
            test.Streams, test.IsReverse,
            book.Spread($"{test.Name}.bits_per_second"), book.Spread($"{test.Name}.cpu_percent")))],
        Udp = [.. plan.Udp.Select(test => new UdpFigures(
            test.PayloadBytesFor(path.Mtu), test.PayloadBytes is null, book.Spread($"{test.Name}.packets_per_second"),
            book.Spread($"{test.Name}.bits_per_second"), book.Spread($"{test.Name}.lost_percent")))],
        Latency = [Latency("idle"), Latency("half")],
        CpuSecondsPerGb = new CpuCost(book.Spread("cpu.user"), book.Spread("cpu.system"), book.Spread("cpu.softirq")),
        DaemonCpuSecondsPerGb = book.Has("daemon.user")
            ? new CpuCost(book.Spread("daemon.user"), book.Spread("daemon.system"), null)
            : null,
        ResidentBytes = book.Has("rss") ? book.Spread("rss") : null,
        Counts = path.Variant.Kind == VariantKind.Engine
            ? [CountedFigures.Of(book, plan.Tcp[0].Name), CountedFigures.Of(book, plan.Udp[0].Name)]
            : [],
        Drops = drops,
        Accelerations = accelerations,
    };

    private LatencyFigures Latency(string load) => new(
        load,
        book.Spread($"rr_{load}.load"),
        book.Spread($"rr_{load}.p50"),
        book.Spread($"rr_{load}.p90"),
        book.Spread($"rr_{load}.p99"),
        book.Spread($"rr_{load}.p999"),
        book.Spread($"rr_{load}.transactions"));
}
