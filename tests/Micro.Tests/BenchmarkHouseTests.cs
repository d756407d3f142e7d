using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using BenchmarkDotNet.Attributes;
using Overlay.Micro.Budgets;
using Xunit;

namespace Overlay.Micro.Tests;

public sealed class BenchmarkHouseTests
{
    public static TheoryData<Type> Classes => [.. MicroBenchmark.Types];

    [Fact]
    public void There_are_benchmarks_and_each_class_is_named_after_its_subject()
    {
        Assert.NotEmpty(MicroBenchmark.Types);
        Assert.All(MicroBenchmark.Types, type => Assert.EndsWith("Benchmarks", type.Name, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Classes))]
    public void Every_class_counts_what_it_allocates(Type type) =>
        Assert.True(type.IsDefined(typeof(MemoryDiagnoserAttribute)));

    [Theory]
    [MemberData(nameof(Classes))]
    public void Every_class_has_one_baseline_so_that_ratios_are_printed(Type type) =>
        Assert.Single(Benchmarks(type), benchmark => benchmark.Baseline);

    /// <summary>What has no result could be left out by the compiler, or be wrong and nobody would see.</summary>
    [Theory]
    [MemberData(nameof(Classes))]
    public void Every_benchmark_has_a_result(Type type) => Assert.DoesNotContain(
        type.GetMethods(), method => method.IsDefined(typeof(BenchmarkAttribute)) && method.ReturnType == typeof(void));

    [Fact]
    public void The_page_on_benchmarks_has_a_section_for_each_class()
    {
        string page = File.ReadAllText(Path.Combine(Root(), "bench", "README.md"));
        Assert.All(MicroBenchmark.Types, type => Assert.Contains($"`{type.Name}`", page, StringComparison.Ordinal));
    }

    private static IEnumerable<BenchmarkAttribute> Benchmarks(Type type) =>
        type.GetMethods().Select(
            method => method.GetCustomAttribute<BenchmarkAttribute>()).OfType<BenchmarkAttribute>();

    private static string Root()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Overlay.sln")))
        {
            folder = Path.GetDirectoryName(folder)
                ?? throw new InvalidOperationException($"no Overlay.sln above {AppContext.BaseDirectory}");
        }

        return folder;
    }
}
