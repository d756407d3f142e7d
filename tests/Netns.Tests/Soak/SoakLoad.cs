using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Overlay.Testing;
using Xunit;

namespace Overlay.Netns.Tests.Soak;

/// <summary>
/// Everything at once between the pods of hosts 1 and 2, while leases come and go and host 3's daemon with them.
/// </summary>
/// <remarks>To and from host 3 nothing goes but single pings, one at a time.</remarks>
internal sealed class SoakLoad : IDisposable
{
    private const int Seed = 2026;
    private const int MostLeases = 300, LeasesAtOnce = 8;

    // One of so many leases names an address on the wire, which nobody has: a kernel path asks there.
    private const int ReachableEach = 4;

    private static readonly TimeSpan s_leasesChange = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_betweenFlows = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_pingEvery = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_visitEvery = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_ends = TimeSpan.FromMinutes(5);

    private readonly TestLab _lab;
    private readonly CancellationTokenSource _enough = new();
    private readonly List<Thread> _threads = [];
    private readonly ConcurrentQueue<Exception> _failures = [];
    private RunningProgram _third;
    private int _pingsSent;
    private int _pingsAnswered;

    internal SoakLoad(TestLab lab, RunningProgram third)
    {
        _lab = lab;
        _third = third;
        Streams =
        [
            new SoakStream(lab.Host(1).PodNamespace, lab.Host(2).PodNamespace, lab.Pod(2), Seed),
            new SoakStream(lab.Host(2).PodNamespace, lab.Host(1).PodNamespace, lab.Pod(1), Seed + 1),
        ];
    }

    internal IReadOnlyList<SoakStream> Streams { get; }

    /// <summary>Host 3's daemon of now.</summary>
    internal RunningProgram Third => _third;

    /// <summary>From pod 1 to pod 2, and back: what came of UDP.</summary>
    internal FlowResult[] Udp { get; } = [FlowResult.None, FlowResult.None];

    internal int PingsSent => _pingsSent;

    internal int PingsAnswered => _pingsAnswered;

    /// <summary>Starts of host 3's daemon, the first included.</summary>
    internal int ThirdStarts { get; private set; } = 1;

    /// <summary>Leases written or removed.</summary>
    internal int LeaseChanges { get; private set; }

    internal bool HasFailed => !_failures.IsEmpty;

    /// <summary>Enough of everything has happened for a verdict.</summary>
    internal bool IsEnough =>
        Streams.All(stream => stream.Bytes > 1 << 20) && Udp.All(way => way.Received > 1000)
        && PingsAnswered > 10 && ThirdStarts > 1;

    /// <summary>Begins.</summary>
    internal void Start()
    {
        foreach (SoakStream stream in Streams)
        {
            Run("soak-tcp", () => stream.Run(_enough.Token));
        }

        Run("soak-udp", Flows);
        Run("soak-ping-1", () => Ping(1, 2));
        Run("soak-ping-2", () => Ping(2, 1));
        Run("soak-leases", ChangeLeases);
        Run("soak-third", VisitThird);
    }

    /// <summary>
    /// Ends all of it; afterwards host 3's daemon runs, and of the leases only the daemons' own are left.
    /// </summary>
    internal void Stop()
    {
        _enough.Cancel();
        foreach (Thread thread in _threads)
        {
            if (!thread.Join(s_ends))
            {
                _failures.Enqueue(new TimeoutException($"{thread.Name} has not ended after {s_ends.TotalSeconds} s"));
            }
        }

        Assert.True(_failures.IsEmpty, string.Join('\n', _failures));
    }

    /// <summary>The threads have ended by then.</summary>
    public void Dispose() => _enough.Dispose();

    private void Run(string name, Action body)
    {
        var thread = new Thread(() =>
        {
            try
            {
                body();
            }
            catch (Exception problem)
            {
                _failures.Enqueue(problem);
                _enough.Cancel();
            }
        })
        { IsBackground = true, Name = name };
        _threads.Add(thread);
        thread.Start();
    }

    // The first floods in superpackets, which a kernel path always leaves to user space, however slow the machine is.
    // Between the flows TCP has a time of its own; small and full-size, single and in superpackets, there and back.
    private void Flows()
    {
        for (int turn = 0; !_enough.IsCancellationRequested; turn++)
        {
            int way = turn % 2;
            (int from, int to) = (1 + way, 2 - way);
            FlowResult result = NumberedFlow.Send(
                _lab.Host(from).PodNamespace, _lab.Host(to).PodNamespace, _lab.Pod(to), turn % 4 < 2 ? 64 : 1400,
                isSegmented: turn % 3 == 0, _enough.Token);
            Udp[way] = Udp[way].With(result);
            Pause(s_betweenFlows);
        }
    }

    private void Ping(int from, int to)
    {
        using var pinger = new Pinger(_lab.Host(from).PodNamespace);
        for (ushort sequence = 1; !_enough.IsCancellationRequested; sequence++)
        {
            bool answered = pinger.Ping(_lab.Pod(to), sequence, TimeSpan.FromSeconds(1)) is not null;
            Interlocked.Increment(ref _pingsSent);
            Interlocked.Add(ref _pingsAnswered, answered ? 1 : 0);
            Pause(s_pingEvery);
        }
    }

    // Written beside the folder and moved into it whole, as etcd would show them.
    private void ChangeLeases()
    {
        var held = new Queue<string>();
        string draft = Path.Combine(_lab.Plan.Directory, "draft");
        for (int next = 0; !_enough.IsCancellationRequested; Pause(s_leasesChange))
        {
            for (int i = 0; i < LeasesAtOnce; i++, next++)
            {
                string subnet = $"10.{200 + (next / 256 % 40)}.{next % 256}.0/24";
                string publicIp = i % ReachableEach != 0
                    ? $"192.168.{next / 250 % 250}.{1 + (next % 250)}"
                    : $"172.16.0.{100 + (next / ReachableEach % 150)}";
                File.WriteAllText(draft, LeaseText.Value(publicIp));
                File.Move(draft, _lab.LeaseFile(subnet), overwrite: true);
                held.Enqueue(subnet);
                LeaseChanges++;
            }

            while (held.Count > MostLeases)
            {
                Remove(held.Dequeue());
            }
        }

        foreach (string subnet in held)
        {
            Remove(subnet);
        }

        void Remove(string subnet)
        {
            File.Delete(_lab.LeaseFile(subnet));
            LeaseChanges++;
        }
    }

    // Pings host 3 while its daemon runs and while it does not: then host 1's socket gets ICMP port unreachable.
    private void VisitThird()
    {
        using var pinger = new Pinger(_lab.Host(1).PodNamespace);
        do
        {
            Assert.True(
                pinger.WaitForAnswer(
                    _lab.Pod(3), TestLab.Patience, CancellationToken.None), "pod 3 does not answer pod 1");
            Pause(s_visitEvery);
            _third.Signal("TERM");
            CommandResult end = _third.WaitForExit();
            Assert.True(end.ExitCode == 0, $"the third daemon ended with {end.ExitCode}\n{end.Error}");
            Assert.DoesNotContain("Z error ", end.Error);
            for (ushort sequence = 1; sequence <= 3; sequence++)
            {
                _ = pinger.Ping(_lab.Pod(3), sequence, TimeSpan.FromMilliseconds(200));
            }

            _third = _lab.Start(3);
            ThirdStarts++;
            _ = _lab.WaitUntilReady(_third, 3);
        }
        while (!_enough.IsCancellationRequested);
    }

    private void Pause(TimeSpan pause) => _ = _enough.Token.WaitHandle.WaitOne(pause);
}
