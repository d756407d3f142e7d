using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Overlay.Linux.Interop;

/// <summary>sys/uio.h.</summary>
internal static unsafe partial class Native
{
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint writev(int fd, iovec* iov, int iovcnt);
}
