using System.Collections.Generic;

namespace Overlay.Bench.Results;

/// <summary>The one object of <c>overlay bench --json</c>. Names are iperf3's where it has one.</summary>
internal sealed record BenchReport
{
    /// <summary>What <see cref="Schema"/> must be; another number when a name or a meaning changes.</summary>
    internal const string CurrentSchema = "overlay-bench/1";

    /// <summary><see cref="CurrentSchema"/>.</summary>
    public required string Schema { get; init; }

    /// <summary>Where it was measured.</summary>
    public required BenchEnvironment Environment { get; init; }

    /// <summary>How it was measured.</summary>
    public required BenchMethod Method { get; init; }

    /// <summary>In the order in which they took turns.</summary>
    public required IReadOnlyList<VariantReport> Variants { get; init; }
}

/// <summary>The machine, and what else may have had a part in the figures.</summary>
/// <param name="Timestamp">When the run began: ISO 8601, UTC.</param>
/// <param name="Version">Of this program, with its commit where the build knew it.</param>
/// <param name="Kernel"><c>uname -sr</c>.</param>
/// <param name="Runtime">.NET's.</param>
/// <param name="CpuModel">As /proc/cpuinfo has it.</param>
/// <param name="Processors">As many as this process may use.</param>
/// <param name="ThreadsPerCore">2 with simultaneous multithreading; null when unknown.</param>
/// <param name="Governor">Of the frequency scaling; null where there is none.</param>
/// <param name="MemoryBytes">Of the machine.</param>
/// <param name="CommandLine">That started the run.</param>
/// <param name="StealPercent">Of the processors' time while measuring, taken by the hypervisor for others (proc(5),
/// steal).</param>
/// <param name="IsShared">Whether others had a part: steal above 1 %, or other programs above 5 %.</param>
internal sealed record BenchEnvironment(
    string Timestamp, string Version, string Kernel, string Runtime, string CpuModel, int Processors,
    int? ThreadsPerCore, string? Governor, long MemoryBytes, string CommandLine, double StealPercent, bool IsShared)
{
    /// <summary>Of the processors' time while measuring, spent by programs that are not part of the run.</summary>
    public double OtherPercent { get; init; }
}

/// <summary>How it was measured.</summary>
/// <param name="Rounds">Each variant in turn, so often.</param>
/// <param name="Omit">Seconds at the start of each measurement that do not count (iperf3 --omit).</param>
/// <param name="Duration">Seconds of each measurement that count.</param>
/// <param name="Wire"><c>veth</c>: superpackets cross the wire whole; <c>nic</c>: the wire carries single frames,
/// merged on receipt, as a plain network card does. Neither is a wire: both ends share this machine.</param>
/// <param name="WireMtu">In bytes.</param>
/// <param name="IsQuick">Whether it is the short form.</param>
/// <param name="Counting">Where the counts are from: <c>self</c>, the daemons' own meters.</param>
internal sealed record BenchMethod(
    int Rounds, double Omit, double Duration, string Wire, int WireMtu, bool IsQuick, string Counting);
