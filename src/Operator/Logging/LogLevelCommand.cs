using System;
using System.CommandLine;
using Overlay.Control;
using Overlay.Operator.RunningDaemon;
using Overlay.Terminal;

namespace Overlay.Operator.Logging;

/// <summary><c>overlay log-level</c>: how much the running daemon logs.</summary>
public static class LogLevelCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        Option<string> runDirectory = DaemonOptions.RunDirectory();
        Option<bool> json = DaemonOptions.Json();
        var level = new Argument<string?>("LEVEL")
        {
            Description = "debug, info, warn or error; without one, the level is shown",
            Arity = ArgumentArity.ZeroOrOne,
        };
        level.AcceptOnlyFromAmong("debug", "info", "warn", "error");
        var command = new Command("log-level", "Show or change what the daemon on this host logs, until it ends.")
        {
            level, runDirectory, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            string answer = await ControlClient.AskAsync(
                parsed.GetRequiredValue(runDirectory), ControlCommands.LogLevel, cancellation, parsed.GetValue(level));
            await Console.Out.WriteLineAsync(
                parsed.GetValue(json) ? new LogLevelReport(answer).ToJson() : TerminalText.Mask(answer));
            return ExitCode.Success;
        });
        return command;
    }
}
