using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Overlay.Terminal;

namespace Overlay.Bench.Reports.Diff;

/// <summary>Two runs side by side, in words and as JSON.</summary>
internal static class BenchDiffText
{
    private static readonly string[] s_headings = [
        "VARIANT", "TEST", "FIGURE", "UNIT", "OLD", "NEW", "CHANGE", "VERDICT", ""];

    /// <summary>One line of JSON.</summary>
    internal static string ToJson(BenchDiff diff) => JsonSerializer.Serialize(diff, BenchDiffJson.Readable.BenchDiff);

    /// <summary>Warnings, a table, and how many verdicts there are of each kind.</summary>
    /// <param name="diff">What to say.</param>
    /// <param name="unicode">Whether the output takes more than ASCII; without it there is nothing else in any
    /// line.</param>
    /// <param name="width">Columns there are; <see cref="TextTable.Unlimited"/> for a pipe.</param>
    internal static IEnumerable<string> Lines(BenchDiff diff, bool unicode, int width)
    {
        FigureText text = new(unicode);
        IEnumerable<string> lines =
        [
            .. diff.Warnings.Select(warning => $"warning: {warning}"),
            .. diff.OnlyInOld.Select(name => TerminalText.Mask($"only in the old run: {name}")),
            .. diff.OnlyInNew.Select(name => TerminalText.Mask($"only in the new run: {name}")),
            .. diff.FiguresOfOneRun.Count == 0 ? [] : (string[])[OneFigureLine(diff.FiguresOfOneRun)],
            .. diff.Figures.Count == 0
                ? (string[])["the two runs have no figure in common"]
                : TextTable.Lines(s_headings, [.. diff.Figures.Select(figure => Row(text, figure))], width),
            Summary(diff),
        ];
        return unicode ? lines : lines.Select(FigureText.Ascii);
    }

    private static string OneFigureLine(IReadOnlyList<string> figures) =>
        TerminalText.Mask(
            $"{figures.Count} {(figures.Count == 1 ? "figure is" : "figures are")} in one run only, "
                + $"{figures[0]}{(figures.Count == 1 ? "" : " for one")}");

    private static string[] Row(FigureText text, FigureChange figure)
    {
        (string unit, double divisor) = text.Display(figure.Unit);
        return
        [
            figure.Variant, figure.Test, figure.Metric, unit,
            text.Of(figure.Old, divisor), text.Of(figure.New, divisor),
            figure.ChangePercent?.ToString("+0.0' %';-0.0' %';0.0' %'", CultureInfo.InvariantCulture) ?? "-",
            figure.Verdict switch { Verdict.Better => "better", Verdict.Worse => "worse", _ => "no verdict" },
            "",
        ];
    }

    private static string Summary(BenchDiff diff)
    {
        int better = diff.Figures.Count(figure => figure.Verdict == Verdict.Better);
        int worse = diff.Figures.Count(figure => figure.Verdict == Verdict.Worse);
        return $"{better} better, {worse} worse, {diff.Figures.Count - better - worse} no verdict (ranges overlap)";
    }
}

[JsonSerializable(typeof(BenchDiff))]
internal sealed partial class BenchDiffJson : JsonSerializerContext
{
    // For terminals and jq, never for a web page.
    internal static BenchDiffJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter<Verdict>(JsonNamingPolicy.SnakeCaseLower) },
    });
}
