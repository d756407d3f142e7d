using System.Collections.Generic;
using System.Linq;

namespace Overlay.Bench.Results;

/// <summary>
/// One figure as several rounds gave it. There is none of fewer than <see cref="LeastRounds"/>: a figure without a
/// spread says nothing.
/// </summary>
/// <param name="Median">The middle one; the mean of both when there are two.</param>
/// <param name="Minimum">The least.</param>
/// <param name="Maximum">The greatest.</param>
/// <param name="Samples">One of each round, in the rounds' order.</param>
internal sealed record Spread(double Median, double Minimum, double Maximum, IReadOnlyList<double> Samples)
{
    /// <summary>So many rounds at least.</summary>
    internal const int LeastRounds = 5;

    /// <summary>Of the rounds' figures.</summary>
    /// <exception cref="BenchException">They are too few, or one is no number.</exception>
    internal static Spread Of(IReadOnlyList<double> samples)
    {
        if (samples.Count < LeastRounds)
        {
            throw new BenchException(
                $"a figure of {samples.Count} rounds has no spread; it takes {LeastRounds} rounds or more");
        }

        if (samples.Any(sample => !double.IsFinite(sample)))
        {
            throw new BenchException("a round gave no number; nothing was measured");
        }

        double[] sorted = [.. samples.Order()];
        int middle = sorted.Length / 2;
        double median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[^1], samples);
    }

    /// <summary>Whether no figure of the one is among those of the other.</summary>
    internal bool IsApartFrom(Spread other) => Minimum > other.Maximum || Maximum < other.Minimum;
}
