using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Overlay.Daemon.Bench.Counting;
using Overlay.Daemon.Bench.Paths;
using Overlay.Daemon.Bench.Results;
using Overlay.Daemon.Bench.Workloads;

namespace Overlay.Daemon.Bench;

/// <summary>All measurements: in each round each test, and for each test every variant in turn, so that whatever changes on the machine changes for all.</summary>
internal sealed class BenchRun
{
    private static readonly TimeSpan s_noOmit = TimeSpan.FromMilliseconds(50);

    private readonly BenchPlan _plan;
    private readonly IReadOnlyList<BenchPath> _paths;
    private readonly BenchProgress _progress;
    private readonly Measurement _measurement;
    private readonly Dictionary<BenchPath, SampleBook> _books;
    private readonly Dictionary<BenchPath, IReadOnlyDictionary<string, long>> _dropsBefore = [];

    /// <param name="plan">What is measured.</param>
    /// <param name="paths">Every variant's, up and running.</param>
    /// <param name="progress">Told what is being done.</param>
    internal BenchRun(BenchPlan plan, IReadOnlyList<BenchPath> paths, BenchProgress progress)
    {
        _plan = plan;
        _paths = paths;
        _progress = progress;
        _measurement = new Measurement(plan.Omit, plan.Duration);
        _books = paths.ToDictionary(path => path, _ => new SampleBook());
    }

    /// <summary>Measures everything.</summary>
    /// <returns>A report of each variant, in the paths' order.</returns>
    /// <exception cref="BenchException">A measurement must not be believed; there are no figures then.</exception>
    internal IReadOnlyList<VariantReport> Run(CancellationToken stop)
    {
        foreach (BenchPath path in _paths)
        {
            WarmUp(path, stop);
            _dropsBefore[path] = Drops.Of(path);
        }

        for (int round = 1; round <= _plan.Rounds; round++)
        {
            _progress.BeginRound(round);
            InTurn(_plan.Tcp, test => test.Name, (path, book, test) => MeasureTcp(path, book, test, stop));
            InTurn(_plan.Udp, test => test.Name, (path, book, test) => MeasureUdp(path, book, test, stop));
            InTurn([false, true], isLoaded => LatencyName(isLoaded), (path, book, isLoaded) => MeasureLatency(path, book, isLoaded, stop));
            foreach (BenchPath path in _paths.Where(path => path.ProcessIds.Count > 0))
            {
                _books[path].Add("rss", ProcessFacts.Read(path.ProcessIds).ResidentBytes);
            }
        }

        return [.. _paths.Select(path => new VariantFigures(_plan, path, _books[path]).Report(Drops.Since(path, _dropsBefore[path])))];
    }

    private static string LatencyName(bool isLoaded) => isLoaded ? "rr_half" : "rr_idle";

    private void InTurn<T>(IReadOnlyList<T> tests, Func<T, string> name, Action<BenchPath, SampleBook, T> measure)
    {
        foreach (T test in tests)
        {
            foreach (BenchPath path in _paths)
            {
                _progress.Step(path.Variant.Name, name(test));
                measure(path, _books[path], test);
            }
        }
    }

    private void WarmUp(BenchPath path, CancellationToken stop)
    {
        _progress.WarmUp(path.Variant.Name);
        var warmUp = new Measurement(s_noOmit, _plan.WarmUp / 2);
        using (var tcp = new TcpLoad(2, path.FirstNamespace, path.SecondNamespace, path.SecondAddress))
        {
            _ = warmUp.Take(path, tcp, stop);
        }

        using var udp = new UdpLoad(64, 0, path.FirstNamespace, path.SecondNamespace, path.SecondAddress);
        _ = warmUp.Take(path, udp, stop);
    }

    private void MeasureTcp(BenchPath path, SampleBook book, TcpTest test, CancellationToken stop)
    {
        (string from, string to) = test.IsReverse
            ? (path.SecondNamespace, path.FirstNamespace)
            : (path.FirstNamespace, path.SecondNamespace);
        using var load = new TcpLoad(test.Streams, from, to, test.IsReverse ? path.FirstAddress : path.SecondAddress);
        Window window = _measurement.Take(path, load, stop);
        double gigabytes = window.DeliveredBytes / 1e9;
        book.Add($"{test.Name}.bits_per_second", window.DeliveredBytes * 8 / window.Seconds);
        book.Add($"{test.Name}.cpu_percent", Percent(window.Processors.Busy, window.Processors.Total));
        book.Add("steal", Percent(window.Processors.Steal, window.Processors.Total));
        if (test != _plan.Tcp[0])
        {
            return;
        }

        book.Add("cpu.user", window.Processors.User / gigabytes);
        book.Add("cpu.system", window.Processors.System / gigabytes);
        book.Add("cpu.softirq", window.Processors.Softirq / gigabytes);
        if (path.ProcessIds.Count > 0)
        {
            book.Add("daemon.user", window.Processes.UserSeconds / gigabytes);
            book.Add("daemon.system", window.Processes.SystemSeconds / gigabytes);
        }

        AddCounts(book, test.Name, window);
    }

    private void MeasureUdp(BenchPath path, SampleBook book, UdpTest test, CancellationToken stop)
    {
        int payload = test.PayloadBytesFor(path.Mtu);
        using var load = new UdpLoad(payload, 0, path.FirstNamespace, path.SecondNamespace, path.SecondAddress);
        Window window = _measurement.Take(path, load, stop);
        double received = window.Last.Received - window.First.Received;
        double sent = window.Last.Sent - window.First.Sent;
        book.Add($"{test.Name}.packets_per_second", received / window.Seconds);
        book.Add($"{test.Name}.bits_per_second", received * payload * 8 / window.Seconds);
        // What was under way at the first look may arrive before the second.
        book.Add($"{test.Name}.lost_percent", Math.Max(0, Percent(sent - received, sent)));
        if (test == _plan.Udp[0])
        {
            AddCounts(book, test.Name, window);
        }
    }

    private void MeasureLatency(BenchPath path, SampleBook book, bool isLoaded, CancellationToken stop)
    {
        UdpTest full = _plan.Udp[^1];
        double rate = isLoaded ? book.Last($"{full.Name}.packets_per_second") / 2 : 0;
        using UdpLoad? load = isLoaded
            ? new UdpLoad(full.PayloadBytesFor(path.Mtu), rate, path.FirstNamespace, path.SecondNamespace, path.SecondAddress)
            : null;
        load?.Start();
        using var requests = new RequestResponse(path.FirstNamespace, path.SecondNamespace, path.SecondAddress);
        Window window = _measurement.Take(path, requests, stop);
        load?.Stop();

        string name = LatencyName(isLoaded);
        double[] sorted = requests.Microseconds(window.First.Received, window.Last.Received);
        book.Add($"{name}.load", rate);
        book.Add($"{name}.transactions", sorted.Length);
        foreach ((string percentile, double share) in VariantFigures.Percentiles)
        {
            book.Add($"{name}.{percentile}", sorted[(int)Math.Min(sorted.Length - 1, sorted.Length * share)]);
        }
    }

    private static void AddCounts(SampleBook book, string workload, Window window)
    {
        if (window.CountersBefore.Count > 0)
        {
            CountedFigures.Add(book, workload, window);
        }
    }

    private static double Percent(double part, double whole) => whole > 0 ? part * 100 / whole : 0;
}
