using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Overlay.Health;
using Overlay.Terminal;

namespace Overlay.Daemon.Logging;

/// <summary>
/// What every line goes through: masked, repeated ones folded, kept in the journal, and written if it matters enough.
/// </summary>
internal sealed class DaemonLog : ILogger, IDisposable
{
    private readonly TimeProvider _clock;
    private readonly Action<LogLine> _write;
    private readonly LineFold _fold;

    private volatile LogLevel _level;

    /// <param name="clock">Dates the lines.</param>
    /// <param name="level">The least that is written.</param>
    /// <param name="write">Writes a line.</param>
    internal DaemonLog(TimeProvider clock, LogLevel level, Action<LogLine> write)
    {
        (_clock, _level, _write) = (clock, level, write);
        _fold = new LineFold(clock, Pass);
    }

    /// <summary>The latest lines, those too that are not written.</summary>
    internal EventJournal Journal { get; } = new();

    /// <summary>The least that is written. Any thread.</summary>
    internal LogLevel Level
    {
        get => _level;
        set => _level = value;
    }

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <summary>Whether a line of this level is written or kept: what an operator may want to know later is.</summary>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information || logLevel >= _level;

    /// <inheritdoc/>
    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            _fold.Take(new LogLine(
                _clock.GetUtcNow(), logLevel, SnakeCase(eventId.Name ?? "line"), eventId.Id,
                Clean(formatter(state, exception)), FieldsOf(state)));
        }
    }

    /// <summary>Takes a line that is kept in the journal and never written; repeated ones are folded as well.</summary>
    internal void Keep(LogLine line) => _fold.Take(line with { IsKeptOnly = true });

    /// <summary>Lets pass what is held back, so that it comes before what is logged next.</summary>
    internal void Flush() => _fold.Flush();

    /// <summary>Lets pass what is held back, and counts no longer.</summary>
    public void Dispose() => _fold.Dispose();

    /// <summary><c>SubnetAdded</c> as <c>subnet_added</c>; what is in snake case stays.</summary>
    internal static string SnakeCase(string name)
    {
        var snake = new StringBuilder(name.Length + 4);
        foreach (char letter in name)
        {
            if (char.IsUpper(letter) && snake.Length > 0)
            {
                snake.Append('_');
            }

            snake.Append(char.ToLowerInvariant(letter));
        }

        return snake.ToString();
    }

    private static string Clean(string text) => TerminalText.Mask(Secrets.Mask(text));

    private static List<KeyValuePair<string, string>> FieldsOf<TState>(TState state)
    {
        List<KeyValuePair<string, string>> fields = [];
        foreach ((string name, object? value) in state as IReadOnlyList<KeyValuePair<string, object?>> ?? [])
        {
            if (name != "{OriginalFormat}")
            {
                fields.Add(new(
                    SnakeCase(name), Clean(Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty)));
            }
        }

        return fields;
    }

    private void Pass(LogLine line)
    {
        Journal.Add(line);
        if (line.Level >= _level && !line.IsKeptOnly)
        {
            _write(line);
        }
    }
}
