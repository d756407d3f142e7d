using System.Collections.Generic;
using System.Globalization;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;

namespace Overlay.Doctor.Checks.Host;

/// <summary>H9: whether the daemon's memory is about to reach the limit of its control group.</summary>
internal sealed class MemoryLimitCheck : ICheck
{
    // Of the limit. The kernel begins to reclaim below it, and kills at it.
    private const double NearlyAll = 0.9;

    private static readonly Row s_row = new(
        "H9", HealthCodes.MemoryLimitNear.Name, HealthSeverity.Warning,
        "the kernel is about to kill the daemon: its memory has a limit, and it is near", "cgroup-v2.rst, memory.max");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_row];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        if (host.ControlGroup is { MemoryLimit: { } limit, MemoryUsed: { } used } group && used >= limit * NearlyAll)
        {
            string deaths = group.Kills == 0 ? "" : $"; processes killed for it so far: {group.Kills}";
            yield return new Finding(
                s_row, "", $"its control group uses {Megabytes(used)} of {Megabytes(limit)} MB{deaths}",
                HealthCodes.MemoryLimitNear.Remedy);
        }
    }

    private static string Megabytes(long bytes) => (bytes / 1e6).ToString("0.0", CultureInfo.InvariantCulture);
}
