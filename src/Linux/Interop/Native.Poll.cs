using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Overlay.Linux.Interop;

/// <summary>poll.h.</summary>
internal static unsafe partial class Native
{
    // Tmds.LibC's ppoll does not save errno. Without a signal mask the kernel does not look at one.
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ppoll(pollfd* fds, nuint nfds, timespec* timeout, sigset_t* sigmask);
}
