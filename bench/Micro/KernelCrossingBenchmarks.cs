using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using BenchmarkDotNet.Attributes;
using Overlay.Linux;
using Overlay.Linux.Interop;
using Tmds.Linux;

namespace Overlay.Micro;

/// <summary>What it costs to leave managed code, and the process. Nothing is done at the other end.</summary>
[MemoryDiagnoser]
public class KernelCrossingBenchmarks : IDisposable
{
    // One after the other, so that a call as short as the baseline can be told from none.
    private const int Calls = 64;

    private readonly EventSignal _signal = new();
    private readonly byte[] _buffer = new byte[8];
    private int _parent;

    [GlobalSetup]
    public void Ask()
    {
        string parent = File.ReadLines("/proc/self/status")
            .Single(line => line.StartsWith("PPid:", StringComparison.Ordinal));
        _parent = int.Parse(parent.AsSpan("PPid:".Length), CultureInfo.InvariantCulture);
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _signal.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A method of ours that is not inlined.</summary>
    [Benchmark(OperationsPerInvoke = Calls, Baseline = true)]
    public int ManagedCall()
    {
        int sum = 0;
        for (int i = 0; i < Calls; i++)
        {
            sum += Absolute(-i);
        }

        return Right(sum);
    }

    /// <summary>A function of the C library that makes no system call. errno is saved after it.</summary>
    [Benchmark(OperationsPerInvoke = Calls)]
    public int NativeCall()
    {
        int sum = 0;
        for (int i = 0; i < Calls; i++)
        {
            sum += Native.abs(-i);
        }

        return Right(sum);
    }

    /// <summary>The smallest system call there is. errno is not saved after it.</summary>
    [Benchmark(OperationsPerInvoke = Calls)]
    public int SystemCall()
    {
        int others = 0;
        for (int i = 0; i < Calls; i++)
        {
            others += LibC.getppid() == _parent ? 0 : 1;
        }

        WrongResult.Unless(others == 0, "another parent");
        return others;
    }

    /// <summary>
    /// A read(2) that finds nothing, through the wrapper the data path uses: what the end of each batch costs.
    /// </summary>
    [Benchmark(OperationsPerInvoke = Calls)]
    public int EmptyRead()
    {
        int found = 0;
        for (int i = 0; i < Calls; i++)
        {
            found += DescriptorIo.Read(_signal.Descriptor, _buffer).Errno == Errno.EAGAIN ? 0 : 1;
        }

        WrongResult.Unless(found == 0, "something to read");
        return found;
    }

    /// <summary>What a reference to the descriptor costs: two atomic writes, which the packet path does without.</summary>
    [Benchmark(OperationsPerInvoke = Calls)]
    public int HoldDescriptor()
    {
        int valid = 0;
        for (int i = 0; i < Calls; i++)
        {
            using SafeFd.Held held = _signal.Descriptor.Hold();
            valid += held.Number >= 0 ? 1 : 0;
        }

        WrongResult.Unless(valid == Calls, "no descriptor");
        return valid;
    }

    /// <summary>What the packet path does in its place.</summary>
    [Benchmark(OperationsPerInvoke = Calls)]
    public int BorrowDescriptor()
    {
        int valid = 0;
        for (int i = 0; i < Calls; i++)
        {
            using SafeFd.Borrowed borrowed = _signal.Descriptor.Borrow();
            valid += borrowed.Number >= 0 ? 1 : 0;
        }

        WrongResult.Unless(valid == Calls, "no descriptor");
        return valid;
    }

    private static int Right(int sum)
    {
        WrongResult.Unless(sum == Calls * (Calls - 1) / 2, "abs");
        return sum;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Absolute(int number) => number < 0 ? -number : number;
}
