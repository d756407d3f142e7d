using System;
using System.Collections.Generic;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Control;
using Overlay.Daemon.Logging;
using Overlay.Health;
using Overlay.Net;

namespace Overlay.Daemon.Status;

/// <summary>What the control socket answers about the daemon's state and log.</summary>
/// <param name="daemon">Who is asked.</param>
/// <param name="health">Says why there is none, where it is known.</param>
/// <param name="log">The log.</param>
internal sealed class StatusHandlers(ForwardingDaemon daemon, HealthBoard health, DaemonLog log)
{
    private const string Follow = "follow";

    /// <summary>The handlers by command.</summary>
    internal IReadOnlyDictionary<string, ControlHandler> All => new Dictionary<string, ControlHandler>
    {
        [ControlCommands.Status] = (answer, gone) =>
            answer.WriteAsync(Ask(daemon => daemon.Status.Read().ToJson()), gone),
        [ControlCommands.Route] = (answer, gone) =>
            answer.WriteAsync(Ask(daemon => FindRoute(daemon.Status, answer.Argument).ToJson()), gone),
        [ControlCommands.Metrics] = (answer, gone) => answer.WriteAsync(Ask(daemon => daemon.Metrics()), gone),
        [ControlCommands.Counters] = (answer, gone) =>
            answer.WriteAsync(Ask(daemon => daemon.Counters().ToJson()), gone),
        [ControlCommands.Events] = WriteEventsAsync,
        [ControlCommands.LogLevel] = (answer, gone) => answer.WriteAsync(FollowLevel(answer.Argument), gone),
    };

    private string Ask(Func<DaemonAnswers, string> question) =>
        daemon.Ask(question) ?? throw new ControlRefusalException($"the daemon is not ready: {WhyNot()}");

    // What a start waits for is logged, so without a warning the last line says it.
    private string WhyNot() => health.ReadNotReady() is [HealthWarning worst, ..]
        ? $"{worst.Cause}; {worst.Remedy}"
        : log.Journal.Latest is { } line ? $"it is starting, and its last line is: {line.Text}" : "it is starting";

    private static RouteReport FindRoute(StatusSource source, string? address) =>
        Ipv4Address.TryParse(address ?? string.Empty, out Ipv4Address parsed)
            ? source.FindRoute(parsed)
            : throw new ControlProtocolException("its argument is no IPv4 address");

    private async Task WriteEventsAsync(ControlAnswer answer, CancellationToken gone)
    {
        long position = 0;
        do
        {
            (IReadOnlyList<LogLine> lines, long missed, position) = log.Journal.Read(position);
            var text = new StringBuilder();
            if (missed > 0 && lines.Count > 0 && position > lines.Count + missed)
            {
                text.Append(LineForms.Json(new LogLine(
                    lines[0].Time, LogLevel.Warning, "events_missed", 0, $"{missed} events are missing here", [])))
                    .Append('\n');
            }

            foreach (LogLine line in lines)
            {
                text.Append(LineForms.Json(line)).Append('\n');
            }

            await answer.WriteAsync(text.ToString(), gone);
            if (answer.Argument == Follow)
            {
                await log.Journal.WaitAsync(position, gone);
            }
        }
        while (answer.Argument == Follow);
    }

    private string FollowLevel(string? wanted)
    {
        if (wanted is not null)
        {
            LogLevel level = LogLevels.Parse(wanted) ?? throw new ControlProtocolException(
                $"its argument is '{wanted}'; give {string.Join(" or ", LogLevels.Names)}");
            LogLevel before = log.Level;
            log.Level = level;
            Log.LevelChanged(log, LogLevels.Name(level), LogLevels.Name(before));
        }

        return LogLevels.Name(log.Level);
    }
}
