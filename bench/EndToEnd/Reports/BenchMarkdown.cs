using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Bench.Results;
using Overlay.Terminal;

namespace Overlay.Bench.Reports;

/// <summary>The headline table in Markdown, for README and docs/performance.md.</summary>
internal static class BenchMarkdown
{
    private const string Nothing = "–";

    private static readonly string[] s_headings =
    [
        "variant", "1 TCP stream, Gbit/s", "× direct", "64 B packets, kpps", "p50 idle, µs", "p99 half load, µs",
        "CPU s/GB", "system calls a packet",
        "copies in user space",
    ];

    /// <summary>The table and, below it, what to know of it. Each figure is <c>median [min–max]</c>.</summary>
    internal static string Headline(BenchReport report) => string.Concat(Lines(report).Select(line => line + "\n"));

    /// <summary>The headline's columns.</summary>
    internal static IReadOnlyList<string> Headings => s_headings;

    /// <summary>The headline's cells of one variant.</summary>
    internal static IReadOnlyList<string> Cells(BenchReport report, VariantReport variant)
    {
        FigureText text = FigureText.Unicode;
        VariantReport? direct = report.Variants.FirstOrDefault(other => other.Name == "direct");
        CountedWorkload? counted = CountedSums.OneStream(variant);
        Spread? Find(VariantReport? of, string test, string metric) => of is null
            ? null
            : Figures.Of(of).FirstOrDefault(figure => figure.Test == test && figure.Metric == metric)?.Spread;
        string Cell(string test, string metric, double divisor = 1) => Or(Find(variant, test, metric), divisor);
        string Or(Spread? spread, double divisor = 1) => spread is null ? Nothing : text.Of(spread, divisor);
        return
        [
            variant.Name,
            Cell(Figures.OneStream, "bits_per_second", 1e9),
            text.Ratio(Find(
                variant, Figures.OneStream, "bits_per_second"), Find(direct, Figures.OneStream, "bits_per_second")),
            Cell("udp_64", "packets_per_second", 1e3),
            Cell("udp_rr_idle", "p50"),
            Cell("udp_rr_half", "p99"),
            Or(CountedSums.Total(variant.CpuSecondsPerGb)),
            Or(counted is null ? null : CountedSums.SystemCalls(counted)),
            Or(counted is null ? null : CountedSums.UserCopies(counted)),
        ];
    }

    private static IEnumerable<string> Lines(BenchReport report) =>
    [
        Row(s_headings),
        Row(s_headings.Select((_, column) => column == 0 ? "---" : "--:")),
        .. report.Variants.Select(variant => Row(Cells(report, variant).Select(Escaped))),
        "",
        Escaped($"Median [least–greatest] of {report.Method.Rounds} rounds; {report.Environment.CpuModel}, "
            + $"{report.Environment.Processors} processors, "
            + $"{report.Environment.Kernel}, wire {report.Method.Wire} with MTU {report.Method.WireMtu}. ")
            + string.Join(' ', ReportNotes.Warnings(report)),
    ];

    private static string Row(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |";

    // A name that another gave must neither end a cell nor become a link or an element.
    private static string Escaped(string text) => string.Concat(TerminalText.Mask(text).Select(letter =>
        @"\|<>&[]*_`".Contains(letter, StringComparison.Ordinal)
            && !IsOurs(letter) ? $"\\{letter}" : letter.ToString()));

    // Brackets of a range make no link without parentheses behind them.
    private static bool IsOurs(char letter) => letter is '[' or ']';
}
