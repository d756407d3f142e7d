using System;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;

namespace Overlay.Linux.Bpf;

/// <summary>What a program made of one packet.</summary>
/// <param name="Verdict">What it returned: TC_ACT_*.</param>
/// <param name="Packet">The packet as it left it.</param>
public sealed record BpfRun(int Verdict, byte[] Packet);

/// <summary>A traffic-control program in the kernel (BPF_PROG_TYPE_SCHED_CLS), verified and compiled.</summary>
public sealed unsafe class BpfProgram : IDisposable
{
    private const uint SchedulerClassifier = 3; // BPF_PROG_TYPE_SCHED_CLS
    private const int LogBytes = 256 << 10;
    private const int LastLines = 6;

    private const int MostAttempts = 5;

    // What the kernel has room for in a page (net/bpf/test_run.c): runs are of single packets.
    private const int LongestRunBytes = 3 << 10;
    private const int MostAddedBytes = 256; // by a program

    private readonly SafeFd _fd;

    private BpfProgram(SafeFd fd) => _fd = fd;

    /// <summary>The descriptor, for attaching.</summary>
    internal SafeFd Descriptor => _fd;

    /// <summary>Loads a program.</summary>
    /// <param name="name">1 to 15 letters, digits, underscores: what bpftool(8) shows.</param>
    /// <param name="instructions">Its maps are open.</param>
    /// <exception cref="LinuxException">The kernel refused; where it was the verifier, with its last lines.</exception>
    public static BpfProgram Load(string name, BpfInstruction[] instructions)
    {
        SyscallResult loaded = LoadPatiently(name, instructions, null);
        if (loaded.Succeeded)
        {
            return Adopt(loaded);
        }

        byte[] log = new byte[LogBytes];
        SyscallResult again = LoadPatiently(name, instructions, log);
        if (again.Succeeded) // it was for want of memory
        {
            return Adopt(again);
        }

        string said = again.Errno == loaded.Errno ? Last(log) : "";
        throw new LinuxException(
            "bpf", loaded.Errno, $"could not load the program {name}",
            said.Length > 0 ? $"the verifier says: {said}" : BpfCall.Advice(loaded.Errno));
    }

    /// <summary>Runs it once on a packet, without any interface (BPF_PROG_TEST_RUN).</summary>
    /// <param name="frame">Ethernet header and packet, 14 to 3,072 bytes.</param>
    /// <returns>What came of it.</returns>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    /// <remarks>For tests: no packet of a host is run by hand.</remarks>
    public BpfRun Run(ReadOnlySpan<byte> frame)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(frame.Length, LongestRunBytes);
        byte[] changed = new byte[LongestRunBytes + MostAddedBytes];
        using SafeFd.Held held = _fd.Hold();
        fixed (byte* input = frame)
        fixed (byte* output = changed)
        {
            var attribute = new RunAttribute
            {
                Program = (uint)held.Number,
                InputBytes = (uint)frame.Length,
                OutputBytes = (uint)changed.Length,
                Input = (ulong)input,
                Output = (ulong)output,
                Repeat = 1,
            };

            // Safe because both arrays are pinned, and the kernel is told how long they are.
            SyscallResult run = BpfCall.Make(BpfCommand.ProgramTestRun, ref attribute);
            return run.Succeeded
                ? new BpfRun((int)attribute.Answer, changed[..(int)attribute.OutputBytes])
                : throw new LinuxException("bpf", run.Errno, "could not run the program", BpfCall.Advice(run.Errno));
        }
    }

    /// <summary>Closes it; where it is attached, it stays.</summary>
    public void Dispose() => _fd.Dispose();

    private static BpfProgram Adopt(SyscallResult loaded)
    {
        var fd = new SafeFd();
        fd.Adopt(loaded.Count);
        return new BpfProgram(fd);
    }

    // The verifier gives up with EAGAIN when the thread has a signal to take.
    private static SyscallResult LoadPatiently(string name, BpfInstruction[] instructions, byte[]? log)
    {
        SyscallResult loaded;
        int attempts = 0;
        do
        {
            loaded = TryLoad(name, instructions, log);
            attempts++;
        }
        while (!loaded.Succeeded && loaded.Errno == Errno.EAGAIN && attempts < MostAttempts);

        return loaded;
    }

    private static SyscallResult TryLoad(string name, BpfInstruction[] instructions, byte[]? log)
    {
        fixed (BpfInstruction* start = instructions)
        fixed (byte* license = "Apache-2.0\0"u8)
        fixed (byte* logStart = log)
        {
            var attribute = new LoadAttribute
            {
                Kind = SchedulerClassifier,
                InstructionCount = (uint)instructions.Length,
                Instructions = (ulong)start,
                License = (ulong)license,
                LogLevel = log is null ? 0 : 1u,
                LogBytes = (uint)(log?.Length ?? 0),
                Log = (ulong)logStart,
                Name = BpfName.From(name),
            };

            // Safe because all three are pinned, and the kernel is told how long the program and the log are.
            return BpfCall.Make(BpfCommand.ProgramLoad, ref attribute);
        }
    }

    // The last lines say why; those before are the state of the machine at each instruction. The statistics behind them
    // say nothing.
    private static string Last(byte[] log)
    {
        int length = Array.IndexOf(log, (byte)0);
        string[] lines = Encoding.ASCII.GetString(log, 0, length < 0 ? log.Length : length)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return string.Join(" | ", lines.Where(line => !line.StartsWith("processed ", StringComparison.Ordinal))
            .TakeLast(LastLines));
    }

    // union bpf_attr, BPF_PROG_LOAD
    [StructLayout(LayoutKind.Sequential)]
    private struct LoadAttribute
    {
        internal uint Kind;
        internal uint InstructionCount;
        internal ulong Instructions;
        internal ulong License;
        internal uint LogLevel;
        internal uint LogBytes;
        internal ulong Log;
        internal uint KernelVersion;
        internal uint Flags;
        internal BpfName Name;
    }

    // union bpf_attr, BPF_PROG_TEST_RUN
    [StructLayout(LayoutKind.Sequential)]
    private struct RunAttribute
    {
        internal uint Program;
        internal uint Answer;
        internal uint InputBytes;
        internal uint OutputBytes;
        internal ulong Input;
        internal ulong Output;
        internal uint Repeat;
        internal uint Duration;
        internal uint ContextInputBytes;
        internal uint ContextOutputBytes;
        internal ulong ContextInput;
        internal ulong ContextOutput;
    }
}
