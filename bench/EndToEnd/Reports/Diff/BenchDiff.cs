using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Overlay.Bench.Results;
using Overlay.Terminal;

namespace Overlay.Bench.Reports.Diff;

/// <summary>What can be said of a figure in two runs.</summary>
internal enum Verdict
{
    /// <summary>Their ranges have a value in common, or the figure has no better side.</summary>
    NoVerdict,

    /// <summary>Every round of the new run is better than every round of the old one.</summary>
    Better,

    /// <summary>Every round of the new run is worse than every round of the old one.</summary>
    Worse,
}

/// <summary>One figure in two runs.</summary>
/// <param name="Variant">Whose.</param>
/// <param name="Test">See <see cref="Figure.Test"/>.</param>
/// <param name="Metric">See <see cref="Figure.Metric"/>.</param>
/// <param name="Unit">One of <see cref="Units"/>.</param>
/// <param name="Old">In the old run.</param>
/// <param name="New">In the new run.</param>
/// <param name="ChangePercent">Of the medians, against the old one; null when that is 0.</param>
/// <param name="Verdict">What can be said.</param>
internal sealed record FigureChange(
    string Variant, string Test, string Metric, string Unit, Spread Old, Spread New, double? ChangePercent,
    Verdict Verdict);

/// <summary>Two runs side by side. The one object of <c>overlay bench diff --json</c>.</summary>
internal sealed record BenchDiff
{
    /// <summary>Of the object; another number when a name or a meaning changes.</summary>
    internal const string CurrentSchema = "overlay-bench-diff/1";

    /// <summary><see cref="CurrentSchema"/>.</summary>
    public required string Schema { get; init; }

    /// <summary>What was not the same when the two were measured, one line each.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>Variants that only the old run has.</summary>
    public required IReadOnlyList<string> OnlyInOld { get; init; }

    /// <summary>Variants that only the new run has.</summary>
    public required IReadOnlyList<string> OnlyInNew { get; init; }

    /// <summary>
    /// Figures of variants that both have, but that one run has alone: <c>offload: tcp_16 bits_per_second</c>.
    /// </summary>
    public required IReadOnlyList<string> FiguresOfOneRun { get; init; }

    /// <summary>Every figure that both runs have and that has a better side, in the new run's order.</summary>
    public required IReadOnlyList<FigureChange> Figures { get; init; }

    /// <summary>Compares.</summary>
    internal static BenchDiff Of(BenchReport old, BenchReport @new) => new()
    {
        Schema = CurrentSchema,
        Warnings = [.. Conditions(old, @new).Concat(Common(old, @new).SelectMany(Conditions))],
        OnlyInOld = Missing(old, @new),
        OnlyInNew = Missing(@new, old),
        FiguresOfOneRun = [.. Common(old, @new)
            .SelectMany(variant => Alone(variant.Old, variant.New).Concat(Alone(variant.New, variant.Old)))],
        Figures = [.. Common(old, @new).SelectMany(Changes)],
    };

    /// <summary>What can be said of one figure.</summary>
    internal static Verdict Judge(Better better, Spread old, Spread @new) =>
        better == Better.Neither || !old.IsApartFrom(@new) ? Verdict.NoVerdict
        : @new.Median > old.Median == (better == Better.Higher) ? Verdict.Better
        : Verdict.Worse;

    private static IEnumerable<(VariantReport Old, VariantReport New)> Common(BenchReport old, BenchReport @new) =>
        from variant in @new.Variants
        let before = old.Variants.FirstOrDefault(other => other.Name == variant.Name)
        where before is not null
        select (before, variant);

    private static string[] Missing(BenchReport having, BenchReport lacking) =>
        [.. having.Variants.Select(variant => variant.Name).Except(lacking.Variants.Select(variant => variant.Name))];

    private static IEnumerable<string> Alone(VariantReport having, VariantReport lacking) => Reports.Figures.Of(having)
        .Select(Name)
        .Except(Reports.Figures.Of(lacking).Select(Name)).Select(figure => $"{having.Name}: {figure}");

    private static string Name(Figure figure) => $"{figure.Test} {figure.Metric}";

    private static IEnumerable<FigureChange> Changes((VariantReport Old, VariantReport New) variant)
    {
        Dictionary<(string, string), Figure> before = Reports.Figures.Of(variant.Old)
            .ToDictionary(figure => (figure.Test, figure.Metric));
        return
            from figure in Reports.Figures.Of(variant.New)
            where figure.Better != Better.Neither
            let old = before.GetValueOrDefault((figure.Test, figure.Metric))
            where old is not null
            select new FigureChange(
                variant.New.Name, figure.Test, figure.Metric, figure.Unit, old.Spread, figure.Spread,
                Change(old.Spread.Median, figure.Spread.Median),
                Judge(figure.Better, old.Spread, figure.Spread));
    }

    // A figure near nothing can grow beyond what a number says.
    private static double? Change(double old, double @new) =>
        old != 0 && (@new - old) / old * 100 is var change && double.IsFinite(change) ? change : null;

    private static IEnumerable<string> Conditions(BenchReport old, BenchReport @new) =>
        from condition in ((string Name, string Old, string New)[])
        [
            ("the processor", old.Environment.CpuModel, @new.Environment.CpuModel),
            ("the number of processors", Text(old.Environment.Processors), Text(@new.Environment.Processors)),
            ("the number of threads a core", Text(
                old.Environment.ThreadsPerCore), Text(@new.Environment.ThreadsPerCore)),
            ("the frequency governor", old.Environment.Governor ?? "none", @new.Environment.Governor ?? "none"),
            ("the kernel", old.Environment.Kernel, @new.Environment.Kernel),
            ("the runtime", old.Environment.Runtime, @new.Environment.Runtime),
            ("the wire", old.Method.Wire, @new.Method.Wire),
            ("the wire's MTU", Text(old.Method.WireMtu), Text(@new.Method.WireMtu)),
            ("the duration", $"{Text(old.Method.Duration)} s", $"{Text(@new.Method.Duration)} s"),
            ("the time left out", $"{Text(old.Method.Omit)} s", $"{Text(@new.Method.Omit)} s"),
            ("the number of rounds", Text(old.Method.Rounds), Text(@new.Method.Rounds)),
            ("the counting", old.Method.Counting, @new.Method.Counting),
            ("the machine", Shared(old), Shared(@new)),
        ]
        where condition.Old != condition.New
        select Differs(condition.Name, condition.Old, condition.New);

    private static IEnumerable<string> Conditions((VariantReport Old, VariantReport New) variant)
    {
        if (variant.Old.Mtu != variant.New.Mtu)
        {
            yield return Differs($"the MTU of {variant.New.Name}", Text(variant.Old.Mtu), Text(variant.New.Mtu));
        }

        if (variant.Old.Kind != variant.New.Kind)
        {
            yield return Differs($"the kind of {variant.New.Name}", Text(variant.Old.Kind), Text(variant.New.Kind));
        }
    }

    private static string Differs(string what, string old, string @new) =>
        TerminalText.Mask($"{what} is not the same: {old}, now {@new}");

    private static string Shared(BenchReport report) =>
        report.Environment.IsShared ? "shared with others" : "not shared";

    private static string Text(object? value) =>
        Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : "unknown";
}
