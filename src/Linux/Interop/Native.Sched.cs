using System.Runtime.InteropServices;

namespace Overlay.Linux.Interop;

/// <summary>sched.h: namespaces(7).</summary>
internal static unsafe partial class Native
{
    internal const int CLONE_NEWNET = 0x40000000;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setns(SafeFd fd, int nstype);
}
