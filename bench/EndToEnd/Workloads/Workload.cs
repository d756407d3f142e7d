using System;
using System.Collections.Generic;
using System.Net.Sockets;
using System.Threading;
using Overlay.Bench.Results;
using Overlay.Linux;

namespace Overlay.Bench.Workloads;

/// <summary>What a workload has done.</summary>
/// <param name="DeliveredBytes">Payload that has arrived.</param>
/// <param name="Sent">Messages sent; 0 for a stream, which has none.</param>
/// <param name="Received">Messages that have arrived, or were answered.</param>
internal readonly record struct WorkloadCounts(long DeliveredBytes, long Sent = 0, long Received = 0);

/// <summary>
/// Traffic that runs from <see cref="Start"/> to <see cref="Stop"/>, on threads of its own, and counts what arrives.
/// </summary>
internal abstract class Workload(string name) : IDisposable
{
    // No single send or receive on a path that works takes as long.
    protected const int PatienceMilliseconds = 30_000;

    private readonly List<Thread> _threads = [];
    private Exception? _failure;
    private volatile bool _isStopping;

    /// <summary>For messages.</summary>
    internal string Name { get; } = name;

    /// <summary>Whether it is UDP, as much as there is room for: what is faster in trains.</summary>
    internal virtual bool IsFlood => false;

    /// <summary>What it has done so far.</summary>
    internal abstract WorkloadCounts Counts { get; }

    /// <summary>Whether it is coming to its end.</summary>
    protected bool IsStopping => _isStopping;

    /// <summary>Starts it.</summary>
    /// <exception cref="BenchException">The two ends cannot reach each other.</exception>
    internal void Start()
    {
        try
        {
            Open();
        }
        catch (Exception problem) when (problem is SocketException or LinuxException or ObjectDisposedException)
        {
            throw new BenchException($"{Name} could not be started: {problem.Message}");
        }
    }

    /// <summary>Ends it; all threads have left when it returns.</summary>
    /// <exception cref="BenchException">It had ended by itself before.</exception>
    internal void Stop()
    {
        Abort();
        _threads.ForEach(thread => thread.Join());
        ThrowIfBroken();
    }

    /// <summary>Says why it has ended by itself.</summary>
    /// <exception cref="BenchException">It has.</exception>
    internal void ThrowIfBroken()
    {
        if (Volatile.Read(ref _failure) is { } failure)
        {
            throw new BenchException($"{Name} broke: {failure.Message}");
        }
    }

    /// <summary>Makes it end at once, wherever it is; may be called from any thread.</summary>
    internal void Abort()
    {
        _isStopping = true;
        WakeAll();
    }

    public virtual void Dispose()
    {
        Abort();
        _threads.ForEach(thread => thread.Join());
    }

    /// <summary>Opens sockets and starts threads.</summary>
    protected abstract void Open();

    /// <summary>Makes every blocked call return.</summary>
    protected abstract void WakeAll();

    /// <summary>Runs a part of it. What goes wrong before the stop is the workload's failure.</summary>
    protected void Run(string threadName, Action part)
    {
        var thread = new Thread(() =>
        {
            try
            {
                part();
            }
            catch (Exception problem)
            {
                // Whatever it is, it must end in a line and a clean-up: on a thread of its own it would end the
                // process.
                if (!_isStopping)
                {
                    Interlocked.CompareExchange(ref _failure, problem, null);
                }
            }
        })
        {
            IsBackground = true,
            Name = threadName,
        };
        _threads.Add(thread);
        thread.Start();
    }
}
