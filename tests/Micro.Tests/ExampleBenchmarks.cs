using System;
using System.Threading;
using BenchmarkDotNet.Attributes;

namespace Overlay.Micro.Tests;

/// <summary>A known number of bytes an operation: 24 for an object without fields on 64 bits.</summary>
public class AllocatingBenchmarks
{
    private object? _last;

    [Params(1, 2)]
    public int Objects { get; set; }

    [Benchmark]
    public object? Box()
    {
        for (int i = 0; i < Objects; i++)
        {
            _last = new object();
        }

        return _last;
    }

    [Benchmark]
    public int Nothing() => Objects;
}

/// <summary>Allocates on another thread only.</summary>
public class AllocatingElsewhereBenchmarks
{
    private byte[]? _last;

    [Benchmark]
    public void Start()
    {
        var thread = new Thread(() => _last = new byte[100_000]);
        thread.Start();
        thread.Join();
        WrongResult.Unless(_last is not null, "no array");
        _last = null;
    }
}

/// <summary>Neither does what it should.</summary>
public class WrongBenchmarks
{
    [GlobalSetup(Target = nameof(Setup))]
    public void Fail() => WrongResult.Unless(false, "the setup");

    [Benchmark]
    public int Setup() => 0;

    [Benchmark]
    public int Operation()
    {
        WrongResult.Unless(Environment.ProcessId == 0, "the operation");
        return 0;
    }
}

/// <summary>Would need time to be stopped between iterations.</summary>
public class IterationBenchmarks
{
    [IterationSetup]
    public void Prepare()
    {
    }

    [Benchmark]
    public int Operation() => 0;
}
