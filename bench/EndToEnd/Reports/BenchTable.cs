using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Overlay.Bench.Results;
using Overlay.Terminal;

namespace Overlay.Bench.Reports;

/// <summary>
/// A report for a terminal: sections with one row for each way and test, each figure as <c>median [min–max]</c>.
/// </summary>
internal sealed class BenchTable
{
    // As wide as a rule below a title is when nobody limits the width.
    private const int WidestRule = 100;

    private readonly BenchReport _report;
    private readonly VariantReport? _direct;
    private readonly FigureText _text;
    private readonly int _width;

    private BenchTable(BenchReport report, bool unicode, int width)
    {
        _report = report;
        _direct = report.Variants.FirstOrDefault(variant => variant.Name == "direct");
        _text = new FigureText(unicode);
        _width = width;
    }

    /// <summary>The whole table, as wide as <paramref name="output"/> and in what this terminal can show.</summary>
    internal static string Write(BenchReport report, TextWriter output) => string.Concat(
        Lines(report, TerminalText.IsUnicode(Environment.GetEnvironmentVariable), TextTable.WidthOf(output))
            .Select(line => line + "\n"));

    /// <summary>The lines, without line breaks.</summary>
    /// <param name="report">What was measured.</param>
    /// <param name="unicode">Whether the output takes more than ASCII; without it there is nothing else in any
    /// line.</param>
    /// <param name="width">Columns there are; <see cref="TextTable.Unlimited"/> for a pipe.</param>
    internal static IEnumerable<string> Lines(BenchReport report, bool unicode, int width) =>
        new BenchTable(report, unicode, width).Lines().Skip(1).Select(line => unicode ? line : FigureText.Ascii(line));

    private IEnumerable<string> Lines() =>
    [
        .. Section("Environment", [], []),
        .. ReportNotes.Environment(_report).Select(note => TerminalText.Mask($"{note.Name,-10} {note.Value}")),
        .. ReportNotes.Warnings(_report).Select(warning => TerminalText.Mask($"Note: {warning}")),
        .. Throughput(),
        .. Packets(),
        .. Latency(),
        .. Cpu(),
        .. Counts(),
        .. CopyClaim.CostOfACopy(_report, _text),
        .. Memory(),
    ];

    private IEnumerable<string> Throughput() => Section(
        $"Throughput (TCP_STREAM; reverse: pod 2 {_text.Arrow} pod 1)",
        ["VARIANT", "TEST", "GBIT/S", Direct, "CPU %", ""],
        from test in Tests(variant => variant.Tcp.Select(Figures.TestOf))
        from variant in _report.Variants
        let tcp = variant.Tcp.FirstOrDefault(tcp => Figures.TestOf(tcp) == test)
        where tcp is not null
        let direct = _direct?.Tcp.FirstOrDefault(other => Figures.TestOf(other) == test)
        select (string[])
        [
            variant.Name, test, _text.Of(tcp.BitsPerSecond, 1e9), _text.Ratio(tcp.BitsPerSecond, direct?.BitsPerSecond),
            _text.Of(tcp.CpuUtilizationPercent), "",
        ]);

    private IEnumerable<string> Packets() => Section(
        "Packets (UDP_STREAM, delivered)",
        ["VARIANT", "TEST", "KPPS", Direct, "GBIT/S", "LOST %", ""],
        from test in Tests(variant => variant.Udp.Select(Figures.TestOf))
        from variant in _report.Variants
        let udp = variant.Udp.FirstOrDefault(udp => Figures.TestOf(udp) == test)
        where udp is not null
        let direct = _direct?.Udp.FirstOrDefault(other => Figures.TestOf(other) == test)
        select (string[])
        [
            variant.Name, test,
            _text.Of(udp.PacketsPerSecond, 1e3), _text.Ratio(udp.PacketsPerSecond, direct?.PacketsPerSecond),
            _text.Of(udp.BitsPerSecond, 1e9), _text.Of(udp.LostPercent), "",
        ]);

    private IEnumerable<string> Latency() => Section(
        $"Latency (UDP_RR, {_text.Microseconds}; half: beside half of the packets that the variant delivered at most)",
        ["VARIANT", "TEST", "P50", Direct, "P90", Direct, "P99", Direct, "P99.9", Direct, ""],
        from test in Tests(variant => variant.Latency.Select(Figures.TestOf))
        from variant in _report.Variants
        let latency = variant.Latency.FirstOrDefault(latency => Figures.TestOf(latency) == test)
        where latency is not null
        let direct = _direct?.Latency.FirstOrDefault(other => Figures.TestOf(other) == test)
        select (string[])
        [
            variant.Name, test,
            _text.Of(latency.P50), _text.Ratio(latency.P50, direct?.P50),
            _text.Of(latency.P90), _text.Ratio(latency.P90, direct?.P90),
            _text.Of(latency.P99), _text.Ratio(latency.P99, direct?.P99),
            _text.Of(latency.P999), _text.Ratio(latency.P999, direct?.P999), "",
        ]);

    private IEnumerable<string> Cpu() => Section(
        "CPU (seconds for a GB in one TCP stream: the whole machine, then both daemons)",
        ["VARIANT", "TOTAL", Direct, "USER", "SYSTEM", "SOFTIRQ", "DAEMONS USER", "DAEMONS SYSTEM", ""],
        from variant in _report.Variants
        let cost = variant.CpuSecondsPerGb
        let total = CountedSums.Total(cost)
        let daemons = variant.DaemonCpuSecondsPerGb
        select (string[])
        [
            variant.Name,
            Or(total), _text.Ratio(total, _direct is null ? null : CountedSums.Total(_direct.CpuSecondsPerGb)),
            _text.Of(cost.User), _text.Of(cost.System), Or(cost.Softirq), Or(daemons?.User), Or(daemons?.System), "",
        ]);

    private IEnumerable<string> Counts()
    {
        string[] uncounted = [.. _report.Variants.Where(variant => variant.Counts.Count == 0)
            .Select(variant => variant.Name)];
        return
        [
            .. Section(
                "Counts (both daemons together; copies are times that each byte is copied)",
                [
                    "VARIANT", "TEST", "SYSTEM CALLS/PACKET", "SWITCHES/PACKET", "KERNEL COPIES", "USER COPIES",
                    "NS/PACKET", "B/PACKET", ""],
                from test in Tests(variant => variant.Counts.Select(counted => counted.Workload))
                from variant in _report.Variants
                let counted = variant.Counts.FirstOrDefault(counted => counted.Workload == test)
                where counted is not null
                select (string[])
                [
                    variant.Name, test,
                    Or(CountedSums.SystemCalls(counted)), _text.Of(counted.ContextSwitchesPerPacket),
                    Or(CountedSums.KernelCopies(counted)), Or(CountedSums.UserCopies(counted)),
                    Or(CountedSums.StageTime(counted)), _text.Of(counted.BytesPerPacket), "",
                ]),
            .. uncounted.Length == 0 ? [] : (string[])[TerminalText.Mask(
                "not counted, because no metered daemon of ours carries their packets: "
                    + string.Join(", ", uncounted))],
        ];
    }

    private IEnumerable<string> Memory() => Section(
        "Memory and drops (both daemons' resident memory; packets dropped over all rounds)",
        ["VARIANT", "RESIDENT MB", "DROPPED"],
        from variant in _report.Variants
        let drops = variant.Drops.Where(drop => drop.Value > 0).OrderByDescending(drop => drop.Value)
        select (string[])
        [
            variant.Name, variant.ResidentBytes is { } resident ? _text.Of(resident, 1e6) : "-",
            string.Join(", ", drops.Select(drop => $"{drop.Key} {drop.Value.ToString(CultureInfo.InvariantCulture)}")
                .DefaultIfEmpty(Figures.NoDrops(variant))),
        ]);

    private string Direct => $"{_text.Times} DIRECT";

    private string Or(Spread? spread) => spread is null ? "-" : _text.Of(spread);

    // Those of any variant, in the order in which they appear first.
    private IEnumerable<string> Tests(Func<VariantReport, IEnumerable<string>> of) =>
        _report.Variants.SelectMany(of).Distinct();

    private IEnumerable<string> Section(string title, string[] headings, IEnumerable<string[]> rows)
    {
        string[][] all = [headings, .. rows];
        string rule = new(_text.Rule, Math.Min(_width, WidestRule));
        yield return "";
        yield return title;
        yield return rule;
        if (headings.Length == 0)
        {
            yield break;
        }

        if (all.Length == 1)
        {
            yield return "not measured";
            yield break;
        }

        foreach (string line in TextTable.Lines(
            headings, [.. all.Skip(1).Select(row => AlignedRight(row, all))], _width))
        {
            yield return line;
        }
    }

    // Figures; the words at either end stay on the left.
    private static string[] AlignedRight(string[] row, string[][] all) =>
    [
        .. row.Select((cell, column) => column == 0 || column == row.Length - 1 || !IsFigure(all, column)
            ? cell
            : cell.PadLeft(all.Max(other => other[column].Length))),
    ];

    private static bool IsFigure(string[][] all, int column) => all[0][column] != "TEST";
}
