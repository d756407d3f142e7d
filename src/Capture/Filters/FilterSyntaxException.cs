using System;

namespace Overlay.Capture.Filters;

/// <summary>A filter that is none. The message is one line: what, where, the remedy.</summary>
public sealed class FilterSyntaxException : Exception
{
    /// <summary>A refusal.</summary>
    /// <param name="message">One line; words of the filter stand in it as they were given.</param>
    /// <param name="position">Where in the filter, from 1.</param>
    public FilterSyntaxException(string message, int position)
        : base($"{message} (at character {position} of the filter)") => Position = position;

    /// <summary>Where in the filter, from 1.</summary>
    public int Position { get; }
}
