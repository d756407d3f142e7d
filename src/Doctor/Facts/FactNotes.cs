using System.Collections.Generic;

namespace Overlay.Doctor.Facts;

/// <summary>What could not be looked at, and why: silence about it would read as health.</summary>
internal sealed class FactNotes
{
    private readonly List<string> _lines = [];

    /// <summary>A line each, in the order in which they came up.</summary>
    internal IReadOnlyList<string> Lines => _lines;

    /// <summary>Notes it, once.</summary>
    internal void Add(string line)
    {
        if (!_lines.Contains(line))
        {
            _lines.Add(line);
        }
    }
}
