using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Xml.Linq;
using Overlay.Bench.Results;
using static Overlay.Bench.Reports.Page.Markup;

namespace Overlay.Bench.Reports.Page;

/// <summary>The page's sections on what came through, how soon, and what the machine spent on it.</summary>
internal sealed class FlowSections
{
    private static readonly string[] s_percentiles = ["p50", "p90", "p99", "p99.9"];
    private static readonly string[] s_costs = ["user", "system", "softirq"];

    private static readonly (string Name, string Meaning)[] s_styles =
    [
        ("kernel", "the kernel alone"), ("backend", "the kernel, set up by a backend of ours"),
        ("engine", "an engine of ours"), ("ablation", "an engine with something taken away or added"),
        ("peer", "a peer"),
    ];

    private readonly BenchReport _report;
    private readonly FigureText _text = FigureText.Unicode;

    internal FlowSections(BenchReport report)
    {
        _report = report;
    }

    /// <summary>TCP, a panel for each number of streams and direction.</summary>
    internal XElement Throughput() => Bars(
        "throughput",
        "TCP throughput",
        "Gbit/s of payload, flat out; whiskers from the least round to the greatest. All panels have the same scale.",
        "No TCP throughput was measured, so there is no chart of it.",
        1e9,
        [
            .. _report.Variants.SelectMany(
                variant => variant.Tcp).Select(tcp => (tcp.Reverse, tcp.NumStreams)).Distinct().Order().Select(test => (
                $"{test.NumStreams} {(test.NumStreams == 1 ? "stream" : "streams")}, pod "
                    + $"{(test.Reverse ? "2 → pod 1" : "1 → pod 2")}, Gbit/s",
                Measured(variant => variant.Tcp
                    .FirstOrDefault(
                        tcp => tcp.NumStreams == test.NumStreams && tcp.Reverse == test.Reverse)?.BitsPerSecond))),
        ]);

    /// <summary>UDP, a panel for each size.</summary>
    internal XElement Packets() => Bars(
        "packets",
        "Packet rate",
        "Thousands of UDP datagrams a second that arrived, of more than that sent; whiskers from the least round to "
            + "the greatest. "
            + "All panels have the same scale.",
        "No packet rate was measured, so there is no chart of it.",
        1e3,
        [
            .. _report.Variants.SelectMany(variant => variant.Udp).Select(Figures.TestOf).Distinct().Select(test => (
                $"{SizeOf(test)}, kpps",
                Measured(variant => variant.Udp.FirstOrDefault(udp => Figures.TestOf(udp) == test)?.PacketsPerSecond))),
        ]);

    /// <summary>Processor time for a GB, stacked.</summary>
    internal XElement Cpu()
    {
        ChartRow[] machine = Costs(variant => variant.CpuSecondsPerGb);
        ChartRow[] daemons = Costs(variant => variant.DaemonCpuSecondsPerGb);
        if (machine.Length == 0)
        {
            return Section("cpu", "CPU time", Html("p", "No CPU time was measured, so there is no chart of it."));
        }

        var scale = Scale.Linear(machine.Concat(daemons).Max(Longest));
        string[] unsplit = [.. _report.Variants.Where(variant => variant.CpuSecondsPerGb.Softirq is null)
            .Select(variant => variant.Name)];
        return Section(
            "cpu",
            "CPU time",
            Html(
                "p",
                Is("class", "soft"),
                "Seconds of one processor for a GB (10⁹ bytes of payload) in one TCP stream. The whole machine is "
                    + "sender, receiver and all that is "
                    + "between; both panels have the same scale. The parts are medians of their own; the figure and "
                    + "the whisker are those of their sums."),
            unsplit.Length == 0 ? null : Html(
                "p", $"Softirq could not be told apart for {string.Join(", ", unsplit)}."),
            Html(
                "div",
                Is("class", "panels two"),
                RowChart.Draw("cpu-machine", "The whole machine, s/GB", machine, scale),
                daemons.Length == 0
                    ? Html("p", "No variant has daemons, so there is no chart of what they spent.")
                    : RowChart.Draw("cpu-daemons", "Both daemons alone, s/GB", daemons, scale)),
            Keys(s_costs.Select((name, index) => (index + 1, name))));
    }

    /// <summary>Percentiles, a panel for each load.</summary>
    internal XElement Latency()
    {
        (string Load, Curve[] Curves)[] loads =
        [
            .. _report.Variants.SelectMany(variant => variant.Latency).Select(
                latency => latency.Load).Distinct().Select(load => (load, Curves(load)))
                .Where(load => load.Item2.Length > 0),
        ];
        if (loads.Length == 0)
        {
            return Section("latency", "Latency", Html("p", "No latency was measured, so there is no chart of it."));
        }

        Spread[] points = [.. loads.SelectMany(load => load.Curves).SelectMany(curve => curve.Points)];
        var scale = Scale.Logarithmic(
            points.Select(point => point.Minimum).Where(least => least > 0).DefaultIfEmpty(1).Min(),
            points.Max(point => point.Maximum));
        Curve[] all =
        [
            .. loads.SelectMany(load => load.Curves).DistinctBy(curve => curve.Number).OrderBy(curve => curve.Number),
        ];
        return Section(
            "latency",
            "Latency",
            Html(
                "p",
                Is("class", "soft"),
                "Round trips of one UDP datagram of 64 bytes at a time, in µs on a logarithmic scale; the number at "
                    + "a curve's end is its variant's. "
                    + "Vertical lines from the least round to the greatest. At half load each variant also carries "
                    + "half of the full-size packets that it "
                    + "delivered at most: its own half, so a faster variant carries more."),
            CurveChart.Definitions(),
            Html("div", Is("class", "panels two"), loads.Select(load => CurveChart.Draw(
                $"latency-{IdOf(load.Load)}", $"{LoadOf(load.Load)}, µs", s_percentiles, load.Curves, scale))),
            CurveChart.Legend(all),
            Folded("The same in numbers", Table(
                "Latency",
                ["variant", "load", "kpps beside it", .. s_percentiles.Select(name => $"{name}, µs")],
                from load in loads
                from curve in load.Curves
                let latency = _report.Variants[curve.Number - 1].Latency.First(latency => latency.Load == load.Load)
                select (string[])
                [
                    curve.Name, load.Load, _text.Of(latency.LoadPacketsPerSecond, 1e3),
                    .. curve.Points.Select(point => _text.Of(point)),
                ])));
    }

    /// <summary>Memory, and packets that did not arrive, with the reason.</summary>
    internal XElement Memory() => Section(
        "memory",
        "Memory and drops",
        Html(
            "p", Is("class", "soft"), "Resident memory of both daemons together after each round; packets dropped "
                + "over all rounds, by reason."),
        Table(
            "Memory and drops",
            ["variant", "resident, MB", "dropped"],
            _report.Variants.Select(variant => (string[])
            [
                variant.Name,
                variant.ResidentBytes is { } resident ? _text.Of(resident, 1e6) : "no daemons",
                string.Join(", ", variant.Drops.Where(drop => drop.Value > 0).OrderByDescending(drop => drop.Value)
                    .Select(drop => $"{drop.Key} {drop.Value.ToString("N0", CultureInfo.InvariantCulture)}")
                    .DefaultIfEmpty(Figures.NoDrops(variant))),
            ]),
            "text"));

    /// <summary>A section with its heading.</summary>
    internal static XElement Section(string id, string heading, params object?[] content) =>
        Html(
            "section", Is("aria-labelledby", $"{id}-heading"), Html("h2", Is("id", $"{id}-heading"), heading), content);

    /// <summary>What only some want to see.</summary>
    internal static XElement Folded(string summary, XElement content) =>
        Html("details", Html("summary", summary), content);

    /// <summary>
    /// What the parts of a bar are, by the number of each, which is written on it and says its colour.
    /// </summary>
    internal static XElement Keys(IEnumerable<(int Number, string Name)> parts) => Html(
        "ul",
        Is("class", "key-list"),
        parts.Select(part => Html("li", Html("span", Is("class", $"s{part.Number}"), KeyOf(part.Number)), part.Name)));

    /// <summary>A part of a bar.</summary>
    internal static ChartPart Part(int number, double value) => new($"s{number}", value, KeyOf(number));

    /// <summary>How far a row reaches.</summary>
    internal static double Longest(ChartRow row) => Math.Max(row.Whole.Maximum, row.Parts.Sum(part => part.Value));

    private static string KeyOf(int number) => number.ToString(CultureInfo.InvariantCulture);

    private XElement Bars(
        string id, string heading, string about, string nothing, double divisor,
        (string Title, (VariantReport Variant, Spread Figure)[] Rows)[] panels)
    {
        panels = [.. panels.Where(panel => panel.Rows.Length > 0)];
        if (panels.Length == 0)
        {
            return Section(id, heading, Html("p", nothing));
        }

        var scale = Scale.Linear(panels.SelectMany(panel => panel.Rows).Max(row => row.Figure.Maximum) / divisor);
        return Section(
            id,
            heading,
            Html("p", Is("class", "soft"), about),
            Html(
                "ul",
                Is("class", "key-list"),
                s_styles
                .Where(style => panels.SelectMany(panel => panel.Rows).Any(row => StyleOf(row.Variant) == style.Name))
                .Select(style => Html("li", Html("span", Is("class", style.Name)), style.Meaning))),
            Html("div", Is("class", "panels"), panels.Select((panel, index) => RowChart.Draw(
                $"{id}-{index + 1}",
                panel.Title,
                [.. panel.Rows.Select(row => Row(row.Variant, row.Figure, divisor))],
                scale))));
    }

    private ChartRow Row(VariantReport variant, Spread figure, double divisor)
    {
        var scaled = Spread.Of([.. figure.Samples.Select(sample => sample / divisor)]);
        return new ChartRow(variant.Name, [new ChartPart(StyleOf(variant), scaled.Median)], scaled, _text.Of(scaled));
    }

    private static string StyleOf(VariantReport variant) => variant.Kind switch
    {
        VariantKind.Kernel => "kernel",
        VariantKind.Peer => "peer",
        VariantKind.Backend => "backend",
        _ => variant.Name.Contains('-', StringComparison.Ordinal) ? "ablation" : "engine",
    };

    private (VariantReport Variant, Spread Figure)[] Measured(Func<VariantReport, Spread?> figure) =>
    [
        .. from variant in _report.Variants
        let spread = figure(variant)
        where spread is not null
        select (variant, spread),
    ];

    private ChartRow[] Costs(Func<VariantReport, CpuCost?> of) =>
    [
        .. from variant in _report.Variants
        let cost = of(variant)
        where cost is not null
        let whole = CountedSums.Total(cost)
        where whole is not null
        select new ChartRow(
            variant.Name,
            [
                .. ((Spread?[])[cost.User, cost.System, cost.Softirq])
                    .Select((spread, index) => Part(index + 1, spread?.Median ?? 0)),
            ],
            whole,
            _text.Of(whole)),
    ];

    private Curve[] Curves(string load) =>
    [
        .. from variant in _report.Variants.Select((variant, index) => (Report: variant, Number: index + 1))
        let latency = variant.Report.Latency.FirstOrDefault(latency => latency.Load == load)
        where latency is not null
        let points = (Spread[])[latency.P50, latency.P90, latency.P99, latency.P999]
        where points.All(point => point.Median > 0)
        select new Curve(variant.Number, variant.Report.Name, points),
    ];

    private IEnumerable<int> FullSizes =>
        _report.Variants.SelectMany(variant => variant.Udp).Where(udp => udp.IsFullSize).Select(udp => udp.Blksize);

    private string SizeOf(string test) => test == "udp_full"
        ? $"Full size ({string.Join(", ", FullSizes.Distinct().Order())} B)"
        : $"{test["udp_".Length..]} B";

    private static string LoadOf(string load) => load switch { "idle" => "Idle", "half" => "At half load", _ => load };

    // An id has no space in it, whatever a load is called.
    private static string IdOf(string load) =>
        string.Concat(load.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-'));
}
