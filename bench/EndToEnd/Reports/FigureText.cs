using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Overlay.Bench.Results;

namespace Overlay.Bench.Reports;

/// <summary>Figures in words: <c>12.3 [11.9–12.8]</c>, <c>0.45×</c>.</summary>
internal sealed class FigureText
{
    private const int SignificantDigits = 3;
    private const int MostDecimals = 5;

    private readonly bool _unicode;

    /// <summary>For an output that takes more than ASCII, or not.</summary>
    internal FigureText(bool unicode)
    {
        _unicode = unicode;
    }

    /// <summary>For pages, which are UTF-8.</summary>
    internal static FigureText Unicode { get; } = new(unicode: true);

    /// <summary>Microseconds.</summary>
    internal string Microseconds => _unicode ? "µs" : "us";

    /// <summary>The sign of a ratio.</summary>
    internal string Times => _unicode ? "×" : "x";

    /// <summary>Of a rule below a heading.</summary>
    internal char Rule => _unicode ? '─' : '-';

    /// <summary>From pod 1 to pod 2.</summary>
    internal string Arrow => _unicode ? "→" : "->";

    /// <summary>What people read a unit in, and how many of it that is: <c>Gbit/s</c>, 10^9.</summary>
    internal (string Name, double Divisor) Display(string unit) => unit switch
    {
        Units.BitsPerSecond => ("Gbit/s", 1e9),
        Units.PacketsPerSecond => ("kpps", 1e3),
        Units.Bytes => ("MB", 1e6),
        Units.Microseconds => (Microseconds, 1),
        Units.Count => ("", 1),
        _ => (unit, 1),
    };

    /// <summary>The median and, in brackets, the least and the greatest.</summary>
    /// <param name="spread">The figure.</param>
    /// <param name="divisor">What it is divided by first.</param>
    internal string Of(Spread spread, double divisor = 1) =>
        $"{Number(spread.Median / divisor)} [{Range(spread.Minimum / divisor, spread.Maximum / divisor)}]";

    /// <summary>How many times the direct way's median; empty where there is none to compare with.</summary>
    internal string Ratio(Spread? figure, Spread? direct) =>
        figure is not null && direct is { Median: > 0 } ? $"{Number(figure.Median / direct.Median)}{Times}" : "";

    /// <summary>One number, to three digits.</summary>
    internal static string Number(double value)
    {
        int decimals = value == 0 ? 0 : Math.Clamp(
            SignificantDigits - 1 - (int)Math.Floor(Math.Log10(Math.Abs(value))), 0, MostDecimals);
        return value.ToString($"F{decimals}", CultureInfo.InvariantCulture);
    }

    /// <summary>The range of a difference: least and greatest, each against the other's opposite end.</summary>
    internal string Difference(Spread more, Spread less, double divisor = 1) =>
        $"{Number((more.Median - less.Median) / divisor)} "
        + $"[{Range((more.Minimum - less.Maximum) / divisor, (more.Maximum - less.Minimum) / divisor)}]";

    /// <summary>Figures of the same rounds added up, round by round.</summary>
    /// <returns>Null of none.</returns>
    internal static Spread? Sum(IEnumerable<Spread> spreads)
    {
        Spread[] all = [.. spreads];
        return all.Length == 0
            ? null
            : Spread.Of([.. Enumerable.Range(0, all.Min(one => one.Samples.Count))
                .Select(round => all.Sum(one => one.Samples[round]))]);
    }

    /// <summary>
    /// A line for an output that takes nothing else: what others named in more than ASCII becomes question marks.
    /// </summary>
    internal static string Ascii(string line) =>
        string.Concat(line.Select(letter => char.IsAscii(letter) ? letter : '?'));

    // Each with digits of its own: next to 0.05 there may be 80.
    private string Range(double least, double greatest) => $"{Number(least)}{(_unicode ? "–" : "-")}{Number(greatest)}";
}
