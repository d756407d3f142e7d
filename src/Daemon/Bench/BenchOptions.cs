using System.Collections.Generic;

namespace Overlay.Daemon.Bench;

/// <summary>What the command line asked for.</summary>
/// <param name="Plan">What is measured.</param>
/// <param name="Format">What goes to standard output.</param>
/// <param name="HtmlFile">Where the page goes; null for none.</param>
/// <param name="CommandLine">As it was given.</param>
internal sealed record BenchOptions(BenchPlan Plan, BenchFormat Format, string? HtmlFile, string CommandLine);

/// <summary>How a report is written to standard output.</summary>
internal enum BenchFormat
{
    /// <summary>For people.</summary>
    Table,

    /// <summary>One object.</summary>
    Json,

    /// <summary>A row for each sample.</summary>
    Csv,
}

/// <summary>A peer as the command line names it.</summary>
/// <param name="Name">In tables.</param>
/// <param name="Command">For /bin/sh on each host.</param>
internal readonly record struct PeerOption(string Name, string Command)
{
    private const int LongestName = 40;

    /// <summary>Reads <c>NAME=COMMAND</c>.</summary>
    /// <returns>Null when it is something else: the name has 1 to 40 visible characters, and the command is not empty.</returns>
    internal static PeerOption? Parse(string text)
    {
        int equals = text.IndexOf('=', System.StringComparison.Ordinal);
        return equals is >= 1 and <= LongestName && !string.IsNullOrWhiteSpace(text[(equals + 1)..]) && IsVisible(text[..equals])
            ? new PeerOption(text[..equals], text[(equals + 1)..])
            : null;
    }

    private static bool IsVisible(IEnumerable<char> name)
    {
        foreach (char letter in name)
        {
            if (char.IsWhiteSpace(letter) || char.IsControl(letter))
            {
                return false;
            }
        }

        return true;
    }
}
