using System;
using System.Collections.Generic;
using System.Net.Sockets;
using System.Threading;
using Overlay.Daemon.Bench.Results;
using Overlay.Linux;

namespace Overlay.Daemon.Bench.Workloads;

/// <summary>What a workload has done.</summary>
/// <param name="DeliveredBytes">Payload that has arrived.</param>
/// <param name="Sent">Messages sent; 0 for a stream, which has none.</param>
/// <param name="Received">Messages that have arrived, or were answered.</param>
internal readonly record struct WorkloadCounts(long DeliveredBytes, long Sent = 0, long Received = 0);

/// <summary>Traffic that runs from <see cref="Start"/> to <see cref="Stop"/>, on threads of its own, and counts what arrives.</summary>
internal abstract class Workload(string name) : IDisposable
{
    // No single send or receive on a path that works takes as long.
    protected const int PatienceMilliseconds = 2000;

    private readonly List<Thread> _threads = [];
    private Exception? _failure;
    private volatile bool _isStopping;

    /// <summary>For messages.</summary>
    internal string Name { get; } = name;

    /// <summary>What it has done so far.</summary>
    internal abstract WorkloadCounts Counts { get; }

    /// <summary>Whether it is coming to its end.</summary>
    protected bool IsStopping => _isStopping;

    /// <summary>Starts it.</summary>
    /// <exception cref="BenchException">The two ends cannot reach each other.</exception>
    internal abstract void Start();

    /// <summary>Ends it; all threads have left when it returns.</summary>
    /// <exception cref="BenchException">It had ended by itself before.</exception>
    internal void Stop()
    {
        _isStopping = true;
        WakeAll();
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

    public virtual void Dispose()
    {
        _isStopping = true;
        WakeAll();
        _threads.ForEach(thread => thread.Join());
    }

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
            catch (Exception failure) when (failure is SocketException or ObjectDisposedException or LinuxException)
            {
                if (!_isStopping)
                {
                    Interlocked.CompareExchange(ref _failure, failure, null);
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
