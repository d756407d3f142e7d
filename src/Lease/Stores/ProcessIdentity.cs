using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Overlay.Lease.Stores;

/// <summary>Who this process is where the kernel checks a file's mode: credentials(7).</summary>
/// <param name="User">The file-system user id, which follows the effective one.</param>
/// <param name="Groups">The file-system group id and the supplementary groups.</param>
internal sealed record ProcessIdentity(uint User, IReadOnlyCollection<uint> Groups)
{
    /// <summary>Asks the kernel.</summary>
    /// <returns>Null where it does not say: /proc is not mounted, say.</returns>
    internal static ProcessIdentity? Current()
    {
        try
        {
            return Parse(File.ReadAllLines("/proc/self/status"));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Reads the lines of /proc/PID/status: <c>Uid</c> and <c>Gid</c> hold the real, effective, saved and
    /// file-system id, <c>Groups</c> the supplementary ones (proc_pid_status(5)).</summary>
    /// <returns>Null when one of the lines is missing or holds something else.</returns>
    internal static ProcessIdentity? Parse(IReadOnlyCollection<string> status) =>
        Ids(status, "Uid:") is [_, _, _, var user]
            && Ids(status, "Gid:") is [_, _, _, var group]
            && Ids(status, "Groups:") is { } others
                ? new ProcessIdentity(user, [group, .. others])
                : null;

    private static uint[]? Ids(IEnumerable<string> status, string field)
    {
        if (status.FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal)) is not { } found)
        {
            return null;
        }

        string[] words = found[field.Length..].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        uint[] ids = new uint[words.Length];
        for (int i = 0; i < ids.Length; i++)
        {
            if (!uint.TryParse(words[i], NumberStyles.None, CultureInfo.InvariantCulture, out ids[i]))
            {
                return null;
            }
        }

        return ids;
    }
}
