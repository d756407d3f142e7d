using System;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Overlay.Bench.Counting;

/// <summary>What all processors have spent since the start of the machine, in seconds (proc(5), /proc/stat).</summary>
/// <param name="User">In programs, niced ones included.</param>
/// <param name="System">In the kernel for programs.</param>
/// <param name="Softirq">In the kernel for soft and hard interrupts: what arrives at an interface, most of it.</param>
/// <param name="Idle">Waiting for work or for a disk.</param>
/// <param name="Steal">Taken by the hypervisor.</param>
internal readonly record struct ProcessorTimes(double User, double System, double Softirq, double Idle, double Steal)
{
    // USER_HZ, which the kernel fixes at 100 for user space (asm-generic/param.h).
    internal const double TicksPerSecond = 100;

    /// <summary>All but idle.</summary>
    internal double Busy => User + System + Softirq;

    /// <summary>Everything.</summary>
    internal double Total => Busy + Idle + Steal;

    /// <summary>Now.</summary>
    internal static ProcessorTimes Read() => Parse(File.ReadLines("/proc/stat").First());

    /// <summary>The line of all processors: <c>cpu user nice system idle iowait irq softirq steal …</c>.</summary>
    internal static ProcessorTimes Parse(string line)
    {
        double[] ticks = [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8)
            .Select(word => long.Parse(word, CultureInfo.InvariantCulture) / TicksPerSecond)];
        return new ProcessorTimes(ticks[0] + ticks[1], ticks[2], ticks[5] + ticks[6], ticks[3] + ticks[4], ticks[7]);
    }

    /// <summary>What passed between two readings.</summary>
    public static ProcessorTimes operator -(ProcessorTimes later, ProcessorTimes earlier) => new(
        later.User - earlier.User, later.System - earlier.System, later.Softirq - earlier.Softirq,
        later.Idle - earlier.Idle, later.Steal - earlier.Steal);

    /// <summary>A part of it, or several times as much.</summary>
    public static ProcessorTimes operator *(ProcessorTimes times, double factor) => new(
        times.User * factor, times.System * factor, times.Softirq * factor, times.Idle * factor, times.Steal * factor);
}
