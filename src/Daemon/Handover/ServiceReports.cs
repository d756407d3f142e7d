using System;
using System.Globalization;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Daemon.Health;
using Overlay.Linux;

namespace Overlay.Daemon.Handover;

/// <summary>
/// Keeps the service manager informed: what the daemon is doing, when that changes, and that its workers make progress
/// (sd_watchdog_enabled(3)). A worker that hangs has the process killed and started again.
/// </summary>
/// <param name="service">Who is told.</param>
/// <param name="progress">Whether a worker hangs.</param>
/// <param name="status">In one line; null while there is nothing to say.</param>
/// <param name="clock">Paces it.</param>
internal sealed class ServiceReports(
    ServiceManager service, WorkerProgress progress, Func<string?> status, TimeProvider clock)
{
    private const string IntervalVariable = "WATCHDOG_USEC";
    private const string ProcessVariable = "WATCHDOG_PID";

    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(2);

    private string? _told;

    /// <summary>How often the service manager wants to hear; null when it does not.</summary>
    internal static TimeSpan? WatchdogInterval { get; } = ReadInterval(
        Environment.GetEnvironmentVariable(IntervalVariable), Environment.GetEnvironmentVariable(ProcessVariable));

    /// <summary>Runs until cancelled; ends at once where nobody is to be told.</summary>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        if (!service.IsThere)
        {
            return;
        }

        // Twice as often as the time limit, and no less often than a status is worth.
        TimeSpan half = (WatchdogInterval ?? TimeSpan.MaxValue) / 2;
        using var timer = new PeriodicTimer(half < s_longest ? half : s_longest, clock);
        do
        {
            Tell(WatchdogInterval is not null);
        }
        while (await timer.WaitForNextTickAsync(cancellation));
    }

    /// <summary>Tells what there is to tell.</summary>
    /// <param name="isWatched">Whether progress is asked for.</param>
    internal void Tell(bool isWatched)
    {
        if (isWatched && progress.FindHung().Count == 0)
        {
            service.KeepAlive();
        }

        try
        {
            if (status() is { } now && now != _told)
            {
                _told = now;
                service.Status(now);
            }
        }
        catch (Exception problem) when (problem is ObjectDisposedException or LinuxException or InvalidDataException)
        {
            // The daemon that is asked is ending.
        }
    }

    /// <summary>What the two variables ask for.</summary>
    /// <param name="microseconds">Of the first.</param>
    /// <param name="process">Of the second: for another process it does not count.</param>
    internal static TimeSpan? ReadInterval(string? microseconds, string? process) =>
        long.TryParse(microseconds, NumberStyles.None, CultureInfo.InvariantCulture, out long usec) && usec > 0
        && (string.IsNullOrEmpty(process)
            || process == Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
            ? TimeSpan.FromMicroseconds(usec)
            : null;
}
