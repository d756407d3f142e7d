using System;
using System.Globalization;
using Overlay.Router.Forwarding;

namespace Overlay.Daemon.Options;

/// <summary>Which threads there are.</summary>
/// <param name="Layout">For each lane.</param>
/// <param name="Lanes">TUN queues and sockets, 1 to <see cref="MaximumLanes"/>.</param>
internal sealed record WorkerPlan(WorkerLayout Layout, int Lanes)
{
    /// <summary>More would each have a share of the flows too small to matter.</summary>
    internal const int MaximumLanes = 16;

    // A pair for this many processors: the applications and the kernel's own network threads need the others.
    private const int ProcessorsPerLane = 4;

    // Up to here a second thread gains no throughput, and an answer waits for it to wake: a ping took a third longer
    // (bench/README.md).
    private const int FewProcessors = 2;

    /// <summary>The plan for a machine.</summary>
    /// <param name="layout">The engine's; null when it leaves the choice.</param>
    /// <param name="chosen">The operator's; null to go by the engine and the number of processors.</param>
    /// <param name="processors">1 or more.</param>
    internal static WorkerPlan For(
        WorkerLayout? layout, WorkerPlan? chosen, int processors) => (layout, chosen) switch
    {
        (WorkerLayout.Pipeline, _) => new(WorkerLayout.Pipeline, chosen?.Lanes ?? 1),
        (_, not null) => chosen,
        (not null, _) => new(layout.Value, 1),
        _ when processors <= FewProcessors => new(WorkerLayout.Duplex, 1),
        _ => new(WorkerLayout.Pair, Math.Clamp(processors / ProcessorsPerLane, 1, 8)),
    };

    /// <inheritdoc/>
    public override string ToString() => Layout switch
    {
        WorkerLayout.Duplex => "one thread for both ways",
        WorkerLayout.Pipeline when Lanes == 1 => "two threads each way",
        WorkerLayout.Pipeline => string.Create(CultureInfo.InvariantCulture, $"{2 * Lanes} threads each way"),
        _ when Lanes == 1 => "one thread each way",
        _ => string.Create(CultureInfo.InvariantCulture, $"{Lanes} threads each way"),
    };
}
