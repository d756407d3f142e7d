using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Logging;

/// <summary>The levels by the names that a person gives and reads.</summary>
internal static class LogLevels
{
    private static readonly (LogLevel Level, string Name)[] s_names =
    [
        (LogLevel.Debug, "debug"), (LogLevel.Information, "info"), (LogLevel.Warning, "warn"),
        (LogLevel.Error, "error"),
    ];

    /// <summary>All names, from the most lines to the fewest.</summary>
    internal static IReadOnlyList<string> Names { get; } = [.. s_names.Select(each => each.Name)];

    /// <summary>A level's name.</summary>
    internal static string Name(LogLevel level) => level switch
    {
        <= LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        _ => "error",
    };

    /// <summary>The level of a name; null for another word.</summary>
    internal static LogLevel? Parse(string name)
    {
        int index = Array.FindIndex(s_names, each => each.Name == name);
        return index < 0 ? null : s_names[index].Level;
    }
}
