using System.Runtime.InteropServices;

namespace Overlay.Linux.Interop;

/// <summary>sys/resource.h: getrlimit(2).</summary>
internal static unsafe partial class Native
{
    internal const int RLIMIT_NOFILE = 7;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getrlimit(int resource, rlimit* rlim);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setrlimit(int resource, rlimit* rlim);
}

/// <summary>struct rlimit, 16 bytes where a word has 64 bits.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct rlimit
{
    internal ulong rlim_cur;
    internal ulong rlim_max;
}
