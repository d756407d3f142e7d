using System;
using System.Collections.Generic;
using System.Threading;

namespace Overlay.Lease;

/// <summary>
/// Passes on each line once, however often what leads to it is tried again. For several callers at once.
/// </summary>
/// <param name="warn">Gets the lines.</param>
internal sealed class WarnOnce(Action<string> warn)
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);

    /// <summary>Passes a line on unless it was since <see cref="Forget"/>.</summary>
    internal void Warn(string line)
    {
        lock (_gate)
        {
            if (!_told.Add(line))
            {
                return;
            }
        }

        warn(line);
    }

    /// <summary>What was tried has succeeded: the same line is news from here on.</summary>
    internal void Forget()
    {
        lock (_gate)
        {
            _told.Clear();
        }
    }
}
