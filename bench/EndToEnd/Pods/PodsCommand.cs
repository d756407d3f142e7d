using System.CommandLine;
using System.Text.Json;
using Overlay.Bench.Results;
using Overlay.Terminal;

namespace Overlay.Bench.Pods;

/// <summary><c>overlay bench cni</c>: what the CNI plugin adds to its delegate.</summary>
internal static class PodsCommand
{
    private const int MostRounds = 1000, UsualRounds = 25;

    /// <summary>The command, to be added to <c>overlay bench</c>.</summary>
    internal static Command Create()
    {
        var rounds = new Option<int?>("--rounds")
        {
            Description = $"How many pods each makes, {Spread.LeastRounds} to {MostRounds}.",
            HelpName = "N",
            DefaultValueFactory = _ => UsualRounds,
            CustomParser = OptionParser.Number("--rounds", Spread.LeastRounds, MostRounds),
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var cni = new Command(
            "cni", "Measure what the CNI plugin flannel adds to the time of its delegate, called directly in turn.")
        {
            rounds, json,
        };
        cni.SetAction(parsed =>
        {
            PodsFigures figures = new PodsRun().Measure(parsed.GetValue(rounds) ?? UsualRounds);
            parsed.InvocationConfiguration.Output.Write(parsed.GetValue(json)
                ? JsonSerializer.Serialize(figures, PodsJson.Default.PodsFigures) + "\n"
                : figures.ToText());
            return ExitCode.Success;
        });
        return cni;
    }
}
