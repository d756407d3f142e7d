using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Control;
using Overlay.Operator.RunningDaemon;
using Overlay.Terminal;

namespace Overlay.Operator.Events;

/// <summary><c>overlay events</c>: the latest lines of the running daemon's log, as events.</summary>
public static class EventsCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        Option<string> runDirectory = DaemonOptions.RunDirectory();
        var json = new Option<bool>("--json") { Description = "print one JSON object a line" };
        var follow = new Option<bool>("--follow", "-f") { Description = "go on with what happens, until Ctrl-C" };
        var command = new Command(
            "events", "Show what has happened on this host: the latest lines of the daemon's log, whatever its level.")
        {
            runDirectory, json, follow,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var stop = new StopRequest();
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation, stop.Token);
            try
            {
                await PrintAsync(
                    parsed.GetRequiredValue(runDirectory), parsed.GetValue(follow), parsed.GetValue(json),
                    ending.Token);
                return ExitCode.Success;
            }
            catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
            {
                return stop.ExitCode ?? ExitCode.Success;
            }
        });
        return command;
    }

    private static async Task PrintAsync(string directory, bool follow, bool json, CancellationToken cancellation)
    {
        var rest = new List<byte>();
        await foreach (ReadOnlyMemory<byte> part in ControlClient.StreamAsync(
            directory, ControlCommands.Events, cancellation, follow ? "follow" : null))
        {
            rest.AddRange(part.Span);
            for (int end = rest.IndexOf((byte)'\n'); end >= 0; end = rest.IndexOf((byte)'\n'))
            {
                string line = Encoding.UTF8.GetString([.. rest[..end]]);
                rest.RemoveRange(0, end + 1);
                await Console.Out.WriteLineAsync(json ? line : Read(line, directory));
            }
        }
    }

    // time level event text
    private static string Read(string line, string directory)
    {
        try
        {
            using var parsed = JsonDocument.Parse(line);
            JsonElement root = parsed.RootElement;
            return TerminalText.Mask(
                $"{root.GetProperty("ts").GetString()} {root.GetProperty("level").GetString(),-5} "
                    + $"{root.GetProperty("event").GetString()}: {root.GetProperty("msg").GetString()}");
        }
        catch (Exception problem) when (
            problem is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw DaemonOptions.OtherVersion(directory, problem);
        }
    }
}
