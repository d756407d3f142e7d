using System;
using System.IO;
using System.Linq;
using Overlay.Bench.Reports;
using Overlay.Bench.Results;
using Overlay.Bench.Variants;
using Overlay.Testing;
using Xunit;

namespace Overlay.Bench.Tests;

/// <summary>What the pages say was measured is what is in the recorded runs.</summary>
public sealed class PerformancePageTests
{
    [Theory]
    [InlineData("docs/performance.md", "docs/performance/veth.json")]
    [InlineData("docs/performance.md", "docs/performance/nic.json")]
    public void A_pages_table_is_the_headline_of_the_recorded_run(string page, string run)
    {
        BenchReport report = BenchJson.ReadFile(Path.Combine(Repository.Root, run));

        Assert.Contains(BenchMarkdown.Headline(report).TrimEnd(), Repository.Read(page), StringComparison.Ordinal);
    }

    [Fact]
    public void The_READMEs_table_is_the_same_without_the_single_accelerations()
    {
        BenchReport report = BenchJson.ReadFile(Path.Combine(Repository.Root, "docs/performance/veth.json"));
        BenchReport quick = report with { Variants = [.. report.Variants.Where(
            variant => Variant.Quick.Any(each => each.Name == variant.Name))] };

        Assert.Contains(
            BenchMarkdown.Headline(quick).TrimEnd(), Repository.Read("README.md"), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_copy_costs_is_reported_as_the_recorded_run_says_it()
    {
        BenchReport report = BenchJson.ReadFile(Path.Combine(Repository.Root, "docs/performance/copies.json"));

        Assert.All(
            CopyClaim.CostOfACopy(report, FigureText.Unicode),
            sentence => Assert.Contains(sentence, Repository.Read("docs/performance.md"), StringComparison.Ordinal));
    }
}
