using System;
using System.Linq;

namespace Overlay.Bench;

/// <summary>A peer as the command line names it.</summary>
/// <param name="Name">In tables.</param>
/// <param name="Command">For /bin/sh on each host.</param>
internal readonly record struct PeerOption(string Name, string Command)
{
    private const int LongestName = 40;

    /// <summary>Reads <c>NAME=COMMAND</c>.</summary>
    /// <returns>Null when it is something else: the name has 1 to 40 visible characters, and the command is not
    /// empty.</returns>
    internal static PeerOption? Parse(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals is >= 1 and <= LongestName
            && !string.IsNullOrWhiteSpace(text[(equals + 1)..])
            && !text[..equals].Any(letter => char.IsWhiteSpace(letter) || char.IsControl(letter))
            ? new PeerOption(text[..equals], text[(equals + 1)..])
            : null;
    }
}
