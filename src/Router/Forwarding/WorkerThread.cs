using System;
using System.Diagnostics;
using System.Threading;
using Overlay.Linux;
using Overlay.Router.Metering;
using Overlay.Router.Workers;

namespace Overlay.Router.Forwarding;

/// <summary>One thread that runs workers in turn for as long as something waits, and then waits itself.</summary>
internal sealed class WorkerThread
{
    private readonly Thread _thread;
    private readonly IWorker[] _workers;
    private readonly WaitSet _waits;
    private readonly EventSignal _stop;
    private readonly long _spinTicks;
    private readonly Action<Exception> _fault;

    /// <param name="name">At most 15 bytes: the kernel's limit (prctl(2), PR_SET_NAME).</param>
    /// <param name="workers">What it runs.</param>
    /// <param name="waits">What it waits for.</param>
    /// <param name="stop">Ends it.</param>
    /// <param name="spinMicroseconds">How long it looks again before it waits.</param>
    /// <param name="fault">Told why a worker has ended by itself.</param>
    internal WorkerThread(
        string name, IWorker[] workers, WaitSet waits, EventSignal stop, int spinMicroseconds, Action<Exception> fault)
    {
        _workers = workers;
        _waits = waits;
        _stop = stop;
        _spinTicks = spinMicroseconds * (Stopwatch.Frequency / 1_000_000);
        _fault = fault;
        _thread = new Thread(Run) { Name = name, IsBackground = true };
    }

    internal void Start() => _thread.Start();

    /// <summary>Waits until it has left. It may never have been started.</summary>
    internal void Join()
    {
        if ((_thread.ThreadState & System.Threading.ThreadState.Unstarted) == 0)
        {
            _thread.Join();
        }
    }

    // The loop itself stays small: it never leaves, so what it calls is what the optimizing compiler gets to replace.
    private void Run()
    {
        try
        {
            while (!_stop.IsSet)
            {
                if (!RunAll() && !Spin() && Wait())
                {
                    _waits.OnError?.Invoke();
                }
            }
        }
        catch (Exception fault)
        {
            _fault(fault);
        }
    }

    // True when a descriptor has an error to report.
    private bool Wait()
    {
        long began = _waits.Meter?.Begin() ?? 0;
        bool hasError = Readiness.WaitReadable(_stop, _waits.First, _waits.Second);
        _waits.Meter?.End(MeteredCall.Wait, began, 0);
        return hasError;
    }

    private bool RunAll()
    {
        bool anything = false;
        foreach (IWorker worker in _workers)
        {
            anything |= worker.RunBatch();
        }

        return anything;
    }

    // True when something came while it looked.
    private bool Spin()
    {
        if (_spinTicks == 0)
        {
            return false;
        }

        long end = Stopwatch.GetTimestamp() + _spinTicks;
        do
        {
            if (RunAll())
            {
                return true;
            }

            Thread.SpinWait(20);
        }
        while (!_stop.IsSet && Stopwatch.GetTimestamp() < end);
        return false;
    }
}

/// <summary>What a worker's thread waits for.</summary>
/// <param name="First">A descriptor.</param>
/// <param name="Second">Another; null for none.</param>
/// <param name="OnError">Called when a wait says that a descriptor has an error to report; null for nobody.</param>
/// <param name="Meter">Counts the waits; null for nobody.</param>
internal readonly record struct WaitSet(
    SafeFd First, SafeFd? Second = null, Action? OnError = null, CallMeter? Meter = null);
