using System;
using System.Linq;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using Overlay.Micro.Budgets;
using Perfolizer.Horology;

namespace Overlay.Micro;

internal static class Program
{
    private static int Main(string[] arguments)
    {
        if (arguments.Contains("--short"))
        {
            if (arguments.Length > 1)
            {
                Console.Error.WriteLine(
                    "--short checks every benchmark: leave out "
                        + $"{string.Join(' ', arguments.Where(argument => argument != "--short"))}");
                return 2;
            }

            return ShortRun.Run(
                MicroBenchmark.Of(MicroBenchmark.Types), AllocationBudgets.Recorded(), ShortRun.Rounds, Console.Out);
        }

        // On a machine that others use too some of many short iterations are left alone, and none of a few long ones
        // is: the least and the middle one say more than the mean. The warm-up is long because the compiler's own
        // thread has to get a turn. Options of the command line change single values of this job; --job is another one.
        IConfig config = DefaultConfig.Instance.AddColumn(StatisticColumn.Min, StatisticColumn.Median);
        if (!arguments.Any(argument => argument is "--job" or "-j"))
        {
            config = config.AddJob(
                Job.Default.WithIterationTime(
                    TimeInterval.FromMilliseconds(20)).WithWarmupCount(30).WithIterationCount(50).AsDefault());
        }

        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(arguments, config);
        return 0;
    }
}
