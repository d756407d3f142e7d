using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Overlay.Bench.Counting;
using Overlay.Bench.Results;
using Overlay.Bench.Variants;
using Overlay.Bench.Workloads;

namespace Overlay.Bench;

/// <summary>
/// All measurements: in each round each test, and for each test every variant in turn, so that whatever changes on the
/// machine changes for all.
/// </summary>
internal sealed class BenchRun
{
    // Where requests and datagrams share two processors with many threads, less than half may get through; how much did
    // is told. Less than this of what was asked for is no load at all.
    private const double LeastLoad = 0.1;

    // Half as many as make a flood of them, which the kernel path leaves to user space.
    private const int IdleRequestsPerSecond = 10_000;

    private static readonly TimeSpan s_noOmit = TimeSpan.FromMilliseconds(50);

    private readonly BenchPlan _plan;
    private readonly IReadOnlyList<RunningVariant> _paths;
    private readonly BenchProgress _progress;
    private readonly Measurement _measurement;
    private readonly Dictionary<RunningVariant, SampleBook> _books;
    private readonly Dictionary<RunningVariant, IReadOnlyDictionary<string, long>> _dropsBefore = [];
    private readonly Dictionary<RunningVariant, IReadOnlyDictionary<string, string>> _accelerations = [];
    private readonly Dictionary<RunningVariant, long> _sinkDrops;

    /// <param name="plan">What is measured.</param>
    /// <param name="paths">Every variant's, up and running.</param>
    /// <param name="progress">Told what is being done.</param>
    internal BenchRun(BenchPlan plan, IReadOnlyList<RunningVariant> paths, BenchProgress progress)
    {
        _plan = plan;
        _paths = paths;
        _progress = progress;
        _measurement = new Measurement(plan.Omit, plan.Duration);
        _books = paths.ToDictionary(path => path, _ => new SampleBook());
        _sinkDrops = paths.ToDictionary(path => path, _ => 0L);
    }

    /// <summary>Measures everything.</summary>
    /// <returns>A report of each variant, in the paths' order.</returns>
    /// <exception cref="BenchException">A measurement must not be believed; there are no figures then.</exception>
    internal IReadOnlyList<VariantReport> Run(CancellationToken cancellation)
    {
        foreach (RunningVariant path in _paths)
        {
            WarmUp(path, cancellation);
            _dropsBefore[path] = Drops.Of(path);
            _accelerations[path] = AccelerationsOf(path);
        }

        for (int round = 1; round <= _plan.Rounds; round++)
        {
            _progress.BeginRound(round);
            InTurn(_plan.Tcp, test => test.Name, (path, book, test) => MeasureTcp(path, book, test, cancellation));
            InTurn(_plan.Udp, test => test.Name, (path, book, test) => MeasureUdp(path, book, test, cancellation));
            InTurn(
                [false, true],
                isLoaded => LatencyName(isLoaded),
                (path, book, isLoaded) => MeasureLatency(path, book, isLoaded, cancellation));
            foreach (RunningVariant path in _paths)
            {
                if (path.FindProcessIds() is { Count: > 0 } processes)
                {
                    _books[path].Add("rss", ProcessFacts.Read(processes).ResidentBytes);
                }
            }
        }

        return [.. _paths.Select(Report)];
    }

    private VariantReport Report(RunningVariant path)
    {
        // What the kernel has refused in the meantime makes another variant of it.
        if (!AccelerationsOf(path).OrderBy(each => each.Key, StringComparer.Ordinal).SequenceEqual(
            _accelerations[path].OrderBy(each => each.Key, StringComparer.Ordinal)))
        {
            throw new BenchException(
                $"{path.Variant.Name}: the kernel has refused an acceleration while it was measured; look at the "
                    + "daemon's log of a run of its own");
        }

        return new VariantFigures(_plan, path, _books[path]).Report(
            Drops.Since(path, _dropsBefore[path], _sinkDrops[path]), _accelerations[path]);
    }

    private static IReadOnlyDictionary<string, string> AccelerationsOf(RunningVariant path) =>
        path.ReadCounters() is [var first, ..] ? first.Accelerations : new Dictionary<string, string>();

    private static string LatencyName(bool isLoaded) => isLoaded ? "rr_half" : "rr_idle";

    private void InTurn<T>(IReadOnlyList<T> tests, Func<T, string> name, Action<RunningVariant, SampleBook, T> measure)
    {
        foreach (T test in tests)
        {
            foreach (RunningVariant path in _paths)
            {
                _progress.Step(path.Variant.Name, name(test));
                measure(path, _books[path], test);
            }
        }
    }

    // Both ways and every kind of traffic: what is compiled for one is not for the others, here and in the daemons.
    private void WarmUp(RunningVariant path, CancellationToken cancellation)
    {
        _progress.WarmUp(path.Variant.Name);
        var warmUp = new Measurement(s_noOmit, _plan.WarmUp / 4);
        foreach (Func<Workload> make in (Func<Workload>[])
        [
            () => Tcp(path, new TcpTraffic(2, IsReverse: false)),
            () => Tcp(path, new TcpTraffic(2, IsReverse: true)),
            () => Udp(path, _plan.Udp[0]),
            () => Requests(path, isLoaded: false),
        ])
        {
            using Workload load = make();
            if (load is RequestResponse)
            {
                path.WaitUntilQuiet(cancellation);
            }

            _ = warmUp.Take(path, load, cancellation);
        }
    }

    private static TcpLoad Tcp(RunningVariant path, TcpTraffic test) => test.IsReverse
        ? new TcpLoad(test.Streams, path.SecondNamespace, path.FirstNamespace, path.FirstAddress)
        : new TcpLoad(test.Streams, path.FirstNamespace, path.SecondNamespace, path.SecondAddress);

    private static RequestResponse Requests(RunningVariant path, bool isLoaded) =>
        new(
            isLoaded ? 0 : IdleRequestsPerSecond, path.FirstNamespace, path.SecondNamespace, path.SecondAddress);

    private static UdpLoad Udp(RunningVariant path, UdpTraffic test, double packetsPerSecond = 0) =>
        new(
            test.PayloadBytesFor(path.Mtu), packetsPerSecond, path.FirstNamespace, path.SecondNamespace,
            path.SecondAddress);

    private void MeasureTcp(RunningVariant path, SampleBook book, TcpTraffic test, CancellationToken cancellation)
    {
        using TcpLoad load = Tcp(path, test);
        Window window = _measurement.Take(path, load, cancellation);
        double gigabytes = window.DeliveredBytes / 1e9;
        book.Add($"{test.Name}.bits_per_second", window.DeliveredBytes * 8 / window.Seconds);
        book.Add($"{test.Name}.cpu_percent", Percent(window.Processors.Busy, window.Processors.Total));
        if (test != _plan.Tcp[0])
        {
            return;
        }

        book.Add("cpu.user", window.Processors.User / gigabytes);
        book.Add("cpu.system", window.Processors.System / gigabytes);
        book.Add("cpu.softirq", window.Processors.Softirq / gigabytes);
        if (path.FindProcessIds().Count > 0)
        {
            book.Add("daemon.user", window.Processes.UserSeconds / gigabytes);
            book.Add("daemon.system", window.Processes.SystemSeconds / gigabytes);
        }

        AddCounts(path, book, test.Name, window);
    }

    private void MeasureUdp(RunningVariant path, SampleBook book, UdpTraffic test, CancellationToken cancellation)
    {
        int payload = test.PayloadBytesFor(path.Mtu);
        using UdpLoad load = Udp(path, test);
        Window window = _measurement.Take(path, load, cancellation);
        double received = window.Last.Received - window.First.Received;
        double sent = window.Last.Sent - window.First.Sent;
        book.Add($"{test.Name}.packets_per_second", received / window.Seconds);
        book.Add($"{test.Name}.bits_per_second", received * payload * 8 / window.Seconds);
        _sinkDrops[path] += load.SinkDrops;
        // What was under way at the first look may arrive before the second.
        book.Add($"{test.Name}.lost_percent", Math.Max(0, Percent(sent - received, sent)));
        if (test == _plan.Udp[0])
        {
            AddCounts(path, book, test.Name, window);
        }
    }

    private void MeasureLatency(RunningVariant path, SampleBook book, bool isLoaded, CancellationToken cancellation)
    {
        UdpTraffic full = _plan.Udp[^1];
        double rate = isLoaded ? book.Last($"{full.Name}.packets_per_second") / 2 : 0;
        using UdpLoad? load = isLoaded ? Udp(path, full, rate) : null;
        using RequestResponse requests = Requests(path, isLoaded);
        if (!isLoaded)
        {
            path.WaitUntilQuiet(cancellation);
        }

        Window window = _measurement.Take(path, requests, cancellation, load);
        if (window.BesideReceivedPerSecond < rate * LeastLoad)
        {
            throw new BenchException(
                $"{path.Variant.Name}: of {rate:0} datagrams a second beside the requests only "
                    + $"{window.BesideReceivedPerSecond:0} arrived: that is no load; is the machine busy with "
                    + "something else?");
        }

        string name = LatencyName(isLoaded);
        double[] sorted = requests.Microseconds(window.First.Sent, window.Last.Sent);
        book.Add($"{name}.load", window.BesideReceivedPerSecond);
        book.Add($"{name}.transactions", sorted.Length);
        foreach ((string percentile, double share) in VariantFigures.Percentiles)
        {
            book.Add($"{name}.{percentile}", sorted[Math.Max(0, (int)Math.Ceiling(sorted.Length * share) - 1)]);
        }
    }

    private static void AddCounts(RunningVariant path, SampleBook book, string workload, Window window)
    {
        if (path.Variant.Kind == VariantKind.Engine)
        {
            CountedFigures.Add(book, workload, window);
        }
    }

    private static double Percent(double part, double whole) => whole > 0 ? part * 100 / whole : 0;
}
