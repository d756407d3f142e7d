using System.Diagnostics;

namespace Overlay.Linux;

/// <summary>CLOCK_MONOTONIC (clock_gettime(2)), as programs in the kernel read it.</summary>
public static class MonotonicClock
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>Now, in nanoseconds since the machine started, without the time in which it was suspended. On
    /// Linux .NET's own clock is this one.</summary>
    public static ulong Nanoseconds =>
        (ulong)(Stopwatch.GetTimestamp() * (decimal)NanosecondsPerSecond / Stopwatch.Frequency);

    /// <summary>The same in microseconds, as systemd counts.</summary>
    public static ulong Microseconds => Nanoseconds / 1000;
}
