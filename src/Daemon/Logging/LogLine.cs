using System;
using System.Collections.Generic;
using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Logging;

/// <summary>One line of the log, before it is given a form.</summary>
/// <param name="Time">When.</param>
/// <param name="Level">How much it matters.</param>
/// <param name="Event">What has happened, a stable name: <c>peer_added</c>.</param>
/// <param name="Id">The event's number.</param>
/// <param name="Text">For people; fit for one line, without secrets.</param>
/// <param name="Fields">What the text was made of, by names in snake case; without secrets.</param>
internal sealed record LogLine(
    DateTimeOffset Time, LogLevel Level, string Event, int Id, string Text,
    IReadOnlyList<KeyValuePair<string, string>> Fields)
{
    /// <summary>For how many further lines it stands that were the same; 0 for a line of its own.</summary>
    internal long Repeated { get; init; }

    /// <summary>Whether it is kept for <c>overlay events</c> and not written: other lines have said the same.</summary>
    internal bool IsKeptOnly { get; init; }
}
