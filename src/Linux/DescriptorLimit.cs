using Overlay.Linux.Interop;

namespace Overlay.Linux;

/// <summary>How many descriptors this process may have open at once (RLIMIT_NOFILE).</summary>
public static unsafe class DescriptorLimit
{
    /// <summary>Raises the soft limit to the hard one, which no privilege is needed for.</summary>
    /// <returns>The limit in force now: descriptors, the numbers of open ones being below it.</returns>
    /// <exception cref="LinuxException">The kernel does not tell.</exception>
    public static ulong Raise()
    {
        var limit = default(rlimit);

        // Safe because each reads or writes exactly one struct rlimit, and this is one.
        if (Native.getrlimit(Native.RLIMIT_NOFILE, &limit) < 0)
        {
            throw new LinuxException(
                "getrlimit", DescriptorIo.LastErrno(), "could not ask for the limit of open files");
        }

        ulong before = limit.rlim_cur;
        limit.rlim_cur = limit.rlim_max;
        return before == limit.rlim_max || Native.setrlimit(Native.RLIMIT_NOFILE, &limit) < 0 ? before : limit.rlim_max;
    }
}
