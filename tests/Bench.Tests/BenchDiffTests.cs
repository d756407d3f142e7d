using System;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Overlay.Bench.Reports;
using Overlay.Bench.Reports.Diff;
using Overlay.Bench.Results;
using Overlay.Terminal;
using Xunit;

namespace Overlay.Bench.Tests;

public sealed class BenchDiffTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("overlay-bench-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(
        nameof(Better.Higher), new double[] { 1, 2, 3, 4, 5 }, new double[] { 6, 7, 8, 9, 10 }, nameof(Verdict.Better))]
    [InlineData(
        nameof(Better.Higher), new double[] { 6, 7, 8, 9, 10 }, new double[] { 1, 2, 3, 4, 5 }, nameof(Verdict.Worse))]
    [InlineData(
        nameof(Better.Lower), new double[] { 1, 2, 3, 4, 5 }, new double[] { 6, 7, 8, 9, 10 }, nameof(Verdict.Worse))]
    [InlineData(
        nameof(Better.Lower), new double[] { 6, 7, 8, 9, 10 }, new double[] { 1, 2, 3, 4, 5 }, nameof(Verdict.Better))]
    [InlineData(
        nameof(Better.Higher), new double[] { 1, 2, 3, 4, 5 }, new double[] { 5, 6, 7, 8, 9 },
        nameof(Verdict.NoVerdict))]
    [InlineData(
        nameof(Better.Lower), new double[] { 5, 6, 7, 8, 9 }, new double[] { 1, 2, 3, 4, 5 },
        nameof(Verdict.NoVerdict))]
    [InlineData(
        nameof(Better.Higher), new double[] { 1, 2, 3, 4, 5 }, new double[] { 5.0001, 6, 7, 8, 9 },
        nameof(Verdict.Better))]
    [InlineData(
        nameof(Better.Higher), new double[] { 1, 5, 5, 5, 9 }, new double[] { 4, 5, 5, 5, 6 },
        nameof(Verdict.NoVerdict))]
    [InlineData(
        nameof(Better.Higher), new double[] { 3, 3, 3, 3, 3 }, new double[] { 3, 3, 3, 3, 3 },
        nameof(Verdict.NoVerdict))]
    [InlineData(
        nameof(Better.Neither), new double[] { 1, 2, 3, 4, 5 }, new double[] { 6, 7, 8, 9, 10 },
        nameof(Verdict.NoVerdict))]
    public void There_is_a_verdict_only_where_every_round_is_on_one_side(
        string better, double[] old, double[] @new, string expected) =>
        Assert.Equal(expected, BenchDiff.Judge(Enum.Parse<Better>(better), Spread.Of(old), Spread.Of(@new)).ToString());

    [Fact]
    public void A_run_beside_itself_has_every_figure_and_no_verdict()
    {
        var diff = BenchDiff.Of(Samples.Fifteen, Samples.Fifteen);

        Assert.Empty(diff.Warnings);
        Assert.Equal(Samples.Fifteen.Variants.SelectMany(Figures.Of)
            .Count(figure => figure.Better != Better.Neither), diff.Figures.Count);
        Assert.All(diff.Figures, figure => Assert.Equal(Verdict.NoVerdict, figure.Verdict));
        Assert.All(diff.Figures, figure => Assert.True(figure.ChangePercent is null or 0));
    }

    [Fact]
    public async Task The_command_prints_what_differs_about_the_runs_then_each_figure_then_the_score()
    {
        BenchReport changed = Samples.Three.With("offload", variant => variant with
        {
            Name = "offload",
            DaemonCpuSecondsPerGb = null,
            Tcp = [.. variant.Tcp.Select(
                tcp => tcp with { BitsPerSecond = Samples.Around(tcp.BitsPerSecond.Median * 1.5) })],
            ResidentBytes = Samples.Around(200e6),
        }).With("vxlan", variant => variant with { Name = "geneve" }) with
        {
            Environment = Samples.Three.Environment with { Kernel = "Linux 6.18.0", CpuModel = "another" },
            Method = Samples.Three.Method with { Duration = 10, Wire = "nic" },
        };

        (int code, string output) = await RunAsync(Put("old", Samples.Three), Put("new", changed));

        Assert.Equal(ExitCode.Success, code);
        string[] lines = output.Split('\n');
        Assert.Equal(
            [
                "warning: the processor is not the same: AMD EPYC 9354 32-Core Processor, now another",
                "warning: the kernel is not the same: Linux 6.12.9, now Linux 6.18.0",
                "warning: the wire is not the same: veth, now nic",
                "warning: the duration is not the same: 3 s, now 10 s",
                "only in the old run: vxlan",
                "only in the new run: geneve",
                "2 figures are in one run only, offload: tcp_1 daemon_cpu_seconds_per_gb.user for one",
            ],
            lines[..7]);
        string row = Assert.Single(lines, line => line.StartsWith("offload  tcp_1 ", StringComparison.Ordinal)
            && line.Contains(" bits_per_second ", StringComparison.Ordinal));
        Assert.Matches(@"Gbit/s +15\.3 \[14\.8.15\.8\] +22\.9 \[22\.3.23\.6\] +\+50\.0 % +better$", row);
        Assert.Matches(
            @"worse$", Assert.Single(lines, line => line.Contains("resident_bytes", StringComparison.Ordinal)));
        Assert.Matches(@"^6 better, 1 worse, \d+ no verdict", lines[^2]);
    }

    [Fact]
    public async Task As_json_it_is_one_object_with_both_spreads_and_the_verdict()
    {
        BenchReport changed = Samples.Three.With(
            "offload", variant => variant with { ResidentBytes = Samples.Around(100e6), Mtu = 1400 });

        (int code, string output) = await RunAsync(Put("old", Samples.Three), Put("new", changed), "--json");

        Assert.Equal(ExitCode.Success, code);
        var root = JsonElement.Parse(output);
        Assert.Equal(
            ["schema", "warnings", "only_in_old", "only_in_new", "figures_of_one_run", "figures"],
            root.EnumerateObject().Select(property => property.Name));
        Assert.Equal("the MTU of offload is not the same: 1472, now 1400", Assert.Single(
            root.GetProperty("warnings").EnumerateArray()).GetString());
        JsonElement resident = root.GetProperty("figures").EnumerateArray().Single(
            figure => figure.GetProperty("metric").GetString() == "resident_bytes");
        Assert.Equal("better", resident.GetProperty("verdict").GetString());
        Assert.Equal(131e6, resident.GetProperty("old").GetProperty("median").GetDouble());
        Assert.InRange(resident.GetProperty("change_percent").GetDouble(), -23.7, -23.6);
        Assert.Equal("no_verdict", root.GetProperty("figures")[0].GetProperty("verdict").GetString());
    }

    [Fact]
    public async Task A_file_that_is_no_report_is_named_in_one_line()
    {
        string good = Put("good", Samples.Three);
        string bad = Path.Combine(_directory, "bad.json");
        await File.WriteAllTextAsync(bad, "{}", TestContext.Current.CancellationToken);

        foreach (string[] words in (string[][])[[good, bad], [bad, good]])
        {
            BenchException refused = await Assert.ThrowsAsync<BenchException>(() => RunAsync(words));
            Assert.StartsWith($"{bad} has the schema none", refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', refused.Message);
        }
    }

    private string Put(string name, BenchReport report)
    {
        string path = Path.Combine(_directory, $"{name}.json");
        File.WriteAllText(path, BenchJson.Write(report));
        return path;
    }

    private static async Task<(int Code, string Output)> RunAsync(params string[] words)
    {
        using StringWriter output = new();
        ParseResult parsed = new RootCommand { BenchCommand.Create() }
            .Parse(["bench", "diff", .. words], CommandProgram.Parsing);
        var invocation = new InvocationConfiguration
        {
            Output = output,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        return (await parsed.InvokeAsync(invocation, TestContext.Current.CancellationToken), output.ToString());
    }
}
