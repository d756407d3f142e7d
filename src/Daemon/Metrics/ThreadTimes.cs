using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;

namespace Overlay.Daemon.Metrics;

/// <summary>Processor time of this process's threads by their names (proc_pid_stat(5)).</summary>
internal static class ThreadTimes
{
    private const double TicksPerSecond = 100; // sysconf(3), _SC_CLK_TCK: 100 wherever .NET runs on Linux

    /// <summary>Seconds in user space and in the kernel of each thread with one of these names.</summary>
    internal static IReadOnlyDictionary<string, (double User, double System)> Read(IReadOnlySet<string> names)
    {
        Dictionary<string, (double User, double System)> times = [];
        foreach (string task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            try
            {
                // PID (NAME) STATE …: the name may have blanks and parentheses of its own.
                string stat = File.ReadAllText(Path.Combine(task, "stat"));
                int end = stat.LastIndexOf(')');
                string name = stat[(stat.IndexOf('(', StringComparison.Ordinal) + 1)..end];
                if (names.Contains(name))
                {
                    string[] fields = stat[(end + 2)..].Split(' ');
                    times[name] = (Seconds(fields[11]), Seconds(fields[12])); // utime and stime, the 14th and 15th
                }
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                // The thread has ended.
            }
        }

        return times;
    }

    private static double Seconds(string ticks) => long.Parse(ticks, CultureInfo.InvariantCulture) / TicksPerSecond;
}
