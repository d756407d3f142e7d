using System;
using System.Globalization;
using System.IO;

namespace Overlay.Linux;

/// <summary>For how many processors the kernel keeps values.</summary>
internal static class ProcessorCount
{
    private const string PossibleFile = "/sys/devices/system/cpu/possible";

    /// <summary>Those that can be there, whether or not they are (Documentation/admin-guide/cputopology.rst).</summary>
    /// <remarks>A per-processor map is read whole: with too small a number the kernel would write past the
    /// end.</remarks>
    /// <exception cref="LinuxException">sysfs is not mounted on /sys, or says something else.</exception>
    internal static int ReadPossible()
    {
        try
        {
            return Parse(File.ReadAllText(PossibleFile));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new LinuxException("open", Errno.ENOENT, problem.Message, "mount sysfs on /sys");
        }
    }

    /// <summary>One more than the largest number in a list such as <c>0-3,8</c>.</summary>
    /// <exception cref="InvalidDataException">It is no such list.</exception>
    internal static int Parse(string list)
    {
        string last = list.Trim().Split(',', '-')[^1];
        return int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number + 1
            : throw new InvalidDataException($"{PossibleFile} is not a list of processors: '{list.Trim()}'");
    }
}
