using System.Collections.Generic;
using System.Linq;
using Overlay.Bench.Results;

namespace Overlay.Bench.Reports;

/// <summary>What was counted in parts, added up round by round.</summary>
internal static class CountedSums
{
    /// <summary>The workload that counts are shown of where there is room for one only.</summary>
    internal static CountedWorkload? OneStream(VariantReport variant) =>
        variant.Counts.FirstOrDefault(counted => counted.Workload == Figures.OneStream);

    /// <summary>System calls for each packet, of all kinds: each is one way into the kernel and one back.</summary>
    internal static Spread? SystemCalls(CountedWorkload counted) => FigureText.Sum(counted.SystemCallsPerPacket.Values);

    /// <summary>Times that the daemons had each byte copied between user space and the kernel, on both hosts.</summary>
    internal static Spread? KernelCopies(CountedWorkload counted) => FigureText.Sum(counted.KernelCopiesPerByte.Values);

    /// <summary>Times that the daemons themselves copied each byte, on both hosts.</summary>
    internal static Spread? UserCopies(CountedWorkload counted) => FigureText.Sum(counted.UserCopiesPerByte.Values);

    /// <summary>Nanoseconds for each packet in all stages.</summary>
    internal static Spread? StageTime(CountedWorkload counted) =>
        FigureText.Sum(counted.Stages.Select(stage => stage.NanosecondsPerPacket));

    /// <summary>Seconds for a GB in everything that could be told apart.</summary>
    internal static Spread? Total(CpuCost cost) =>
        FigureText.Sum(((IEnumerable<Spread?>)[cost.User, cost.System, cost.Softirq]).OfType<Spread>());
}
