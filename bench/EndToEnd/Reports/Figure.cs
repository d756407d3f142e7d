


using Overlay.Bench.Results;

namespace Overlay.Bench.Reports;

/// <summary>Which way a figure is good.</summary>
internal enum Better
{
    /// <summary>It says under what conditions another figure holds.</summary>
    Neither,

    /// <summary>More of it.</summary>
    Higher,

    /// <summary>Less of it.</summary>
    Lower,
}

/// <summary>One figure of a variant, by the name under which every report shows it.</summary>
/// <param name="Test">What was run: <c>tcp_1</c>, <c>tcp_4_reverse</c>, <c>udp_64</c>, <c>udp_full</c>,
/// <c>udp_rr_idle</c>, <c>memory</c>.</param>
/// <param name="Metric">The name in the JSON object, with a point for each level:
/// <c>cpu_seconds_per_gb.user</c>.</param>
/// <param name="Unit">One of <see cref="Units"/>.</param>
/// <param name="Better">Which way it is good.</param>
/// <param name="Spread">In that unit.</param>
internal sealed record Figure(string Test, string Metric, string Unit, Better Better, Spread Spread);

/// <summary>What figures are measured in, in ASCII.</summary>
internal static class Units
{
    internal const string BitsPerSecond = "bit/s";
    internal const string PacketsPerSecond = "packet/s";
    internal const string Percent = "%";
    internal const string Microseconds = "us";
    internal const string SecondsPerGb = "s/GB";
    internal const string Bytes = "B";
    internal const string PerPacket = "1/packet";
    internal const string PerByte = "1/B";
    internal const string NanosecondsPerPacket = "ns/packet";
    internal const string Count = "1";
}
