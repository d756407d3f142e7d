using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;

namespace Overlay.KernelPath.Tests;

/// <summary>
/// Has the kernel refuse one of a thread's calls, by a filter of seccomp(2) that asks before each: how an older kernel,
/// or one that was built without something, answers.
/// </summary>
/// <remarks>
/// Asked for are bpf, unshare, setns, socket, bind, ioctl(SIOCETHTOOL) and what is sent to netlink; whatever else the
/// thread does goes on. The filter stays with the thread, and with those that it starts, so it is to end afterwards.
/// </remarks>
internal static unsafe partial class SystemCallFaults
{
    private const int Operation = 95; // EOPNOTSUPP, asm-generic/errno.h

    private static readonly bool s_isKnown = RuntimeInformation.ProcessArchitecture == Architecture.X64;

    // asm/unistd_64.h
    private enum Call
    {
        Ioctl = 16,
        Socket = 41,
        SendTo = 44,
        Bind = 49,
        Unshare = 272,
        SetNamespace = 308,
        Bpf = 321,
    }

    /// <summary>Whether this processor's system calls are known here.</summary>
    internal static bool AreAvailable => s_isKnown;

    /// <summary>Runs something on the calling thread, which has its one call refused with EOPNOTSUPP.</summary>
    /// <param name="refused">Which of the calls, from 0; of bpf, all that follow with the same command too. What is
    /// sent to netlink is refused by the kernel itself, as a message of no known type.</param>
    /// <param name="body">What makes the calls.</param>
    /// <returns>The refused call by its name; null when there were fewer.</returns>
    internal static string? Run(int refused, Action body)
    {
        int listener = -1;
        string? name = null;
        using var installed = new ManualResetEventSlim();
        var supervisor = new Thread(() => // started before there is a filter, and so without
        {
            installed.Wait();
            Supervise(listener, refused, found => Volatile.Write(ref name, found));
        })
        {
            IsBackground = true,
        };
        supervisor.Start();
        listener = Install();
        installed.Set();
        body();
        return Volatile.Read(ref name);
    }

    private static int Install()
    {
        // struct sock_filter: load the number; on those that are asked for, and an ioctl with the one request, ask.
        ReadOnlySpan<Call> asked = [Call.Socket, Call.SendTo, Call.Bind, Call.Unshare, Call.SetNamespace, Call.Bpf];
        var filter = new List<Instruction> { new(0x20, 0, 0, 0) }; // BPF_LD | BPF_W | BPF_ABS, seccomp_data.nr
        for (int i = 0; i < asked.Length; i++)
        {
            filter.Add(new Instruction(0x15, (byte)(asked.Length - i + 3), 0, (uint)asked[i])); // BPF_JEQ
        }

        filter.Add(new Instruction(0x15, 0, 2, (uint)Call.Ioctl));
        filter.Add(new Instruction(0x20, 0, 0, 24)); // seccomp_data.args[1]
        filter.Add(new Instruction(0x15, 1, 0, 0x8946)); // SIOCETHTOOL
        filter.Add(new Instruction(0x06, 0, 0, 0x7FFF_0000)); // SECCOMP_RET_ALLOW
        filter.Add(new Instruction(0x06, 0, 0, 0x7FC0_0000)); // SECCOMP_RET_USER_NOTIF
        Instruction[] instructions = [.. filter];
        fixed (Instruction* start = instructions)
        {
            var program = new Program { Length = (ushort)instructions.Length, Instructions = start };

            // Safe because the kernel copies the program. SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER.
            long listener = syscall(317, 1, 8, &program);
            return listener >= 0 ? (int)listener : throw new InvalidOperationException(
                $"seccomp: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    // Until the thread, and all that it has started, are gone.
    private static void Supervise(int listener, int refused, Action<string> tell)
    {
        int number = 0;
        ulong? command = null; // of bpf(2)
        while (true)
        {
            var wait = new Poll { Descriptor = listener, Events = 1 };
            if (poll(&wait, 1, -1) > 0 && (wait.Answer & 1) == 0)
            {
                break; // POLLHUP
            }

            var asked = default(Notification);
            if (ioctl(listener, 0xC050_2100, &asked) != 0) // SECCOMP_IOCTL_NOTIF_RECV
            {
                continue; // EINTR, or the thread is gone
            }

            var answer = new Answer { Id = asked.Id, Flags = 1 }; // SECCOMP_USER_NOTIF_FLAG_CONTINUE
            var call = (Call)asked.Number;
            command = number == refused && call == Call.Bpf ? asked.First : command;
            if (number++ == refused || (call == Call.Bpf && asked.First == command))
            {
                tell(call == Call.Bpf ? $"{call} {asked.First}" : $"{call}");
                if (call == Call.SendTo)
                {
                    // Safe because the sender waits for the answer with its message in place: nlmsghdr.nlmsg_type.
                    *(ushort*)((byte*)asked.Second + 4) = 0x0FFF;
                }
                else
                {
                    answer.Flags = 0;
                    answer.Error = -Operation;
                }
            }

            _ = ioctl(listener, 0xC018_2101, &answer); // SECCOMP_IOCTL_NOTIF_SEND
        }

        _ = close(listener);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial long syscall(long number, uint operation, uint flags, void* argument);

    [LibraryImport("libc")]
    private static partial int poll(Poll* descriptors, ulong count, int timeout);

    [LibraryImport("libc")]
    private static partial int ioctl(int descriptor, ulong request, void* argument);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);

    private readonly record struct Instruction(ushort Code, byte IfTrue, byte IfFalse, uint Operand);

    // struct sock_fprog
    [StructLayout(LayoutKind.Sequential)]
    private struct Program
    {
        internal ushort Length;
        internal Instruction* Instructions;
    }

    // struct pollfd
    [StructLayout(LayoutKind.Sequential)]
    private struct Poll
    {
        internal int Descriptor;
        internal short Events;
        internal short Answer;
    }

    // struct seccomp_notif
    [StructLayout(LayoutKind.Sequential)]
    private struct Notification
    {
        internal ulong Id;
        internal uint Process;
        internal uint Flags;
        internal int Number;
        internal uint Architecture;
        internal ulong Instruction;
        internal ulong First;
        internal ulong Second;
        internal ulong Third;
        internal ulong Fourth;
        internal ulong Fifth;
        internal ulong Sixth;
    }

    // struct seccomp_notif_resp
    [StructLayout(LayoutKind.Sequential)]
    private struct Answer
    {
        internal ulong Id;
        internal long Value;
        internal int Error;
        internal uint Flags;
    }
}
