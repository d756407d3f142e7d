using System.Collections.Generic;
using System.Globalization;
using Overlay.Bench.Results;

namespace Overlay.Bench.Reports;

/// <summary>
/// Where and how it was measured, and what to think of before believing it: in words, the same in every report.
/// </summary>
internal static class ReportNotes
{
    /// <summary>Name and value, in the order in which people look for them.</summary>
    internal static IEnumerable<(string Name, string Value)> Environment(BenchReport report)
    {
        BenchEnvironment environment = report.Environment;
        BenchMethod method = report.Method;
        string threads = environment.ThreadsPerCore switch
        {
            null => "",
            1 => ", 1 thread a core",
            { } count => $", {count} threads a core",
        };
        yield return ("measured", environment.Timestamp);
        yield return (
            "processor", $"{environment.CpuModel}, {environment.Processors} usable{threads}, governor "
                + $"{environment.Governor ?? "none"}");
        yield return ("memory", $"{FigureText.Number(environment.MemoryBytes / 1e9)} GB");
        yield return ("kernel", environment.Kernel);
        yield return ("overlay", $"{environment.Version}, {environment.Runtime}");
        yield return ("wire", $"{method.Wire}, MTU {method.WireMtu}");
        yield return (
            "method",
            $"{method.Rounds} rounds in turn, {Seconds(method.Duration)} each after {Seconds(method.Omit)} that do "
                + "not count"
            + (method.IsQuick ? ", the quick form" : ""));
        yield return ("counting", method.Counting == "self" ? "self: the daemons' own meters" : method.Counting);
        yield return ("steal", $"{FigureText.Number(environment.StealPercent)} % of processor time taken by others");
        yield return ("command", environment.CommandLine);
    }

    /// <summary>One sentence each.</summary>
    internal static IEnumerable<string> Warnings(BenchReport report)
    {
        if (report.Environment.IsShared)
        {
            yield return "This machine is shared: the hypervisor took "
                + $"{FigureText.Number(report.Environment.StealPercent)} % of its processors for"
                + " others while it was measured, other programs "
                + $"{FigureText.Number(report.Environment.OtherPercent)} %. Compare ratios, not absolute figures.";
        }

        yield return report.Method.Wire == "veth"
            ? "veth on one host is no wire: superpackets cross it whole, and both ends share one machine's processors."
            : "veth on one host is no wire, also with single frames on it: both ends share one machine's processors.";
        if (report.Method.IsQuick)
        {
            yield return "This is the quick form: short measurements, wide ranges.";
        }
    }

    private static string Seconds(double seconds) => $"{seconds.ToString("0.###", CultureInfo.InvariantCulture)} s";
}
