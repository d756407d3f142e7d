using System;
using System.Diagnostics;
using System.Threading;

namespace Overlay.Lab;

/// <summary>Waits for something to become true.</summary>
public static class Condition
{
    private static readonly TimeSpan s_pollEvery = TimeSpan.FromMilliseconds(10);

    /// <summary>Asks every 10 ms, at least once.</summary>
    /// <param name="condition">What is waited for.</param>
    /// <param name="within">How long.</param>
    /// <param name="cancellation">Ends the wait early.</param>
    /// <returns>False when the time is over and it was never true.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was signalled.</exception>
    public static bool Holds(Func<bool> condition, TimeSpan within, CancellationToken cancellation = default)
    {
        long began = Stopwatch.GetTimestamp();
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (condition())
            {
                return true;
            }

            if (Stopwatch.GetElapsedTime(began) >= within)
            {
                return false;
            }

            _ = cancellation.WaitHandle.WaitOne(s_pollEvery);
        }
    }

    /// <summary>Waits for <paramref name="pause"/>, or until <paramref name="cancellation"/> is signalled.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was signalled.</exception>
    public static void Pause(TimeSpan pause, CancellationToken cancellation)
    {
        _ = cancellation.WaitHandle.WaitOne(pause);
        cancellation.ThrowIfCancellationRequested();
    }
}
