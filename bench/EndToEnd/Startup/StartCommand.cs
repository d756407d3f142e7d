using System;
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Overlay.Bench.Results;
using Overlay.Terminal;

namespace Overlay.Bench.Startup;

/// <summary><c>overlay bench start</c>: what a start takes, and what an idle daemon weighs.</summary>
internal static class StartCommand
{
    private const int MostRounds = 100;

    /// <summary>The command, to be added to <c>overlay bench</c>.</summary>
    internal static Command Create()
    {
        var rounds = new Option<int?>("--rounds")
        {
            Description = $"How often it is started, {Spread.LeastRounds} to {MostRounds}.",
            HelpName = "N",
            DefaultValueFactory = _ => Spread.LeastRounds,
            CustomParser = OptionParser.Number("--rounds", Spread.LeastRounds, MostRounds),
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var start = new Command(
            "start", "Measure how long a daemon takes to be ready, and its memory when it is idle.") { rounds, json };
        start.SetAction(parsed =>
        {
            StartFigures figures = new StartRun(
                parsed.InvocationConfiguration.Error).Measure(parsed.GetValue(rounds) ?? Spread.LeastRounds);
            parsed.InvocationConfiguration.Output.Write(parsed.GetValue(json)
                ? JsonSerializer.Serialize(figures, StartJson.Default.StartFigures) + "\n"
                : figures.ToText());
            return ExitCode.Success;
        });
        return start;
    }
}

/// <summary>What was measured.</summary>
/// <param name="Program">The daemon's executable.</param>
/// <param name="ProgramBytes">Its size.</param>
/// <param name="ReadyMilliseconds">From the process's start to its word that it is ready, a lease in hand.</param>
/// <param name="ResidentBytes">VmRSS once it has been idle for some seconds.</param>
internal sealed record StartFigures(string Program, long ProgramBytes, Spread ReadyMilliseconds, Spread ResidentBytes)
{
    /// <summary>For people.</summary>
    internal string ToText() => FormattableString.Invariant(
        $"{Program}: {ProgramBytes / 1e6:0.0} MB, {ReadyMilliseconds.Samples.Count} starts, median [least to most]\n")
        + $"start to ready   {Range(ReadyMilliseconds, 1, "0")} ms\n"
        + $"resident, idle   {Range(ResidentBytes, 1e6, "0.0")} MB\n";

    private static string Range(Spread figure, double unit, string format)
    {
        return $"{Number(figure.Median)} [{Number(figure.Minimum)} to {Number(figure.Maximum)}]";

        string Number(double value) => (value / unit).ToString(format, CultureInfo.InvariantCulture);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StartFigures))]
internal sealed partial class StartJson : JsonSerializerContext;
