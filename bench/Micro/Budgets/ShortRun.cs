using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;

namespace Overlay.Micro.Budgets;

/// <summary>
/// Every benchmark against its budget of allocated bytes, in seconds rather than half an hour. Times are not looked at.
/// </summary>
internal static class ShortRun
{
    /// <summary>
    /// How many rounds a benchmark has to come down to its budget: what is compiled to the end after a while allocates
    /// less.
    /// </summary>
    internal const int Rounds = 1000;

    /// <summary>Checks all of them and writes one line for each that is not as recorded, and one at the end.</summary>
    /// <returns>The exit code: 0, or 1 when there was such a line.</returns>
    internal static int Run(
        IReadOnlyList<MicroBenchmark> benchmarks, AllocationBudgets budgets, int rounds, TextWriter output)
    {
        int faults = 0;
        foreach (string fault in benchmarks
            .Select(benchmark => FaultOf(benchmark, budgets, rounds)).OfType<string>()
            .Concat(Strangers(benchmarks, budgets)))
        {
            output.WriteLine(fault);
            faults++;
        }

        output.WriteLine(faults == 0
            ? $"{benchmarks.Count} benchmarks, none allocates more than its budget"
            : $"{benchmarks.Count} benchmarks, {faults} not as recorded in {AllocationBudgets.Path}");
        return faults == 0 ? 0 : 1;
    }

    /// <summary>
    /// What is wrong with one benchmark, in a line: no budget, more allocated than that, a wrong result. Null for
    /// nothing.
    /// </summary>
    internal static string? FaultOf(MicroBenchmark benchmark, AllocationBudgets budgets, int rounds)
    {
        string name = benchmark.Name;
        double? budget = budgets.Of(name);
        try
        {
            double allocated = benchmark.AllocatedBytes(budget ?? 0, rounds);
            string found = $"{name}: allocates {Text(allocated)} bytes an operation";
            return budget is null ? $"{found} and has no budget; record one in {AllocationBudgets.Path}"
                : allocated > budget ? $"{found}, its budget is {Text(budget.Value)}"
                : null;
        }
        catch (Exception problem)
        {
            // Whatever it is, it is this benchmark's, and the others are still to be checked.
            Exception own = problem is TargetInvocationException { InnerException: { } inner } ? inner : problem;
            return $"{name}: {own.Message}";
        }
    }

    /// <summary>A line for each budget of a benchmark that does not exist.</summary>
    internal static IEnumerable<string> Strangers(
        IReadOnlyList<MicroBenchmark> benchmarks, AllocationBudgets budgets) =>
        budgets.Names.Except(benchmarks.Select(benchmark => benchmark.Name), StringComparer.Ordinal)
            .Select(name => $"{name}: has a budget in {AllocationBudgets.Path}, but there is no such benchmark; "
            + "remove the line");

    private static string Text(double bytes) => bytes.ToString("0.###", CultureInfo.InvariantCulture);
}
