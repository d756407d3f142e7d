using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Overlay.Doctor;
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
    // Of the table: at its end the first packet of each new connection is dropped.
    private const double NearlyFull = 0.95;

    private readonly StandingChecks _group = new(health, root);

    /// <summary>Looks once; processor time is compared with the time before.</summary>
    internal void Look()
    {
        _group.LookAtLimits();
        health.Set(HealthCodes.ConntrackFull, "", OfConntrack());
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

    private long? Number(string file) => Lines(file) is [string first, ..] ? Parse(first) : null;

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
