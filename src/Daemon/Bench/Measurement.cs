using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using Overlay.Daemon.Bench.Counting;
using Overlay.Daemon.Bench.Paths;
using Overlay.Daemon.Bench.Results;
using Overlay.Daemon.Bench.Workloads;
using Overlay.Daemon.Lab;
using Overlay.Daemon.Status;

namespace Overlay.Daemon.Bench;

/// <summary>What happened between two looks at a workload that was running.</summary>
/// <param name="Seconds">Between them.</param>
/// <param name="First">What the workload had done before.</param>
/// <param name="Last">What it had done after.</param>
/// <param name="Processors">What all processors spent.</param>
/// <param name="Processes">What the path's processes used.</param>
/// <param name="CountersBefore">The daemons', where there are any.</param>
/// <param name="CountersAfter">The daemons' afterwards.</param>
internal sealed record Window(
    double Seconds, WorkloadCounts First, WorkloadCounts Last, ProcessorTimes Processors, ProcessFacts Processes,
    IReadOnlyList<CountersReport> CountersBefore, IReadOnlyList<CountersReport> CountersAfter)
{
    /// <summary>Payload delivered.</summary>
    internal long DeliveredBytes => Last.DeliveredBytes - First.DeliveredBytes;
}

/// <summary>Runs one workload on one path, and believes it only when the path has carried it.</summary>
internal sealed class Measurement(TimeSpan omit, TimeSpan duration)
{
    // Payload that arrived must have come through whatever the path is named for. Bytes there are counted with inner headers, so
    // they are the more; the rest is for what crosses between two looks.
    private const double LeastShare = 0.9;

    /// <summary>Runs it.</summary>
    /// <exception cref="BenchException">Nothing arrived, or not by this path, or something broke.</exception>
    internal Window Take(BenchPath path, Workload load, CancellationToken stop)
    {
        try
        {
            long carried = path.ReadCarriedBytes();
            load.Start();
            Window window = Watch(path, load, stop);
            load.Stop();
            Check(path, load, window, path.ReadCarriedBytes() - carried);
            return window;
        }
        catch (OperatorException failed) when (path.Casualties() is { } casualties)
        {
            // Whatever was noticed, this is the cause.
            throw new BenchException($"{path.Variant.Name}: {casualties.Split('\n')[0]} ({failed.Message})");
        }
        catch (OperatorException failed) when (!failed.Message.StartsWith(path.Variant.Name, StringComparison.Ordinal))
        {
            throw new BenchException($"{path.Variant.Name}: {failed.Message}");
        }
    }

    private Window Watch(BenchPath path, Workload load, CancellationToken stop)
    {
        Condition.Pause(omit, stop);
        IReadOnlyList<CountersReport> before = path.ReadCounters();
        ProcessFacts processes = ProcessFacts.Read(path.ProcessIds);
        ProcessorTimes processors = ProcessorTimes.Read();
        WorkloadCounts first = load.Counts;
        long began = Stopwatch.GetTimestamp();
        Condition.Pause(duration, stop);
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        WorkloadCounts last = load.Counts;
        processors = ProcessorTimes.Read() - processors;
        processes = ProcessFacts.Read(path.ProcessIds) - processes;
        load.ThrowIfBroken();
        return new Window(seconds, first, last, processors, processes, before, path.ReadCounters());
    }

    private static void Check(BenchPath path, Workload load, Window window, long carried)
    {
        if (path.Casualties() is not null)
        {
            throw new BenchException($"{load.Name} was cut short");
        }

        if (window.DeliveredBytes == 0)
        {
            throw new BenchException($"{path.Variant.Name}: {load.Name}: nothing arrived within {window.Seconds:0.0} s");
        }

        long delivered = load.Counts.DeliveredBytes;
        if (carried < delivered * LeastShare)
        {
            throw new BenchException(
                $"{path.Variant.Name}: {delivered} bytes arrived, but {path.Carrier} carried only {carried}: something else carries the traffic; look at the hosts' routes");
        }
    }
}
