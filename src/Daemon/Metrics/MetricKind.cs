namespace Overlay.Daemon.Metrics;

/// <summary>The type of a metric (Prometheus text format 0.0.4).</summary>
internal enum MetricKind
{
    /// <summary>Only goes up, until the daemon starts anew.</summary>
    Counter,

    /// <summary>Goes up and down.</summary>
    Gauge,

    /// <summary>Counts by size: parts that only go up, with their number and their sum.</summary>
    Histogram,
}
