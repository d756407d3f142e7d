using System.Collections.Generic;

namespace Overlay.Daemon.Metrics;

/// <summary>What is told of a lease store that is a server: the same of each kind, under names of its own.</summary>
/// <param name="Requests">By what came of them.</param>
/// <param name="Durations">How long they took.</param>
/// <param name="Success">When one last came to what it should.</param>
/// <param name="Restarts">How often a watch was opened again.</param>
/// <param name="Revision">How far it is.</param>
/// <param name="Differences">What it has missed.</param>
internal sealed record StoreMetrics(
    Metric Requests, Metric Durations, Metric Success, Metric Restarts, Metric Revision, Metric Differences)
{
    /// <summary>Why a watch may be opened again, in order.</summary>
    internal required IReadOnlyList<string> RestartCauses { get; init; }

    /// <summary>All of them, in the order in which they are written.</summary>
    internal IReadOnlyList<Metric> All => [Requests, Durations, Success, Restarts, Revision, Differences];
}
