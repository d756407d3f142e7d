using System.Runtime.InteropServices;
using Overlay.Linux.Interop;

namespace Overlay.Linux.Bpf;

/// <summary>bpf(2), which the C library has no function for.</summary>
internal static unsafe class BpfCall
{
    /// <summary>Makes one call.</summary>
    /// <param name="command">BPF_*.</param>
    /// <param name="attribute">A part of union bpf_attr: the kernel takes what is behind its end for 0.</param>
    /// <returns>A descriptor or 0, or why not.</returns>
    internal static SyscallResult Make<T>(BpfCommand command, ref T attribute)
        where T : unmanaged
    {
        // Safe because the kernel is told the size of what it reads and writes, and the attribute does not move: what
        // its pointers point to is the caller's to keep.
        fixed (T* start = &attribute)
        {
            long answer = Native.syscall(Number, (long)command, start, (nuint)sizeof(T));
            return answer >= 0
                ? SyscallResult.FromCount((int)answer) : SyscallResult.FromErrno(DescriptorIo.LastErrno());
        }
    }

    /// <summary>What an operator can do about a refusal.</summary>
    internal static string? Advice(Errno errno) => errno switch
    {
        Errno.EPERM => "give the process CAP_BPF and CAP_NET_ADMIN, or run as root",
        Errno.ENOSYS => "this kernel has no bpf(2), or a seccomp filter refuses it",
        _ => null,
    };

    // asm/unistd_64.h; asm-generic/unistd.h
    private static long Number => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 321,
        Architecture.Arm64 => 280,
        _ => throw new LinuxException("bpf", Errno.ENOSYS, "the number of bpf(2) on this processor is not known"),
    };
}

/// <summary>enum bpf_cmd, linux/bpf.h.</summary>
internal enum BpfCommand
{
    MapCreate = 0,
    MapLookup = 1,
    MapUpdate = 2,
    MapDelete = 3,
    ProgramLoad = 5,
    ProgramTestRun = 10,
    ObjectInfo = 15,
    ProgramQuery = 16,
    LinkCreate = 28,
    LinkById = 30,
    LinkDetach = 34,
}
