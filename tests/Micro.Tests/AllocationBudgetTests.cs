using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Micro.Budgets;
using Xunit;

namespace Overlay.Micro.Tests;

/// <summary>The short form of the benchmarks, which is all of them that a gate has time for.</summary>
public sealed class AllocationBudgetTests
{
    private static readonly AllocationBudgets s_recorded = AllocationBudgets.Recorded();

    private static readonly Dictionary<string, MicroBenchmark> s_benchmarks =
        MicroBenchmark.Of(MicroBenchmark.Types).ToDictionary(benchmark => benchmark.Name);

    // For those that are meant to stay above their budgets.
    private const int FewRounds = 100;

    public static TheoryData<string> Names => [.. s_benchmarks.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_benchmark_does_what_it_says_and_allocates_no_more_than_its_budget(string name) =>
        Assert.Null(ShortRun.FaultOf(s_benchmarks[name], s_recorded, ShortRun.Rounds));

    [Fact]
    public void Every_budget_is_that_of_a_benchmark() =>
        Assert.Empty(ShortRun.Strangers([.. s_benchmarks.Values], s_recorded));

    [Fact]
    public void The_data_path_has_no_budget_at_all() => Assert.Equal(
        [
            "EncapsulationBenchmarks.FreshArrays", "ThreadHopBenchmarks.ChannelPerPacket",
            "ThreadHopBenchmarks.PipePerBatch", "ThreadHopBenchmarks.PipePerPacket"],
        s_recorded.Names.Where(name => s_recorded.Of(name) > 0).Select(name => name.Split('(')[0]).Distinct());

    [Fact]
    public void One_that_allocates_more_than_its_budget_is_named_with_both_figures()
    {
        (int exitCode, string[] lines) = Run(
            typeof(AllocatingBenchmarks),
            $"{Allocating}.Box(Objects: 1) 23.9", $"{Allocating}.Box(Objects: 2) 48",
            $"{Allocating}.Nothing(Objects: 1) 0", $"{Allocating}.Nothing(Objects: 2) 0");
        Assert.Equal(1, exitCode);
        Assert.Equal(
            [
                $"{Allocating}.Box(Objects: 1): allocates 24 bytes an operation, its budget is 23.9",
                "4 benchmarks, 1 not as recorded in bench/budgets.txt",
            ],
            lines);
    }

    [Fact]
    public void Within_their_budgets_all_that_is_reported_is_how_many_there_are()
    {
        (int exitCode, string[] lines) = Run(
            typeof(AllocatingBenchmarks),
            $"{Allocating}.Box(Objects: 1) 24", $"{Allocating}.Box(Objects: 2) 48",
            $"{Allocating}.Nothing(Objects: 1) 0", $"{Allocating}.Nothing(Objects: 2) 0");
        Assert.Equal(0, exitCode);
        Assert.Equal(["4 benchmarks, none allocates more than its budget"], lines);
    }

    [Fact]
    public void One_without_a_budget_and_a_budget_without_one_are_named()
    {
        (int exitCode, string[] lines) = Run(
            typeof(AllocatingBenchmarks),
            $"{Allocating}.Box(Objects: 1) 24", $"{Allocating}.Box(Objects: 2) 48",
            $"{Allocating}.Gone 0", $"{Allocating}.Nothing(Objects: 1) 0");
        Assert.Equal(1, exitCode);
        Assert.Equal(
            [
                $"{Allocating}.Nothing(Objects: 2): allocates 0 bytes an operation and has no budget; record one in "
                    + "bench/budgets.txt",
                $"{Allocating}.Gone: has a budget in bench/budgets.txt, but there is no such benchmark; remove the "
                    + "line",
                "4 benchmarks, 2 not as recorded in bench/budgets.txt",
            ],
            lines);
    }

    [Fact]
    public void What_a_thread_of_the_benchmark_allocates_counts()
    {
        (int exitCode, string[] lines) = Run(
            typeof(AllocatingElsewhereBenchmarks), "AllocatingElsewhereBenchmarks.Start 100000");
        Assert.Equal(1, exitCode);
        Assert.Matches(
            @"^AllocatingElsewhereBenchmarks\.Start: allocates [0-9.]+ bytes an operation, its budget is 100000$",
            lines[0]);
    }

    [Fact]
    public void A_wrong_result_is_a_fault_and_not_a_figure()
    {
        (int exitCode, string[] lines) = Run(typeof(WrongBenchmarks), "WrongBenchmarks.Setup 0");
        Assert.Equal(1, exitCode);
        Assert.Equal(
            [
                "WrongBenchmarks.Operation: wrong result: the operation",
                "WrongBenchmarks.Setup: wrong result: the setup",
            ],
            lines[..2].Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_setup_for_each_iteration_is_refused()
    {
        (int exitCode, string[] lines) = Run(typeof(IterationBenchmarks), "IterationBenchmarks.Operation 0");
        Assert.Equal(1, exitCode);
        Assert.Equal(
            "IterationBenchmarks.Operation: a setup for each iteration would be counted as the benchmark's own",
            lines[0]);
    }

    [Theory]
    [InlineData("bench/budgets.txt, line 2: \"A.B zero\" is not NAME BYTES", "# all", "A.B zero")]
    [InlineData("bench/budgets.txt, line 1: \"A.B\" is not NAME BYTES", "A.B")]
    [InlineData("bench/budgets.txt, line 1: \"A.B -1\" is not NAME BYTES", "A.B -1")]
    [InlineData("bench/budgets.txt, line 1: \"A.B 1,000\" is not NAME BYTES", "A.B 1,000")]
    [InlineData("bench/budgets.txt, line 3: A.B stands twice", "A.B 0", "", "A.B 0")]
    [InlineData("bench/budgets.txt, line 2: A.A belongs before A.B", "A.B 0", "A.A 0")]
    public void A_budget_that_cannot_be_read_is_reported_with_its_line(string message, params string[] lines) =>
        Assert.Equal(message, Assert.Throws<InvalidDataException>(() => AllocationBudgets.Parse(lines)).Message);

    private const string Allocating = nameof(AllocatingBenchmarks);

    private static (int ExitCode, string[] Lines) Run(Type type, params string[] budgets)
    {
        var output = new StringWriter();
        int exitCode = ShortRun.Run(
            MicroBenchmark.Of([type]), AllocationBudgets.Parse(budgets), FewRounds, output);
        return (exitCode, output.ToString().TrimEnd().Split(Environment.NewLine));
    }
}
