using System;
using System.CommandLine;
using System.IO;
using Overlay.Daemon.Status;

namespace Overlay.Daemon.Cli;

/// <summary><c>overlay counters</c>: what the running daemon has forwarded and dropped.</summary>
internal static class CountersCommand
{
    internal static Command Create()
    {
        var runDirectory = new Option<string>("--run-dir")
        {
            Description = "the run directory of the daemon asked",
            HelpName = "DIR",
            DefaultValueFactory = _ => RunCommand.DefaultRunDirectory,
        };
        var json = new Option<bool>("--json") { Description = "print one JSON object" };
        var command = new Command("counters", "Show what the daemon on this host has forwarded and dropped.") { runDirectory, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            string directory = Path.GetFullPath(parsed.GetRequiredValue(runDirectory));
            string text = await CountersSocket.ReadAsync(directory, cancellation);
            await Console.Out.WriteLineAsync(parsed.GetValue(json) ? text : CountersReport.Parse(text).ToTable());
            return ExitCode.Success;
        });
        return command;
    }
}
