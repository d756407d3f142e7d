using System.CommandLine;
using System.Text.Json;
using Overlay.Bench.Results;
using Overlay.Terminal;

namespace Overlay.Bench.Capturing;

/// <summary><c>overlay bench capture</c>: what a capture at full load costs.</summary>
internal static class CaptureCommand
{
    private const int MostRounds = 100;
    private const int MostSeconds = 60;

    /// <summary>The command, to be added to <c>overlay bench</c>.</summary>
    internal static Command Create()
    {
        var rounds = new Option<int?>("--rounds")
        {
            Description = $"How often each is measured, {Spread.LeastRounds} to {MostRounds}.",
            HelpName = "N",
            DefaultValueFactory = _ => Spread.LeastRounds,
            CustomParser = OptionParser.Number("--rounds", Spread.LeastRounds, MostRounds),
        };
        var seconds = new Option<int?>("--seconds")
        {
            Description = $"Length of each measurement, 1 to {MostSeconds}.",
            HelpName = "N",
            DefaultValueFactory = _ => 2,
            CustomParser = OptionParser.Number("--seconds", 1, MostSeconds),
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var capture = new Command(
            "capture", "Measure what overlay dump costs at full load: without it, with a filter that matches nothing, "
                + "with the headers of all packets.") { rounds, seconds, json };
        capture.SetAction(parsed =>
        {
            CaptureFigures figures = new CaptureRun(parsed.InvocationConfiguration.Error).Measure(
                parsed.GetValue(rounds) ?? Spread.LeastRounds, parsed.GetValue(seconds) ?? 1);
            parsed.InvocationConfiguration.Output.Write(parsed.GetValue(json)
                ? JsonSerializer.Serialize(figures, CaptureJson.Default.CaptureFigures) + "\n"
                : figures.ToText());
            return ExitCode.Success;
        });
        return capture;
    }
}
