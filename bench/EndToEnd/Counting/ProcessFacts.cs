using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Overlay.Bench.Counting;

/// <summary>What some processes together have used (proc(5), /proc/PID).</summary>
/// <param name="UserSeconds">In the programs.</param>
/// <param name="SystemSeconds">In the kernel for them.</param>
/// <param name="ContextSwitches">Of all their threads, voluntary and not.</param>
/// <param name="ResidentBytes">VmRSS.</param>
internal readonly record struct ProcessFacts(
    double UserSeconds, double SystemSeconds, long ContextSwitches, long ResidentBytes)
{
    private const string VoluntarySwitches =
        "voluntary_ctxt_switches:", OtherSwitches = "nonvoluntary_ctxt_switches:", Resident = "VmRSS:";

    /// <summary>Now. A process that is gone has used nothing.</summary>
    internal static ProcessFacts Read(IReadOnlyList<int> processIds)
    {
        var sum = default(ProcessFacts);
        foreach (int id in processIds)
        {
            try
            {
                sum += ReadOne(id);
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                // It ended between two looks; whoever measures asks for failures.
            }
        }

        return sum;
    }

    public static ProcessFacts operator +(ProcessFacts one, ProcessFacts other) => new(
        one.UserSeconds + other.UserSeconds, one.SystemSeconds + other.SystemSeconds,
        one.ContextSwitches + other.ContextSwitches, one.ResidentBytes + other.ResidentBytes);

    /// <summary>What was used between two readings; memory is the later one's.</summary>
    public static ProcessFacts operator -(ProcessFacts later, ProcessFacts earlier) => new(
        later.UserSeconds - earlier.UserSeconds, later.SystemSeconds - earlier.SystemSeconds,
        later.ContextSwitches - earlier.ContextSwitches, later.ResidentBytes);

    /// <summary>A part of what was used, or several times as much; memory and switches are as they were.</summary>
    public static ProcessFacts operator *(ProcessFacts facts, double factor) =>
        facts with { UserSeconds = facts.UserSeconds * factor, SystemSeconds = facts.SystemSeconds * factor };

    private static ProcessFacts ReadOne(int id)
    {
        // The command's name, in brackets, may hold anything; utime and stime are the 14th and 15th field, the third
        // follows the name.
        string stat = File.ReadAllText($"/proc/{id}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        long switches = Directory.EnumerateDirectories($"/proc/{id}/task").Sum(SwitchesOf);
        return new ProcessFacts(
            long.Parse(fields[11], CultureInfo.InvariantCulture) / ProcessorTimes.TicksPerSecond,
            long.Parse(fields[12], CultureInfo.InvariantCulture) / ProcessorTimes.TicksPerSecond,
            switches,
            Value($"/proc/{id}/status", Resident) * 1024);
    }

    // A thread may end between the listing and the look at it.
    private static long SwitchesOf(string task)
    {
        try
        {
            return Value($"{task}/status", VoluntarySwitches) + Value($"{task}/status", OtherSwitches);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static long Value(string file, string name)
    {
        string? line = File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line is null
            ? 0
            : long.Parse(line[name.Length..].Trim().Split(' ')[0], CultureInfo.InvariantCulture);
    }
}
