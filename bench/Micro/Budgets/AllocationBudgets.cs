using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;

namespace Overlay.Micro.Budgets;

/// <summary>What each benchmark may allocate: bench/budgets.txt, one line each, sorted.</summary>
internal sealed class AllocationBudgets
{
    /// <summary>Where they stand in the checkout.</summary>
    internal const string Path = "bench/budgets.txt";

    private readonly Dictionary<string, double> _bytes = new(StringComparer.Ordinal);

    private AllocationBudgets()
    {
    }

    /// <summary>Every benchmark that has one.</summary>
    internal IReadOnlyCollection<string> Names => _bytes.Keys;

    /// <summary>Those of the checkout this program was built from.</summary>
    /// <exception cref="InvalidDataException">See <see cref="Parse"/>.</exception>
    internal static AllocationBudgets Recorded() =>
        Parse(File.ReadLines(System.IO.Path.Combine(AppContext.BaseDirectory, "budgets.txt")));

    /// <summary>Reads lines of <c>NAME BYTES</c>; empty ones and those that begin with # say nothing.</summary>
    /// <exception cref="InvalidDataException">A line is not like that, stands twice or in the wrong place. The message
    /// says which.</exception>
    internal static AllocationBudgets Parse(IEnumerable<string> lines)
    {
        var budgets = new AllocationBudgets();
        string last = string.Empty;
        int number = 0;
        foreach (string line in lines)
        {
            number++;
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            int space = line.LastIndexOf(' ');
            string name = line[..Math.Max(0, space)];
            if (name.Length == 0
                || !double.TryParse(
                    line.AsSpan(space + 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
                    out double bytes))
            {
                throw new InvalidDataException($"{Path}, line {number}: \"{line}\" is not NAME BYTES");
            }

            int order = string.CompareOrdinal(name, last);
            if (order <= 0)
            {
                throw new InvalidDataException(
                    $"{Path}, line {number}: {name} {(order == 0 ? "stands twice" : $"belongs before {last}")}");
            }

            budgets._bytes.Add(name, bytes);
            last = name;
        }

        return budgets;
    }

    /// <summary>Bytes an operation may allocate; null when nothing is recorded.</summary>
    internal double? Of(string name) => _bytes.TryGetValue(name, out double bytes) ? bytes : null;
}
