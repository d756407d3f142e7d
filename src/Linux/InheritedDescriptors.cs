using System;
using System.Collections.Generic;
using System.Globalization;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>Descriptors that the process was started with (sd_listen_fds(3), sd_listen_fds_with_names(3)).</summary>
public static class InheritedDescriptors
{
    private const int First = 3; // SD_LISTEN_FDS_START
    private const string ProcessVariable = "LISTEN_PID";
    private const string CountVariable = "LISTEN_FDS";
    private const string NamesVariable = "LISTEN_FDNAMES";

    /// <summary>
    /// Takes them over, once: they and the variables that tell of them are not passed on to children.
    /// </summary>
    /// <returns>Each with its name, in order; none when they are meant for another process.</returns>
    public static IReadOnlyList<(string Name, SafeFd Descriptor)> Take()
    {
        bool isForUs = Number(ProcessVariable) == Environment.ProcessId;
        int count = Number(CountVariable) ?? 0;
        string[] names = (Environment.GetEnvironmentVariable(NamesVariable) ?? "").Split(':');
        foreach (string variable in (string[])[ProcessVariable, CountVariable, NamesVariable])
        {
            Environment.SetEnvironmentVariable(variable, null);
        }

        var taken = new List<(string Name, SafeFd Descriptor)>();
        for (int i = 0; isForUs && i < count; i++)
        {
            if (LibC.fcntl(First + i, LibC.F_SETFD, LibC.FD_CLOEXEC) < 0)
            {
                break; // not open: whoever counted was wrong
            }

            var owner = new SafeFd();
            owner.Adopt(First + i);
            taken.Add((i < names.Length ? names[i] : "", owner));
        }

        return taken;
    }

    private static int? Number(string variable) => int.TryParse(
        Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        ? number
        : null;
}
