using System.Collections.Generic;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;

namespace Overlay.Doctor.Checks.Host;

/// <summary>
/// H10: whether the daemon is often held back by the quota of its control group: since the look before, where there was
/// one, else since the group was made.
/// </summary>
/// <param name="isFirstLookSilent">Whether what was before the first look does not count: it may be another's.</param>
internal sealed class ProcessorQuotaCheck(bool isFirstLookSilent = false) : ICheck
{
    // Of the periods: fewer are a start, or another process of the group.
    private const double Often = 0.1;

    private static readonly Row s_row = new(
        "H10", HealthCodes.ProcessorThrottled.Name, HealthSeverity.Warning,
        "packets wait, and are dropped, while the daemon is held back by its processor quota",
        "cgroup-v2.rst, cpu.stat");

    private (long Periods, long Throttled)? _before = isFirstLookSilent ? null : (0, 0);

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_row];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        if (host.ControlGroup?.Periods is not { } now)
        {
            return [];
        }

        (long Periods, long Throttled) before = _before ?? now;
        _before = now;
        (long of, long held) = (now.Periods - before.Periods, now.Throttled - before.Throttled);
        return of <= 0 || held < of * Often ? [] :
        [
            new Finding(
                s_row, "", $"its control group was held back in {held} of the last {of} periods",
                HealthCodes.ProcessorThrottled.Remedy),
        ];
    }
}
