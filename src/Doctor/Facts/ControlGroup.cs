using System;
using System.Globalization;
using System.Linq;

namespace Overlay.Doctor.Facts;

/// <summary>What the control group of a process may use, and has used (cgroup-v2.rst).</summary>
/// <remarks>What cannot be read is null: a kernel without control groups of version 2 has no limit.</remarks>
/// <param name="files">Of the host.</param>
/// <param name="process">Its id, or <c>self</c>.</param>
internal sealed class ControlGroup(HostFiles files, string process)
{
    // "0::/system.slice/overlay.service" (cgroups(7)); within a container the group is the root of what is seen.
    private readonly string? _directory = Lines(files, $"proc/{process}/cgroup")
        .FirstOrDefault(line => line.StartsWith("0::/", StringComparison.Ordinal)) is { } line
            ? $"sys/fs/cgroup/{line["0::/".Length..]}".TrimEnd('/') : null;

    /// <summary>memory.max, in bytes; null for no limit.</summary>
    internal long? MemoryLimit => Number("memory.max"); // "max" where there is none

    /// <summary>What counts towards it: files that were read and not used again are given back before anybody is
    /// killed.</summary>
    internal long? MemoryUsed => Number("memory.current") - (Field("memory.stat", "inactive_file") ?? 0);

    /// <summary>How many processes have been killed for it.</summary>
    internal long Kills => Field("memory.events", "oom_kill") ?? 0;

    /// <summary>Periods in which it was to run and was held back, of all in which it was to run.</summary>
    internal (long Periods, long Throttled)? Periods =>
        Field("cpu.stat", "nr_periods") is { } periods && Field("cpu.stat", "nr_throttled") is { } throttled
            ? (periods, throttled) : null;

    private long? Number(string file) => _directory is { } directory
        && Lines(files, $"{directory}/{file}") is [var first, ..] ? Parse(first) : null;

    private long? Field(string file, string name) => _directory is { } directory ? Parse(
        Lines(files, $"{directory}/{file}")
            .FirstOrDefault(line => line.StartsWith($"{name} ", StringComparison.Ordinal))?.Split(' ')[1]) : null;

    private static long? Parse(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : null;

    private static string[] Lines(HostFiles files, string file) =>
        (files.ReadQuietly(file) ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
