using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using Overlay.Bench.Counting;
using Overlay.Bench.Results;

namespace Overlay.Bench;

/// <summary>The machine that a run was made on, as /proc and /sys tell it.</summary>
internal static class MachineFacts
{
    /// <summary>Reads them.</summary>
    /// <param name="began">When the run began.</param>
    /// <param name="commandLine">That started it.</param>
    /// <param name="shares">Who had the processors while measuring.</param>
    internal static BenchEnvironment Read(DateTimeOffset began, string commandLine, MachineShares shares) => new(
        began.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        typeof(MachineFacts).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            ?? "unknown",
        $"Linux {ReadLine("/proc/sys/kernel/osrelease") ?? "unknown"}",
        RuntimeInformation.FrameworkDescription,
        Field("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString(),
        Environment.ProcessorCount,
        ReadLine("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list") is { } siblings
            ? CountOfList(siblings)
            : null,
        ReadLine("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        Field("/proc/meminfo", "MemTotal") is { } total ? long.Parse(
            total.Split(' ')[0], CultureInfo.InvariantCulture) * 1024 : 0,
        commandLine,
        Math.Round(shares.StealPercent, 2),
        shares.IsShared)
    {
        OtherPercent = Math.Round(shares.OtherPercent, 2),
    };

    /// <summary>How many numbers a list of the kernel's names: <c>0-1,4</c> has 3.</summary>
    internal static int CountOfList(string list) => list.Split(',').Sum(part =>
    {
        string[] ends = part.Split('-');
        return int.Parse(ends[^1], CultureInfo.InvariantCulture) - int.Parse(ends[0], CultureInfo.InvariantCulture) + 1;
    });

    private static string? Field(string file, string name) => File.ReadLines(file)
        .Select(line => line.Split(':', 2))
        .FirstOrDefault(parts => parts.Length == 2 && parts[0].Trim() == name)?[1].Trim();

    private static string? ReadLine(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim() is { Length: > 0 } text ? text : null;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
