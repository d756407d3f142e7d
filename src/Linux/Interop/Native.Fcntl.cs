using System.Runtime.InteropServices;

namespace Overlay.Linux.Interop;

/// <summary>The C library, under its own names. One file a header; this one: fcntl.h and unistd.h.</summary>
internal static unsafe partial class Native
{
    internal const int O_RDONLY = 0;
    internal const int O_RDWR = 2;
    internal const int O_NONBLOCK = 0x800;
    internal const int O_CLOEXEC = 0x80000;

    // Variadic in C. The x86-64 System V and arm64 Linux conventions pass a named and an unnamed integer alike.
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int open(string pathname, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint read(int fd, void* buf, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint write(int fd, void* buf, nuint count);

    // Not getpid(2), which C libraries have answered from memory. bench/Micro asks: what one system call costs.
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getppid();
}
