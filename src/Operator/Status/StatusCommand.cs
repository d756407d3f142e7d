using System;
using System.CommandLine;
using System.Linq;
using System.Text.Json;
using Overlay.Control;
using Overlay.Operator.RunningDaemon;
using Overlay.Terminal;

namespace Overlay.Operator.Status;

/// <summary><c>overlay status</c> and <c>overlay route</c>: what the running daemon says of itself.</summary>
public static class StatusCommand
{
    /// <summary>The exit code where no daemon runs, as of systemctl status.</summary>
    public const int NotRunning = 3;

    /// <summary>The exit code where one runs and cannot be asked: 1 is for what an answer says.</summary>
    public const int NotAnswered = 4;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        Option<string> runDirectory = DaemonOptions.RunDirectory();
        Option<bool> json = DaemonOptions.Json();
        var command = new Command(
            "status",
            "Show this host's peers and what is wrong: exit code 0 when nothing is, 1 for a warning or an error, 3 "
                + "when no daemon runs, 4 when it cannot be asked.") { runDirectory, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            string directory = parsed.GetRequiredValue(runDirectory);
            StatusReport report;
            try
            {
                report = Parse(
                    await ControlClient.AskAsync(directory, ControlCommands.Status, cancellation), directory);
            }
            catch (OperatorException problem)
            {
                StandardError.WriteLine($"overlay: {problem.Message}");
                return problem is NoDaemonException ? NotRunning : NotAnswered;
            }

            if (parsed.GetValue(json))
            {
                await Console.Out.WriteLineAsync(report.ToJson());
            }
            else
            {
                foreach (string line in StatusText.Lines(report, TextTable.WidthOf(Console.Out), Ink.Of(Console.Out)))
                {
                    await Console.Out.WriteLineAsync(line);
                }
            }

            return report.Warnings.Any(warning => warning.Severity != "info") || !report.IsReady
                ? ExitCode.Failure
                : ExitCode.Success;
        });
        return command;
    }

    internal static StatusReport Parse(string answer, string directory)
    {
        try
        {
            return StatusReport.Parse(answer);
        }
        catch (JsonException problem)
        {
            throw DaemonOptions.OtherVersion(directory, problem);
        }
    }
}
