using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Overlay.Health;

namespace Overlay.Daemon.Host;

/// <summary>
/// Looks whether a limit of this host is about to cost packets, or the daemon its life: memory and processor time of
/// its control group (cgroup-v2.rst), and the kernel's table of connections (nf_conntrack-sysctl.rst).
/// </summary>
/// <remarks>
/// What cannot be read has no limit: a kernel without control groups of version 2, or without conntrack.
/// </remarks>
/// <param name="health">Gets what is short.</param>
/// <param name="root">Where /proc and /sys are.</param>
internal sealed class HostLimits(HealthBoard health, string root = "/")
{
    // Of the limit. The kernel begins to reclaim below it, and kills at it.
    private const double NearlyAll = 0.9;

    // Of the table: at its end the first packet of each new connection is dropped.
    private const double NearlyFull = 0.95;

    // Of the periods between two looks: fewer are a start, or another process of the group.
    private const double Often = 0.1;

    private (long Periods, long Throttled)? _before;

    /// <summary>Looks once; processor time is compared with the time before.</summary>
    internal void Look()
    {
        string? group = GroupDirectory();
        health.Set(HealthCodes.MemoryLimitNear, "", group is null ? null : OfMemory(group));
        health.Set(HealthCodes.ProcessorThrottled, "", group is null ? null : OfProcessor(group));
        health.Set(HealthCodes.ConntrackFull, "", OfConntrack());
    }

    // "0::/system.slice/overlay.service" (cgroups(7)); within a container the group is the root of what is seen.
    private string? GroupDirectory() =>
        Lines("proc/self/cgroup").FirstOrDefault(line => line.StartsWith("0::/", StringComparison.Ordinal)) is { } line
            ? Path.Combine("sys/fs/cgroup", line["0::/".Length..])
            : null;

    private string? OfMemory(string group)
    {
        if (Number(Path.Combine(group, "memory.max")) is not { } limit // "max" where there is none
            || Number(Path.Combine(group, "memory.current")) is not { } current)
        {
            return null;
        }

        // Files that were read and not used again are given back before anybody is killed.
        long used = current - (Field(Path.Combine(group, "memory.stat"), "inactive_file") ?? 0);
        if (used < limit * NearlyAll)
        {
            return null;
        }

        long killed = Field(Path.Combine(group, "memory.events"), "oom_kill") ?? 0;
        string deaths = killed == 0 ? "" : $"; processes killed for it so far: {killed}";
        return $"its control group uses {Megabytes(used)} of {Megabytes(limit)} MB{deaths}";
    }

    private string? OfProcessor(string group)
    {
        string file = Path.Combine(group, "cpu.stat");
        if (Field(file, "nr_periods") is not { } periods || Field(file, "nr_throttled") is not { } throttled)
        {
            return null;
        }

        (long Periods, long Throttled)? before = _before;
        _before = (periods, throttled);
        if (before is not { } last || periods <= last.Periods)
        {
            return null;
        }

        (long of, long held) = (periods - last.Periods, throttled - last.Throttled);
        return held < of * Often ? null : $"its control group was held back in {held} of the last {of} periods";
    }

    private string? OfConntrack()
    {
        const string Folder = "proc/sys/net/netfilter";
        return Number(Path.Combine(Folder, "nf_conntrack_max")) is { } most and > 0
            && Number(Path.Combine(Folder, "nf_conntrack_count")) is { } count
            && count >= most * NearlyFull
                ? $"{count} of {most} connections are tracked"
                : null;
    }

    private static string Megabytes(long bytes) => (bytes / 1e6).ToString("0.0", CultureInfo.InvariantCulture);

    private long? Number(string file) => Lines(file) is [string first, ..] ? Parse(first) : null;

    private long? Field(string file, string name) => Parse(
        Lines(file).FirstOrDefault(line => line.StartsWith($"{name} ", StringComparison.Ordinal))?.Split(' ')[1]);

    private static long? Parse(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : null;

    private IReadOnlyList<string> Lines(string file)
    {
        try
        {
            return File.ReadAllLines(Path.Combine(root, file));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
