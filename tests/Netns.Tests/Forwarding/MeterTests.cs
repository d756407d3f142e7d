using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Overlay.Control;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Overlay.Router.Metering;
using Xunit;

namespace Overlay.Netns.Tests.Forwarding;

/// <summary>The meter against strace(1), which sees every system call of the packet threads.</summary>
[Collection(nameof(Alone))]
public sealed class MeterTests : LabTest
{
    private const int Pings = 20;

    private static readonly string[] s_packetThreads =
        ["duplex-", "out-", "in-", "tun-read-", "send-", "receive-", "tun-write-"];

    [Theory]
    [InlineData("classic", "duplex")]
    [InlineData("batch", "1")]
    [InlineData("offload", "1")]
    [InlineData("pipeline", "1")]
    public void The_meter_counts_the_calls_that_strace_counts(string engine, string workers)
    {
        TestLab lab = NewLab(2);
        IReadOnlyList<RunningProgram> daemons = lab.BringUp(
            [1, 2], _ => ["--meter", "--engine", engine, "--workers", workers]);
        AwaitQuiet(lab, daemons[0]);
        string summary = Path.Combine(lab.Plan.Directory, "strace.txt");
        int[] threads = PacketThreads(daemons[0].Id);
        string strace = ChildCommand.Find("strace")
            ?? throw new InvalidOperationException("strace is missing: apt-get install strace");
        using var tracer = RunningProgram.Start(
            [strace, "-c", "-o", summary, .. threads.SelectMany(thread => (string[])["-p", $"{thread}"])]);
        Await(
            () => tracer.Errors.Count(line => line.EndsWith("attached", StringComparison.Ordinal)) == threads.Length,
            () => tracer.Tail());

        Dictionary<MeteredCall, long> before = Metered(lab);
        using (var pinger = new Pinger(lab.Host(1).PodNamespace))
        {
            for (int i = 1; i <= Pings; i++)
            {
                Assert.NotNull(pinger.Ping(lab.Pod(2), (ushort)i, TestLab.Patience));
            }
        }

        long received = 0;
        Await(() => (received += Flood(lab).Received) > 100, () => $"{received}");
        Dictionary<MeteredCall, long> after = AwaitQuiet(lab, daemons[0]);
        tracer.Signal("INT");
        _ = tracer.WaitForExit();
        Dictionary<string, long> traced = Summary(summary);
        var metered = MeteredCalls.All.ToDictionary(call => call, call => after[call] - before[call]);
        Print(
            $"{engine}: metered {string.Join(", ", metered.Select(call => $"{call.Key.Name()} {call.Value}"))}; "
                + $"traced {string.Join(", ", traced.Select(call => $"{call.Key} {call.Value}"))}");

        Assert.Equal(metered[MeteredCall.UdpSend], Traced("sendmsg") + Traced("sendmmsg"));
        Assert.Equal(metered[MeteredCall.UdpReceive], Traced("recvmsg") + Traced("recvmmsg"));
        Assert.Equal(metered[MeteredCall.TunWrite], Traced("writev"));

        // A program of the daemon's that ends, iptables say, is a signal to any of its threads, which the runtime
        // passes on by a pipe: a write before each return from a handler, at most.
        long reads = metered[MeteredCall.TunRead] + metered[MeteredCall.Signal];
        Assert.InRange(Traced("read") + Traced("write"), reads, reads + Traced("rt_sigreturn"));

        // Each thread sleeps when the tracer comes and when it goes: such a sleep counts here or there, or is begun
        // anew.
        Assert.InRange(
            Traced("ppoll"), metered[MeteredCall.Wait] - (2 * threads.Length),
            metered[MeteredCall.Wait] + (2 * threads.Length));

        long Traced(string call) => traced.GetValueOrDefault(call);
    }

    private static UdpResult Flood(TestLab lab) => UdpBlast.Measure(
        lab.Host(2).PodNamespace, lab.Host(1).PodNamespace, lab.Pod(1), 64, TimeSpan.FromMilliseconds(200),
        TestContext.Current.CancellationToken);

    // Two looks in a row with the same counts, and at both every packet thread asleep: one that has work and only waits
    // for a processor is not.
    private static Dictionary<MeteredCall, long> AwaitQuiet(TestLab lab, RunningProgram daemon)
    {
        Dictionary<MeteredCall, long> last = Metered(lab);
        bool wasAsleep = AllSleep(daemon.Id);
        Await(
            () =>
            {
                Condition.Pause(TimeSpan.FromMilliseconds(150), TestContext.Current.CancellationToken);
                Dictionary<MeteredCall, long> now = Metered(lab);
                bool areAsleep = AllSleep(daemon.Id);
                bool isQuiet = wasAsleep && areAsleep && now.All(call => last[call.Key] == call.Value);
                (last, wasAsleep) = (now, areAsleep);
                return isQuiet;
            },
            "the daemon is never quiet");
        return last;
    }

    private static Dictionary<MeteredCall, long> Metered(TestLab lab)
    {
        MeterReport meter = lab.Counters(1).Meter ?? throw new InvalidOperationException("the daemon does not meter");
        return MeteredCalls.All.ToDictionary(
            call => call,
            call => new[] { meter.Outbound, meter.Inbound }
                .Sum(direction => direction.Calls.GetValueOrDefault(call.Name())?.Calls ?? 0));
    }

    // proc(5): the state is the third field, after the name. A thread that is traced sleeps as S, too.
    private static bool AllSleep(int processId) => PacketThreads(processId).All(thread =>
    {
        string stat = File.ReadAllText($"/proc/{processId}/task/{thread}/stat");
        return stat[stat.LastIndexOf(')') + 2] == 'S';
    });

    private static int[] PacketThreads(int processId) =>
    [
        .. Directory.EnumerateDirectories($"/proc/{processId}/task")
            .Where(task => s_packetThreads.Any(
                name => File.ReadAllText($"{task}/comm").StartsWith(name, StringComparison.Ordinal)))
            .Select(task => int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture)),
    ];

    // "% time  seconds  usecs/call  calls  [errors]  syscall" between two rules.
    private static Dictionary<string, long> Summary(string file) => File.ReadLines(file)
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Where(words => words.Length is 5 or 6 && words[^1] != "total"
            && long.TryParse(words[3], CultureInfo.InvariantCulture, out _))
        .ToDictionary(
            words => words[^1], words => long.Parse(words[3], CultureInfo.InvariantCulture), StringComparer.Ordinal);
}
