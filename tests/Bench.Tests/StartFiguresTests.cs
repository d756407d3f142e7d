using System.Text.Json;
using Overlay.Bench.Results;
using Overlay.Bench.Startup;
using Xunit;

namespace Overlay.Bench.Tests;

/// <summary>How the figures of starts are shown.</summary>
public sealed class StartFiguresTests
{
    private static readonly StartFigures s_figures = new(
        "/usr/bin/overlay", 18_940_000, Spread.Of([50, 40, 60, 45, 55.6]),
        Spread.Of([27_000_000, 27_100_000, 26_900_000, 27_000_000, 27_240_000]));

    [Fact]
    public void A_person_reads_medians_with_their_ranges() => Assert.Equal(
        "/usr/bin/overlay: 18.9 MB, 5 starts, median [least to most]\n"
            + "start to ready   50 [40 to 60] ms\n"
            + "resident, idle   27.0 [26.9 to 27.2] MB\n",
        s_figures.ToText());

    [Fact]
    public void A_program_reads_every_sample()
    {
        using var json = JsonDocument.Parse(JsonSerializer.Serialize(s_figures, StartJson.Default.StartFigures));
        Assert.Equal(55.6, json.RootElement.GetProperty("readyMilliseconds").GetProperty("samples")[4].GetDouble());
        Assert.Equal(18_940_000, json.RootElement.GetProperty("programBytes").GetInt64());
    }
}
