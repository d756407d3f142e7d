using System.Runtime.InteropServices;

namespace Overlay.Linux.Interop;

/// <summary>sys/uio.h.</summary>
internal static unsafe partial class Native
{
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint writev(int fd, iovec* iov, int iovcnt);
}

/// <summary>struct iovec, sys/uio.h: 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct iovec
{
    internal byte* iov_base;
    internal nuint iov_len;
}
