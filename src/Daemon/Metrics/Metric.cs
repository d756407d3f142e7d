namespace Overlay.Daemon.Metrics;

/// <summary>One metric. All there are stand in <see cref="MetricNames"/>.</summary>
/// <param name="Name">Without its labels.</param>
/// <param name="Kind">Its type.</param>
/// <param name="Help">What it is, one sentence.</param>
/// <param name="Labels">Their names, in their order.</param>
internal sealed record Metric(string Name, MetricKind Kind, string Help, params string[] Labels);
