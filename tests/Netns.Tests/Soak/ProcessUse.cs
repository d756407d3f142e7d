using System;
using System.IO;
using System.Linq;

namespace Overlay.Netns.Tests.Soak;

/// <summary>What a process has used (proc_pid_stat(5), proc_pid_status(5)).</summary>
/// <param name="CpuSeconds">User and system time of all its threads.</param>
/// <param name="ResidentKilobytes">Now.</param>
/// <param name="PeakKilobytes">The most there ever was.</param>
/// <param name="Descriptors">Open ones.</param>
internal sealed record ProcessUse(double CpuSeconds, long ResidentKilobytes, long PeakKilobytes, int Descriptors)
{
    private const double TicksPerSecond = 100; // USER_HZ, the same on every architecture .NET runs on

    internal static ProcessUse Of(int processId)
    {
        // The name, the second field, may hold anything and ends with the last parenthesis; utime and stime are fields
        // 14 and 15.
        string stat = File.ReadAllText($"/proc/{processId}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        string[] status = File.ReadAllLines($"/proc/{processId}/status");
        return new ProcessUse(
            (long.Parse(fields[14 - 3]) + long.Parse(fields[15 - 3])) / TicksPerSecond,
            Kilobytes("VmRSS:"), Kilobytes("VmHWM:"), Directory.GetFiles($"/proc/{processId}/fd").Length);

        long Kilobytes(string name)
        {
            string line = status.First(line => line.StartsWith(name, StringComparison.Ordinal));
            return long.Parse(line[name.Length..].Replace("kB", string.Empty).Trim());
        }
    }
}
