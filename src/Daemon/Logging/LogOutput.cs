using System;
using System.Globalization;
using System.IO;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Overlay.Terminal;

namespace Overlay.Daemon.Logging;

/// <summary>Where log lines go: standard error, a line each, <c>2026-01-31T12:00:00.000Z info  text</c>.</summary>
internal static class LogOutput
{
    private const string FormatName = "line";

    internal static ILoggerFactory Create() => LoggerFactory.Create(logging =>
    {
        // Not AddConsoleFormatter: it binds the formatter's options by reflection, which native code does not have.
        logging.Services.AddSingleton<ConsoleFormatter, LineFormatter>();
        logging.AddConsole(console =>
        {
            console.LogToStandardErrorThreshold = LogLevel.Trace;
            console.FormatterName = FormatName;

            // Whoever reads may have stopped reading: lines are then lost, and counted, but routes and the stop wait
            // for nobody.
            console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite;
        });
    });

    /// <summary>
    /// Writes what is left to write, unless nobody reads it: the console's own end waits longer than a stop may take.
    /// </summary>
    internal static void Close(ILoggerFactory loggers) => StandardError.Attempt(loggers.Dispose);

    private sealed class LineFormatter() : ConsoleFormatter(FormatName)
    {
        public override void Write<TState>(
            in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
        {
            string level = logEntry.LogLevel switch
            {
                LogLevel.Information => "info ",
                LogLevel.Warning => "warn ",
                LogLevel.Error or LogLevel.Critical => "error",
                _ => "debug",
            };
            string time = TimeProvider.System.GetUtcNow()
                .ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
            string text = TerminalText.Mask(logEntry.Formatter(logEntry.State, logEntry.Exception));
            textWriter.WriteLine($"{time} {level} {text}");
        }
    }
}
