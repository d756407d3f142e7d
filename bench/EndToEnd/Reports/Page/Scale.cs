using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Overlay.Bench.Reports.Page;

/// <summary>An axis: where on it a value is, 0 to 1, and where its ticks are.</summary>
internal sealed class Scale
{
    private const int MostTicks = 4;

    private readonly Func<double, double> _place;

    private Scale(Func<double, double> place, IReadOnlyList<double> ticks)
    {
        _place = place;
        Ticks = ticks;
    }

    /// <summary>Round numbers, in ascending order.</summary>
    internal IReadOnlyList<double> Ticks { get; }

    /// <summary>From 0 to a round number that is at least the greatest value.</summary>
    internal static Scale Linear(double greatest)
    {
        double room = greatest > 0 ? greatest : 1;
        double power = Math.Pow(10, Math.Floor(Math.Log10(room / MostTicks)));
        double step = ((double[])[1, 2, 2.5, 5, 10]).Select(
            factor => factor * power).First(step => Math.Ceiling(room / step) <= MostTicks);
        int ticks = (int)Math.Ceiling(room / step);
        return new Scale(value => Math.Clamp(
            value / (ticks * step), 0, 1), [.. Enumerable.Range(0, ticks + 1).Select(tick => tick * step)]);
    }

    /// <summary>
    /// Logarithmic, with ticks at 1, 2 and 5 of each power of ten, or at the powers alone where those are many.
    /// </summary>
    /// <param name="least">Above 0.</param>
    /// <param name="greatest">At least as much.</param>
    internal static Scale Logarithmic(double least, double greatest)
    {
        double from = Math.Pow(10, Math.Floor(Math.Log10(least)));
        double to = Math.Pow(10, Math.Ceiling(Math.Log10(greatest)));
        if (to <= from)
        {
            to = from * 10;
        }

        int powers = (int)Math.Round(Math.Log10(to / from));
        double[] steps = powers > 4 ? [1] : [1, 2, 5];
        double[] ticks = [.. Enumerable.Range(0, powers).SelectMany(
            power => steps.Select(step => from * Math.Pow(10, power) * step)).Append(to)];

        // No more room below the least and above the greatest than their own tick takes.
        double low = ticks.Last(tick => tick <= least * (1 + 1e-9));
        double high = ticks.First(tick => tick >= greatest * (1 - 1e-9) && tick > low);
        double span = Math.Log(high / low);
        return new Scale(
            value => value <= low ? 0 : Math.Clamp(Math.Log(value / low) / span, 0, 1),
            [.. ticks.Where(tick => tick >= low && tick <= high)]);
    }

    /// <summary>A tick in words, with no more digits than it needs.</summary>
    internal static string Text(double tick) => tick.ToString("0.######", CultureInfo.InvariantCulture);

    /// <summary>Where a value is.</summary>
    internal double Of(double value) => _place(value);
}
