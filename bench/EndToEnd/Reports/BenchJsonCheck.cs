using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Bench.Results;

namespace Overlay.Bench.Reports;

/// <summary>Whether a report that was read is one that a run could have written.</summary>
internal static class BenchJsonCheck
{
    // Another program may have written the same number with fewer digits.
    private const double Tolerance = 1e-9;

    /// <summary>What is wrong with it, in words that follow a colon; null when nothing is.</summary>
    internal static string? Fault(BenchReport report) =>
        report.Method.Rounds < Spread.LeastRounds
            ? $"method.rounds is {report.Method.Rounds}, and it takes {Spread.LeastRounds} rounds or more"
        : report.Variants.Count == 0 ? "it has no variants"
        : report.Variants.Any(variant => variant is null) ? "one of its variants is null"
        : Twice(report.Variants.Select(variant => variant.Name)) is { } name ? $"the variant {name} is in it twice"
        : !AreNumbers(report) ? "environment or method has a value that is no number of what it counts"
        : report.Variants.Select(Fault).FirstOrDefault(fault => fault is not null);

    private static bool AreNumbers(BenchReport report) =>
        double.IsFinite(report.Environment.StealPercent)
        && double.IsFinite(report.Method.Omit)
        && double.IsFinite(report.Method.Duration)
        && report.Environment is { Processors: > 0, StealPercent: >= 0, MemoryBytes: >= 0 }
        && report.Method is { Omit: >= 0, Duration: > 0, WireMtu: > 0 };

    private static string? Fault(VariantReport variant)
    {
        if (HasNull(variant))
        {
            return $"{variant.Name} has null where a figure must be";
        }

        if (variant.Drops.Where(drop => drop.Value < 0).Select(drop => drop.Key).FirstOrDefault() is { } reason)
        {
            return $"{variant.Name} has dropped fewer than no packets for {reason}";
        }

        Figure[] figures = [.. Figures.Of(variant)];
        return Twice(figures.Select(figure => $"{figure.Test} {figure.Metric}")) is { } twice
            ? $"{variant.Name} has {twice} twice"
            : figures
                .Select(figure => Fault(figure.Spread) is { } fault ? $"{variant.Name} {figure.Test} "
                + $"{figure.Metric}: {fault}" : null)
                .FirstOrDefault(fault => fault is not null);
    }

    // The reader looks at properties, and not at the elements of lists.
    private static bool HasNull(VariantReport variant) =>
        HasNull(variant.Tcp) || HasNull(variant.Udp) || HasNull(variant.Latency) || HasNull(variant.Counts)
        || variant.Counts.Any(counted =>
            HasNull(counted.Stages) || HasNull(counted.SystemCallsPerPacket.Values)
            || HasNull(counted.KernelCopiesPerByte.Values) || HasNull(counted.UserCopiesPerByte.Values));

    private static bool HasNull<T>(IEnumerable<T> list)
        where T : class => list.Any(element => element is null);

    private static string? Fault(Spread spread)
    {
        Spread recounted;
        try
        {
            recounted = Spread.Of(spread.Samples);
        }
        catch (BenchException problem)
        {
            return problem.Message;
        }

        return !IsSame(
            spread.Median, recounted.Median) ? $"the median is {spread.Median}, and that of its samples is "
                + $"{recounted.Median}"
            : !IsSame(
                spread.Minimum, recounted.Minimum) ? $"the minimum is {spread.Minimum}, and that of its samples is "
                    + $"{recounted.Minimum}"
            : !IsSame(
                spread.Maximum, recounted.Maximum) ? $"the maximum is {spread.Maximum}, and that of its samples is "
                    + $"{recounted.Maximum}"
            : null;
    }

    // Infinity is within any share of itself, and 1e999 reads as that.
    private static bool IsSame(double one, double other) =>
        double.IsFinite(one) && Math.Abs(one - other) <= Tolerance * Math.Max(Math.Abs(one), Math.Abs(other));

    private static string? Twice(IEnumerable<string> names) =>
        names.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1)?.Key;
}
