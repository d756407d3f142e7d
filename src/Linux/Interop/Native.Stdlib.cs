using System.Runtime.InteropServices;

namespace Overlay.Linux.Interop;

/// <summary>stdlib.h.</summary>
internal static unsafe partial class Native
{
    // Makes no system call. bench/Micro asks: what one native call costs, an errno saved after it as after every call
    // here.
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int abs(int j);
}
