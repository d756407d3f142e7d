using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Reflection;
using System.Threading.Tasks;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Parameters;
using BenchmarkDotNet.Running;

namespace Overlay.Micro.Budgets;

/// <summary>One benchmark with one set of parameters, run in this process for what it allocates.</summary>
/// <remarks>
/// BenchmarkDotNet says which there are, but does not run them: it takes ten seconds or more for each, most of it to
/// find out how long an operation takes. What an operation allocates is the same every time, so one round of a few
/// milliseconds shows it.
/// </remarks>
internal sealed class MicroBenchmark
{
    private const int SmallWorkingSetBytes = 4 << 20;
    private const int MaximumCalls = 4096;

    private static readonly TimeSpan s_round = TimeSpan.FromMilliseconds(2);

    private readonly BenchmarkCase _case;

    private MicroBenchmark(BenchmarkCase benchmark) => _case = benchmark;

    /// <summary>All benchmark classes of this program.</summary>
    internal static IEnumerable<Type> Types =>
        typeof(MicroBenchmark).Assembly.GetExportedTypes()
            .Where(type => !type.IsAbstract && type.GetMethods().Any(IsBenchmark));

    /// <summary>As in the budgets: CLASS.METHOD or CLASS.METHOD(PARAMETER: VALUE, …).</summary>
    internal string Name
    {
        get
        {
            MethodInfo method = _case.Descriptor.WorkloadMethod;
            string parameters = string.Join(
                ", ", _case.Parameters.Items.Select(item => FormattableString.Invariant($"{item.Name}: {item.Value}")));
            string name = $"{_case.Descriptor.Type.Name}.{method.Name}";
            return parameters.Length > 0 ? $"{name}({parameters})" : name;
        }
    }

    /// <summary>Every benchmark of these classes with each of its parameters.</summary>
    internal static IReadOnlyList<MicroBenchmark> Of(IEnumerable<Type> types) =>
        [.. types.SelectMany(type => BenchmarkConverter.TypeToBenchmarks(type).BenchmarksCases)
            .Select(benchmark => new MicroBenchmark(benchmark))];

    /// <summary>
    /// Sets the benchmark up and runs it until a round of it allocates at most <paramref name="enough"/>.
    /// </summary>
    /// <param name="enough">Bytes an operation.</param>
    /// <param name="rounds">How often at most, a round being some milliseconds of a processor.</param>
    /// <returns>
    /// Bytes an operation, of all threads, in the round with the fewest: other threads of the process, and code that is
    /// not yet compiled to the end, can only add to what is counted.
    /// </returns>
    /// <exception cref="NotSupportedException">The benchmark has a setup for each iteration.</exception>
    internal double AllocatedBytes(double enough, int rounds)
    {
        Descriptor descriptor = _case.Descriptor;
        if (descriptor.IterationSetupMethod is not null || descriptor.IterationCleanupMethod is not null)
        {
            throw new NotSupportedException("a setup for each iteration would be counted as the benchmark's own");
        }

        object instance = Activator.CreateInstance(descriptor.Type)!;
        foreach (ParameterInstance parameter in _case.Parameters.Items)
        {
            descriptor.Type.GetProperty(parameter.Name)!.SetValue(instance, parameter.Value);
        }

        if (instance is ILargeWorkingSet large)
        {
            large.WorkingSetBytes = SmallWorkingSetBytes;
        }

        _ = descriptor.GlobalSetupMethod?.Invoke(instance, null);
        try
        {
            return Fewest(Bind(instance, descriptor.WorkloadMethod), descriptor.OperationsPerInvoke, enough, rounds);
        }
        finally
        {
            _ = descriptor.GlobalCleanupMethod?.Invoke(instance, null);
        }
    }

    private static double Fewest(Action call, int operationsPerCall, double enough, int rounds)
    {
        call(); // what is made once: code, statics, pools
        long start = Stopwatch.GetTimestamp();
        call();
        int calls = (int)Math.Clamp(s_round / Stopwatch.GetElapsedTime(start), 2, MaximumCalls);

        double fewest = double.PositiveInfinity;
        for (int round = 0; round < rounds && fewest > enough; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int i = 0; i < calls; i++)
            {
                call();
            }

            long allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
            fewest = Math.Min(fewest, (double)allocated / ((long)calls * operationsPerCall));
        }

        return fewest;
    }

    private static bool IsBenchmark(MethodInfo method) => method.IsDefined(typeof(BenchmarkAttribute));

    private static Action Bind(object instance, MethodInfo method) => method.ReturnType == typeof(void)
        ? method.CreateDelegate<Action>(instance)
        : (Action)typeof(MicroBenchmark).GetMethod(nameof(BindFunction), BindingFlags.Static | BindingFlags.NonPublic)!
            .MakeGenericMethod(method.ReturnType).Invoke(null, [instance, method])!;

    private static Action BindFunction<T>(object instance, MethodInfo method)
    {
        Func<T> function = method.CreateDelegate<Func<T>>(instance);
        return typeof(T).IsAssignableTo(typeof(Task))
            ? () => ((Task)(object)function()!).GetAwaiter().GetResult()
            : () => Consumed<T>.Value = function();
    }

    // Where results go without being boxed.
    private static class Consumed<T>
    {
        internal static T? Value { get; set; }
    }
}
