using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using Overlay.Bench.Counting;
using Overlay.Bench.Results;
using Overlay.Bench.Variants;
using Overlay.Bench.Workloads;
using Overlay.Control;
using Overlay.Lab;
using Overlay.Terminal;

namespace Overlay.Bench;

/// <summary>
/// What happened between two looks at a workload that was running. The sources are read one after the other; each is
/// told for the workload's own seconds.
/// </summary>
/// <param name="Seconds">Between them.</param>
/// <param name="First">What the workload had done before.</param>
/// <param name="Last">What it had done after.</param>
/// <param name="Processors">What all processors spent.</param>
/// <param name="Processes">What the path's processes used.</param>
internal sealed record Window(
    double Seconds, WorkloadCounts First, WorkloadCounts Last, ProcessorTimes Processors, ProcessFacts Processes)
{
    /// <summary>The daemons' counters before, where there are any.</summary>
    internal IReadOnlyList<CountersReport> CountersBefore { get; init; } = [];

    /// <summary>The daemons' counters afterwards.</summary>
    internal IReadOnlyList<CountersReport> CountersAfter { get; init; } = [];

    /// <summary>Context switches of the path's processes while the counters were counting.</summary>
    internal double ContextSwitches { get; init; }

    /// <summary>Messages a second that another workload delivered meanwhile.</summary>
    internal double BesideReceivedPerSecond { get; init; }

    /// <summary>Payload delivered.</summary>
    internal long DeliveredBytes => Last.DeliveredBytes - First.DeliveredBytes;
}

/// <summary>Runs one workload on one path, and believes it only when the path has carried it.</summary>
internal sealed class Measurement(TimeSpan omit, TimeSpan duration)
{
    // Payload that arrived must have come through whatever the path is named for. Bytes there are counted with inner
    // headers, so they are the more; the rest is for what crosses between two looks.
    private const double LeastShare = 0.9;

    // A sender counts its messages when the call that sent them has returned: some calls' worth may have arrived by
    // then.
    private const long MostUnderWay = 256;

    // On a busy machine a thread may wait its turn for a good part of less.
    private static readonly TimeSpan s_longEnoughToHalve = TimeSpan.FromSeconds(1);

    // A window in which nothing arrives stays open until something does, and its figures are those of its real length:
    // on a busy machine a short one may fall between two turns of a thread. A path that is silent for so long is dead.
    private static readonly TimeSpan s_silentAtMost = TimeSpan.FromSeconds(10);

    /// <summary>Runs it.</summary>
    /// <param name="path">The way.</param>
    /// <param name="load">Not started yet.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <param name="beside">Another workload, which is started before and stopped after it; null for none.</param>
    /// <exception cref="BenchException">Nothing arrived, or not by this path, or something broke.</exception>
    internal Window Take(RunningVariant path, Workload load, CancellationToken cancellation, Workload? beside = null)
    {
        // A blocked call returns when its socket is closed.
        using CancellationTokenRegistration abort = cancellation.Register(() =>
        {
            load.Abort();
            beside?.Abort();
        });
        try
        {
            IReadOnlyList<int> processes = path.FindProcessIds();
            bool isFlood = load.IsFlood || beside is { IsFlood: true };
            long carried = path.ReadCarriedBytes();
            long? byKernel = isFlood ? null : path.ReadKernelBytes();
            beside?.Start();
            load.Start();
            Window window = Watch(path, processes, load, beside, cancellation);
            load.Stop();
            beside?.Stop();
            if (isFlood)
            {
                path.NoteFlood();
            }

            Check(path, load, window);
            long delivered = load.Counts.DeliveredBytes + (beside?.Counts.DeliveredBytes ?? 0);
            CheckCarried(path, delivered, path.ReadCarriedBytes() - carried);
            if (byKernel is { } before)
            {
                CheckByKernel(delivered, (path.ReadKernelBytes() ?? 0) - before);
            }

            return window;
        }
        catch (OperatorException problem) when (path.FailureReport() is { } failures)
        {
            // Whatever was noticed, this is the cause.
            throw new BenchException($"{path.Variant.Name}: {failures.Split('\n')[0]} ({problem.Message})");
        }
        catch (OperatorException problem)
        {
            throw new BenchException($"{path.Variant.Name}: {problem.Message}");
        }
    }

    private Window Watch(
        RunningVariant path, IReadOnlyList<int> processIds, Workload load, Workload? beside,
        CancellationToken cancellation)
    {
        Condition.Pause(omit, cancellation);
        var first = Look.At(path, processIds, load, beside);
        Condition.Pause(duration / 2, cancellation);
        WorkloadCounts middle = load.Counts;
        Condition.Pause(duration / 2, cancellation);
        _ = Condition.Holds(
            () => load.Counts.DeliveredBytes != first.Counts.DeliveredBytes || path.FailureReport() is not null,
            s_silentAtMost, cancellation);
        var last = Look.At(path, processIds, load, beside);
        load.ThrowIfBroken();
        beside?.ThrowIfBroken();
        ThrowIfSilent(load, first.Counts, last.Counts, duration + s_silentAtMost);
        if (duration >= s_longEnoughToHalve)
        {
            ThrowIfSilent(load, first.Counts, middle, duration / 2);
            ThrowIfSilent(load, middle, last.Counts, duration / 2);
        }

        return Look.Between(first, last);
    }

    private static void ThrowIfSilent(Workload load, WorkloadCounts first, WorkloadCounts last, TimeSpan within)
    {
        if (first.DeliveredBytes == last.DeliveredBytes)
        {
            throw new BenchException($"{load.Name}: nothing arrived within {within.TotalSeconds:0.00} s");
        }
    }

    private static void Check(RunningVariant path, Workload load, Window window)
    {
        if (path.FailureReport() is not null)
        {
            throw new BenchException($"{load.Name} was cut short");
        }

        if (window.Last.Received > window.Last.Sent + MostUnderWay)
        {
            throw new BenchException(
                $"{load.Name}: {window.Last.Received} messages arrived of {window.Last.Sent} that were sent: "
                    + "something repeats them");
        }
    }

    private static void CheckCarried(RunningVariant path, long delivered, long carried)
    {
        if (carried < delivered * LeastShare)
        {
            throw new BenchException(
                $"{delivered} bytes arrived, but {path.Carrier} carried only {carried}: something else carries the "
                    + "traffic; look at the hosts' routes");
        }
    }

    private static void CheckByKernel(long delivered, long byKernel)
    {
        if (byKernel < delivered * LeastShare)
        {
            throw new BenchException(
                $"{delivered} bytes arrived, but the kernel path carried only {byKernel}: the daemons forwarded the "
                    + "rest in user space; look at a run of its own with: overlay counters");
        }
    }

    /// <summary>One look at everything, each source with the time at which it was read.</summary>
    private sealed record Look(
        IReadOnlyList<CountersReport> Counters, long CountersAt, ProcessFacts Processes, long ProcessesAt,
        ProcessorTimes Processors, long ProcessorsAt, WorkloadCounts Counts, long CountsAt, WorkloadCounts Beside)
    {
        internal static Look At(RunningVariant path, IReadOnlyList<int> processIds, Workload load, Workload? beside)
        {
            IReadOnlyList<CountersReport> counters = path.ReadCounters();
            long countersAt = Stopwatch.GetTimestamp();
            var processes = ProcessFacts.Read(processIds);
            long processesAt = Stopwatch.GetTimestamp();
            var processors = ProcessorTimes.Read();
            long processorsAt = Stopwatch.GetTimestamp();
            WorkloadCounts counts = load.Counts;
            WorkloadCounts besideCounts = beside?.Counts ?? default;
            return new Look(
                counters, countersAt, processes, processesAt, processors, processorsAt, counts,
                Stopwatch.GetTimestamp(), besideCounts);
        }

        internal static Window Between(Look first, Look last)
        {
            double seconds = Seconds(first.CountsAt, last.CountsAt);
            ProcessFacts processes = last.Processes - first.Processes;
            double processesSeconds = Seconds(first.ProcessesAt, last.ProcessesAt);
            return new Window(
                seconds,
                first.Counts,
                last.Counts,
                (last.Processors - first.Processors) * (seconds / Seconds(first.ProcessorsAt, last.ProcessorsAt)),
                processes * (seconds / processesSeconds))
            {
                CountersBefore = first.Counters,
                CountersAfter = last.Counters,
                ContextSwitches = processes.ContextSwitches * (
                    Seconds(first.CountersAt, last.CountersAt) / processesSeconds),
                BesideReceivedPerSecond = (last.Beside.Received - first.Beside.Received) / seconds,
            };
        }

        private static double Seconds(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalSeconds;
    }
}
