using System.Diagnostics;

namespace Overlay.Linux;

/// <summary>CLOCK_MONOTONIC (clock_gettime(2)), as programs in the kernel read it.</summary>
public static class MonotonicClock
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>Now, in nanoseconds since the machine started. On Linux .NET's own clock is this one.</summary>
    public static ulong Nanoseconds =>
        (ulong)(Stopwatch.GetTimestamp() * (decimal)NanosecondsPerSecond / Stopwatch.Frequency);
}
