using System;
using System.IO;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Overlay.Terminal;

namespace Overlay.Daemon.Logging;

/// <summary>Where log lines go: standard error, a line each.</summary>
internal sealed class LogOutput
{
    private const string FormatName = "line";
    private const string StreamVariable = "JOURNAL_STREAM"; // systemd.exec(5)

    private readonly ILoggerFactory _loggers;

    private LogOutput(LogChoice choice)
    {
        _loggers = LoggerFactory.Create(logging =>
        {
            // Not AddConsoleFormatter: it binds the formatter's options by reflection, which native code does not have.
            logging.Services.AddSingleton<ConsoleFormatter>(new LineFormatter(choice.Format, IsJournal()));
            logging.SetMinimumLevel(LogLevel.Trace); // what is less has not come this far
            logging.AddConsole(console =>
            {
                console.LogToStandardErrorThreshold = LogLevel.Trace;
                console.FormatterName = FormatName;

                // Whoever reads may have stopped reading: lines are then lost, and counted, but routes and the stop
                // wait for nobody.
                console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite;
            });
        });
        ILogger console = _loggers.CreateLogger("overlay");
        Log = new DaemonLog(TimeProvider.System, choice.Level, line => console.Log(
            line.Level, new EventId(line.Id), line, null, static (written, _) => written.Text));
    }

    /// <summary>Takes the lines.</summary>
    internal DaemonLog Log { get; }

    /// <summary>Opens it.</summary>
    internal static LogOutput Open(LogChoice choice) => new(choice);

    /// <summary>
    /// Writes what is left to write, unless nobody reads it: the console's own end waits longer than a stop may take.
    /// </summary>
    internal void Close()
    {
        Log.Dispose();
        StandardError.Attempt(_loggers.Dispose);
    }

    // The variable is inherited, so it counts only while standard error is the stream that it names, DEVICE:INODE.
    private static bool IsJournal()
    {
        try
        {
            return Environment.GetEnvironmentVariable(StreamVariable)?.Split(':') is [_, var inode]
                && new FileInfo("/proc/self/fd/2").LinkTarget == $"socket:[{inode}]";
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private sealed class LineFormatter(LogFormat format, bool hasPriorities) : ConsoleFormatter(FormatName)
    {
        public override void Write<TState>(
            in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
        {
            if (logEntry.State is LogLine line)
            {
                string priority = hasPriorities ? LineForms.Priority(line.Level) : string.Empty;
                textWriter.WriteLine(priority + LineForms.Write(format, line));
            }
        }
    }
}
