using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;

namespace Overlay.Micro.Budgets;

/// <summary>What each benchmark may allocate: bench/budgets.txt, one line each, sorted.</summary>
internal sealed class AllocationBudgets
{
    /// <summary>The file in the checkout.</summary>
    internal const string Path = "bench/budgets.txt";

    private readonly Dictionary<string, double> _bytes = new(StringComparer.Ordinal);

    private AllocationBudgets()
    {
    }

    /// <summary>The names of all benchmarks that have a budget.</summary>
    internal IReadOnlyCollection<string> Names => _bytes.Keys;

    /// <summary>The budgets of the checkout that this program was built from.</summary>
    /// <exception cref="InvalidDataException">See <see cref="Parse"/>.</exception>
    internal static AllocationBudgets Recorded() =>
        Parse(File.ReadLines(System.IO.Path.Combine(AppContext.BaseDirectory, "budgets.txt")));

    /// <summary>Reads lines of <c>NAME BYTES</c>; empty lines and those that begin with # are ignored.</summary>
    /// <exception cref="InvalidDataException">
    /// A line has another form, stands twice or in the wrong place. The message names it.
    /// </exception>
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

    /// <summary>Bytes that one operation may allocate; null when no budget is recorded.</summary>
    internal double? Of(string name) => _bytes.TryGetValue(name, out double bytes) ? bytes : null;
}
