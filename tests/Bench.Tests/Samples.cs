using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Bench.Results;

namespace Overlay.Bench.Tests;

/// <summary>
/// Reports as a run could give them: everything measured, of as many variants as asked, the same every time.
/// </summary>
internal static class Samples
{
    /// <summary>Forty characters, with everything in it that a page or a table could trip over.</summary>
    internal const string PeerName = "peer <b>&\"WWWWW\"</b> flanneld the real |";

    private static readonly string[] s_names =
    [
        "direct", "routing", "vxlan", "classic", "batch", "pipeline", "offload", "offload-without-tun_tso",
        "offload-without-tun_uso", "offload-without-udp_gso", "offload-without-udp_gro", "offload-without-coalescing",
        "offload-without-mmsg", "offload-with-a-copy", PeerName,
    ];

    // Gbit/s of one stream.
    private static readonly double[] s_speeds = [
        41.2, 36.4, 24.9, 1.31, 1.72, 12.4, 15.3, 2.9, 15.2, 3.3, 7.4, 6.1, 14.9, 12.6, 1.08];

    /// <summary>
    /// Fifteen ways: the kernel's, every engine, <c>offload</c> with something away or added, a peer.
    /// </summary>
    internal static BenchReport Fifteen { get; } = Of(s_names.Length);

    /// <summary>Three: direct, vxlan, offload.</summary>
    internal static BenchReport Three { get; } = Fifteen with
    {
        Variants = [.. Fifteen.Variants.Where(variant => variant.Name is "direct" or "vxlan" or "offload")],
    };

    /// <summary>
    /// Fifteen, with names and words in them that mean something in HTML, or are long in another way.
    /// </summary>
    internal static BenchReport Hostile { get; } = Fifteen
        .With(
            "vxlan",
            variant => variant with
            {
                Name = "</code><script>alert(1)</script>&amp;\u0001\ufffe",
                Description = "]]><!-- <b>",
            })
        .With("classic", variant => variant with { Name = string.Concat(Enumerable.Repeat("日本語", 12)) }) with
    {
        Environment = Fifteen.Environment with
        {
            CommandLine = "\"><script src=http://example.org/x.js></script>",
            CpuModel = "a\nb",
        },
    };

    /// <summary>Five rounds around a figure.</summary>
    /// <param name="middle">Their median.</param>
    /// <param name="width">Of the range, as a share of it.</param>
    internal static Spread Around(double middle, double width = 0.06) =>
        Spread.Of([.. ((double[])[0, -0.5, 0.2, 0.5, -0.1]).Select(share => middle * (1 + share * width))]);

    /// <summary>One variant of a report.</summary>
    internal static VariantReport Variant(this BenchReport report, string name) =>
        report.Variants.Single(variant => variant.Name == name);

    /// <summary>The report with one variant changed.</summary>
    internal static BenchReport With(this BenchReport report, string name, Func<VariantReport, VariantReport> change) =>
        report with { Variants = [.. report.Variants.Select(
            variant => variant.Name == name ? change(variant) : variant)] };

    private static BenchReport Of(int count) => new()
    {
        Schema = BenchReport.CurrentSchema,
        Environment = new BenchEnvironment(
            "2026-03-01T12:00:00Z", "0.1.0+0123456", "Linux 6.12.9", ".NET 10.0.1", "AMD EPYC 9354 32-Core Processor",
            2, 2, "performance", 8_200_000_000, "overlay bench --rounds 5 --peer 'a \"b\" <c>=d'", 0.2,
            IsShared: false),
        Method = new BenchMethod(
            Rounds: 5, Omit: 1, Duration: 3, Wire: "veth", WireMtu: 1500, IsQuick: false, Counting: "self"),
        Variants = [.. Enumerable.Range(0, count).Select(Way)],
    };

    private static VariantReport Way(int index)
    {
        string name = s_names[index];
        double speed = s_speeds[index];
        VariantKind kind = index < 3 ? VariantKind.Kernel : name == PeerName ? VariantKind.Peer : VariantKind.Engine;
        double share = s_speeds[0] / speed;
        return new VariantReport
        {
            Name = name,
            Kind = kind,
            Description = $"The way of {name}",
            Mtu = kind == VariantKind.Kernel ? 1500 : 1472,
            Tcp =
            [
                .. from streams in (int[])[1, 4, 16]
                from reverse in (bool[])[false, true]
                let bits = speed * 1e9 * (reverse ? 0.97 : 1) * (1 + Math.Log10(streams) / 9)
                select new TcpFigures(streams, reverse, Around(bits), Around(97.1)),
            ],
            Udp =
            [
                .. from size in (int[])[64, 512, kind == VariantKind.Kernel ? 1472 : 1444]
                select new UdpFigures(
                    size, size > 1000, Around(940_000 / Math.Sqrt(share) * (1 - size / 9000.0), 0.2),
                    Around(940_000 / Math.Sqrt(share) * (1 - size / 9000.0) * size * 8, 0.2), Around(41)),
            ],
            Latency =
            [
                Rtt("idle", 0, 21 + share),
                Rtt("half", 380_000 / Math.Sqrt(share), 34 + 4 * share),
            ],
            CpuSecondsPerGb = new CpuCost(Around(0.012 * share), Around(0.11 * share), Around(0.06 * share)),
            DaemonCpuSecondsPerGb = kind == VariantKind.Engine ? new CpuCost(
                Around(0.011 * share), Around(0.07 * share), null) : null,
            ResidentBytes = kind == VariantKind.Engine ? Around(131e6) : null,
            Counts = kind == VariantKind.Engine ? [
                Counted("tcp_1", name, share, 1452), Counted("udp_64", name, share, 92)] : [],
            Drops = kind == VariantKind.Engine
                ? new Dictionary<string, long> { ["no_route"] = 3, ["kernel_tun_queue"] = 81_234 + index }
                : [],
        };
    }

    private static LatencyFigures Rtt(string load, double packets, double middle) => new(
        load, Around(packets), Around(middle), Around(middle * 1.3), Around(middle * 2.1, 0.3), Around(middle * 7, 0.8),
        Around(100_000 / middle));

    private static CountedWorkload Counted(string workload, string name, double share, double bytes)
    {
        double calls = workload == "tcp_1" && name.StartsWith("offload", StringComparison.Ordinal) ? 0.03 : 1;
        double copies = name.EndsWith("a-copy", StringComparison.Ordinal) ? 1 : 0;
        return new CountedWorkload(
            workload,
            Around(bytes, 0.001),
            new Dictionary<string, Spread>
            {
                ["tun_read"] = Around(calls),
                ["udp_send"] = Around(calls * 0.8),
                ["udp_receive"] = Around(calls * 0.7),
                ["tun_write"] = Around(calls),
                ["wait"] = Around(calls * 0.2),
                ["signal"] = Around(0),
            },
            Around(0.004, 1),
            new Dictionary<string, Spread>
            {
                ["tun_read"] = Around(1.006, 0.001),
                ["udp_send"] = Around(1, 0),
                ["udp_receive"] = Around(1, 0),
                ["tun_write"] = Around(1.006, 0.001),
            },
            new Dictionary<string, Spread> { ["outbound"] = Around(copies, 0), ["inbound"] = Around(copies, 0) },
            [
                new StageCost(
                    "tun_read", Around(28 * share)), new StageCost("encapsulate", Around(9 * share + 40 * copies)),
                new StageCost("udp_send", Around(90 * share)), new StageCost("udp_receive", Around(31 * share)),
                new StageCost(
                    "decapsulate", Around(12 * share + 42 * copies)), new StageCost("tun_write", Around(120 * share)),
            ]);
    }
}
