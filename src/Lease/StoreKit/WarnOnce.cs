using System;
using System.Collections.Generic;
using System.Threading;

namespace Overlay.Lease.StoreKit;

/// <summary>
/// Passes on each line once, however often what leads to it is tried again. For several callers at once.
/// </summary>
/// <param name="warn">Gets the lines.</param>
public sealed class WarnOnce(Action<string> warn)
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _passed = new(StringComparer.Ordinal);

    /// <summary>Passes a line on unless it was since <see cref="Forget"/>.</summary>
    public void Warn(string line)
    {
        lock (_gate)
        {
            if (!_passed.Add(line))
            {
                return;
            }
        }

        warn(line);
    }

    /// <summary>What was tried has succeeded: the same line is news from here on.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _passed.Clear();
        }
    }
}
