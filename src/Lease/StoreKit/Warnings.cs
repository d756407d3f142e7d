using System;
using System.Threading;

namespace Overlay.Lease.StoreKit;

/// <summary>How a store passes on what its caller has to know.</summary>
public static class Warnings
{
    /// <summary>
    /// Has a receiver called once at a time: a store warns from the thread that renews and from those that watch.
    /// </summary>
    public static Action<string> OneAtATime(Action<string> warn)
    {
        ArgumentNullException.ThrowIfNull(warn);
        var gate = new Lock();
        return line =>
        {
            lock (gate)
            {
                warn(line);
            }
        };
    }
}
