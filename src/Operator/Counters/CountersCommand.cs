using System;
using System.CommandLine;
using Overlay.Control;
using Overlay.Terminal;

namespace Overlay.Operator.Counters;

/// <summary><c>overlay counters</c>: what the running daemon has forwarded and dropped.</summary>
public static class CountersCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var runDirectory = new Option<string>("--run-dir")
        {
            Description = "the run directory of the daemon asked",
            HelpName = "DIR",
            DefaultValueFactory = _ => ControlProtocol.DefaultRunDirectory,
            CustomParser = OptionParser.Path("--run-dir"),
        };
        var json = new Option<bool>("--json") { Description = "print one JSON object" };
        var command = new Command(
            "counters", "Show what the daemon on this host has forwarded and dropped.") { runDirectory, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            CountersReport report = await ControlClient.ReadCountersAsync(
                parsed.GetRequiredValue(runDirectory), cancellation);
            await Console.Out.WriteLineAsync(parsed.GetValue(json) ? report.ToJson() : report.ToTable());
            return ExitCode.Success;
        });
        return command;
    }
}
