using System;
using System.Diagnostics;
using System.Threading;
using Overlay.Linux;
using Overlay.Router.Metering;
using Overlay.Router.Workers;

namespace Overlay.Router.Forwarding;

/// <summary>One thread that runs its workers in turn while any of them finds work, and sleeps otherwise.</summary>
internal sealed class WorkerThread
{
    private readonly Thread _thread;
    private readonly IWorker[] _workers;
    private readonly WaitSet _waits;
    private readonly EventSignal _stop;
    private readonly long _spinTicks;
    private readonly Action<Exception> _fault;

    // Written by the thread alone; whoever watches it reads them.
    private long _turns;
    private bool _isWaiting;

    /// <summary>Makes the thread without starting it.</summary>
    /// <param name="name">At most 15 bytes: the kernel's limit (prctl(2), PR_SET_NAME).</param>
    /// <param name="workers">What it runs, in this order.</param>
    /// <param name="waits">What wakes it.</param>
    /// <param name="stop">Ends it.</param>
    /// <param name="spinMicroseconds">How long it polls before it sleeps, 0 or more.</param>
    /// <param name="fault">
    /// Called on the thread with the exception that ended a worker; the thread ends with it.
    /// </param>
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

    /// <summary>What it is doing. Any thread may ask.</summary>
    internal ThreadProgress Progress => new(_thread.Name!, Volatile.Read(ref _turns), Volatile.Read(ref _isWaiting));

    /// <summary>Starts it.</summary>
    internal void Start() => _thread.Start();

    /// <summary>Waits until it has ended; returns at once when it was never started.</summary>
    internal void Join()
    {
        if ((_thread.ThreadState & System.Threading.ThreadState.Unstarted) == 0)
        {
            _thread.Join();
        }
    }

    // The loop stays small: it runs until the stop, so tiered compilation replaces only the methods that it calls.
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
        catch (Exception problem)
        {
            _fault(problem);
        }
    }

    // True when a descriptor has an error to report.
    private bool Wait()
    {
        long began = _waits.Meter?.Begin() ?? 0;
        Volatile.Write(ref _isWaiting, true);
        bool hasError = Readiness.WaitReadable(_stop, _waits.First, _waits.Second);
        Volatile.Write(ref _turns, _turns + 1); // first: who is found awake twice with one count has not slept between
        Volatile.Write(ref _isWaiting, false);
        _waits.Meter?.End(MeteredCall.Wait, began, 0);
        return hasError;
    }

    private bool RunAll()
    {
        Volatile.Write(ref _turns, _turns + 1);
        bool anything = false;
        foreach (IWorker worker in _workers)
        {
            if (worker.RunBatch())
            {
                worker.Counters.EndBatch();
                anything = true;
            }
        }

        return anything;
    }

    // True when a worker found work while it polled.
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

/// <summary>What wakes a worker's thread.</summary>
/// <param name="First">A descriptor that becomes readable.</param>
/// <param name="Second">Another; null for none.</param>
/// <param name="OnError">Called when a descriptor has an error to report; null to ignore it.</param>
/// <param name="Meter">Counts the waits; null for no meter.</param>
internal readonly record struct WaitSet(
    SafeFd First, SafeFd? Second = null, Action? OnError = null, CallMeter? Meter = null);
