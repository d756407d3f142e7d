using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Overlay.Bench.Variants;

namespace Overlay.Bench.Counting;

/// <summary>Who had the processors while a run measured, in per cent of all their time.</summary>
/// <param name="StealPercent">The hypervisor, for others.</param>
/// <param name="OtherPercent">Programs that are not part of the run.</param>
internal readonly record struct MachineShares(double StealPercent, double OtherPercent)
{
    // From here on somebody else has had a part in the figures.
    private const double MostSteal = 1, MostOther = 5;

    /// <summary>Whether others had a part in the figures.</summary>
    internal bool IsShared => StealPercent > MostSteal || OtherPercent > MostOther;

    /// <summary>Begins to watch.</summary>
    internal static Func<MachineShares> Begin(IReadOnlyList<RunningVariant> paths)
    {
        var before = ProcessorTimes.Read();
        double own = OwnSeconds(paths);
        return () =>
        {
            ProcessorTimes spent = ProcessorTimes.Read() - before;
            double others = Math.Max(0, spent.User + spent.System - (OwnSeconds(paths) - own));
            return spent.Total > 0
                ? new MachineShares(spent.Steal * 100 / spent.Total, others * 100 / spent.Total)
                : default;
        };
    }

    // The traffic's two ends run in this process.
    private static double OwnSeconds(IReadOnlyList<RunningVariant> paths)
    {
        using var self = Process.GetCurrentProcess();
        var carriers = ProcessFacts.Read([.. paths.SelectMany(path => path.FindProcessIds())]);
        return self.TotalProcessorTime.TotalSeconds + carriers.UserSeconds + carriers.SystemSeconds;
    }
}
