using System.Runtime.InteropServices;

namespace Overlay.Linux.Interop;

/// <summary>
/// What Tmds.LibC lacks of the C library and of the kernel's headers, under the C names. One file per header or group
/// of headers; this one: stdlib.h, unistd.h.
/// </summary>
/// <remarks>
/// A test (LayoutTests) compares every value, size and offset with the headers, those of Tmds.LibC that are used too,
/// and fails on what stands both here and there, unless its reason is listed.
/// </remarks>
internal static partial class Native
{
    // Makes no system call: bench/Micro measures with it what a native call costs that saves errno.
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int abs(int j);

    // unistd.h; variadic in C, which by the calling conventions of x86-64 and arm64 (AAPCS64) makes no difference for
    // whole numbers and pointers.
    [LibraryImport("libc", SetLastError = true)]
    internal static unsafe partial long syscall(long number, long first, void* second, nuint third);
}
