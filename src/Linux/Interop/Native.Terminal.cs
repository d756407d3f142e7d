using System.Runtime.InteropServices;

namespace Overlay.Linux.Interop;

/// <summary>sys/ioctl.h, tty_ioctl(4): standard output, which nobody here owns.</summary>
internal static unsafe partial class Native
{
    internal const int STDOUT_FILENO = 1;

    internal const uint TIOCGWINSZ = 0x5413;

    // Variadic in C; see open.
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ioctl(int fd, nuint request, void* argument);
}

/// <summary>struct winsize, sys/ioctl.h: 8 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct winsize
{
    internal ushort ws_row;
    internal ushort ws_col;
    internal ushort ws_xpixel;
    internal ushort ws_ypixel;
}
