using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using Overlay.Control;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Soak;

/// <summary>
/// Everything at once for a while: <c>./dev soak MINUTES [user|kernel]</c>, and a fifth of a minute of each in every
/// run.
/// </summary>
[Collection(nameof(Alone))]
public sealed class SoakTests : LabTest
{
    private const string Config = """{"Network":"10.0.0.0/8","SubnetLen":24,"Backend":{"Type":"udp","Port":8285}}""";
    private const string LengthVariable = "OVERLAY_SOAK_MINUTES", DatapathVariable = "OVERLAY_SOAK_DATAPATH";
    private const double ShortMinutes = 0.2;

    private const int LeastRoutes = 50;
    private const long MostGrowthKilobytes = 10 << 10, MostResidentKilobytes = 120 << 10;
    private const int MostGrowthDescriptors = 8; // whoever asks for counters has one for a moment

    // Until then a daemon grows without leaking: code is compiled, again and better, and the heap comes to the size it
    // keeps.
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan s_leastForGrowth = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_quietFor = TimeSpan.FromSeconds(1);

    /// <summary>Who forwards; the variable names one of the two.</summary>
    public static TheoryData<string> Datapaths() => Environment.GetEnvironmentVariable(DatapathVariable) switch
    {
        { Length: > 0 } one => [one],
        _ => ["user", "kernel"],
    };

    [Theory]
    [MemberData(nameof(Datapaths))]
    public void Under_full_load_while_leases_and_a_host_come_and_go_nothing_is_lost_without_a_reason_and_nothing_grows(
        string datapath)
    {
        var length = TimeSpan.FromMinutes(
            Environment.GetEnvironmentVariable(LengthVariable) is { Length: > 0 } minutes
                ? double.Parse(minutes, CultureInfo.InvariantCulture)
                : ShortMinutes);
        TestLab lab = NewLab(3, Config);
        lab.Datapath = datapath;
        IReadOnlyList<RunningProgram> daemons = lab.BringUp(1, 2, 3);
        bool isByKernel = datapath == "kernel";
        if (isByKernel)
        {
            lab.AwaitReach(1, 2);
        }

        using var ledger = new SoakLedger(lab);
        Assert.Equal(0, lab.Counters(3).Inbound.Packets + lab.Counters(3).Outbound.Packets);
        Dictionary<string, string> accelerations = Accelerations(lab);
        ProcessUse[] before = Use(daemons);

        // The load.
        using var load = new SoakLoad(lab, daemons[2]);
        ProcessUse[] early = before;
        TimeSpan earlyUntil = length / 5 > s_warmUp ? length / 5 : s_warmUp;
        int mostRoutes = 0;
        int looks = 0, notReached = 0;
        long began = Stopwatch.GetTimestamp();
        load.Start();
        try
        {
            // On a busy machine it takes longer until enough has happened.
            bool isShort = true;
            for (TimeSpan passed = default;
                !load.HasFailed && (passed < length || (isShort && passed < length + TestLab.Patience));
                passed = Stopwatch.GetElapsedTime(began))
            {
                Condition.Pause(s_look, TestContext.Current.CancellationToken);
                mostRoutes = Math.Max(mostRoutes, lab.Counters(1).Routes);
                (looks, notReached) = (looks + 1, notReached + (isByKernel && !lab.IsReached(1, 2) ? 1 : 0));
                early = Stopwatch.GetElapsedTime(began) < earlyUntil ? Use(daemons) : early;
                isShort = !load.IsEnough || mostRoutes <= LeastRoutes;
            }
        }
        finally
        {
            load.Stop();
        }

        // What it has left behind.
        Assert.True(IsQuiet(ledger), $"packets still move: {ledger.State()}");
        ProcessUse[] late = Use(daemons);
        IReadOnlyList<PathBalance> paths = [];
        _ = Eventually(() => (paths = ledger.Paths()).All(path => path.IsExplained));
        PodBalance[] pods = [Pods(lab, load, 1, 2, daemons), Pods(lab, load, 2, 1, daemons)];
        string[] warnings = [.. daemons.Take(2).SelectMany(
            daemon => daemon.Errors).Where(line => line.Contains("Z warn ", StringComparison.Ordinal))];
        Print($"{looks} looks, of which {notReached} found that the kernels do not reach each other");
        Print($"{warnings.Length} warnings in the logs: {warnings.FirstOrDefault()}");
        Summarize(lab, load, Stopwatch.GetElapsedTime(began), mostRoutes, paths, pods, before, early, late);

        if (length < s_leastForGrowth)
        {
            Print(
                $"growth is not judged: a run of {length.TotalSeconds} s is all warm-up (from "
                    + $"{s_leastForGrowth.TotalSeconds} s on it is)");
        }

        Assert.All(paths, path => Assert.True(path.IsExplained, $"{path}"));
        Assert.All(pods, balance => Assert.True(balance.IsExplained, $"{balance}"));
        Assert.All(load.Udp, way => Assert.Equal(0, way.Duplicates));
        if (isByKernel)
        {
            WentBothWays(lab.Counters(1), lab.Counters(2));
            Assert.True(notReached <= looks / 2, $"{notReached} of {looks} looks");
            Await(() => lab.IsReached(1, 2) && lab.IsReached(2, 1), lab.Logs);
        }

        for (int i = 0; i < late.Length; i++)
        {
            if (length >= s_leastForGrowth)
            {
                long growth = late[i].ResidentKilobytes - early[i].ResidentKilobytes;
                Assert.True(growth < MostGrowthKilobytes, $"h{i + 1} has grown by {growth} KB");
            }

            int more = late[i].Descriptors - before[i].Descriptors;
            Assert.True(more <= MostGrowthDescriptors, $"h{i + 1} has {more} descriptors more");

            Assert.True(late[i].PeakKilobytes < MostResidentKilobytes, $"h{i + 1} had {late[i].PeakKilobytes} KB");
        }

        Assert.Equal(accelerations, Accelerations(lab));
        Await(() => lab.Counters(1).Routes == 2 && lab.Counters(2).Routes == 2, "leases are left");
        Assert.True(mostRoutes > LeastRoutes, $"at most {mostRoutes} routes");
        Assert.True(load.IsEnough, "too little has happened for a verdict");

        // The ends.
        foreach (RunningProgram daemon in (RunningProgram[])[daemons[0], daemons[1], load.Third])
        {
            daemon.Signal("TERM");
            CommandResult end = daemon.WaitForExit();
            Assert.True(end.ExitCode == 0, $"exit code {end.ExitCode}\n{daemon.Tail()}");
            Assert.DoesNotContain(daemon.Errors, line => line.Contains("Z error ", StringComparison.Ordinal));
        }

        Assert.All((int[])[1, 2, 3], number => Assert.False(lab.HasTunnel(number)));
    }

    [Theory]
    [InlineData(100, 100, 0, 0, true)]
    [InlineData(100, 99, 0, 0, false)] // gone without a trace
    [InlineData(100, 101, 0, 0, false)] // out of nowhere
    [InlineData(1000, 873, 1, 0, true)] // a train of 127
    [InlineData(1000, 872, 1, 0, false)]
    [InlineData(1000, 872, 1, 1, true)]
    [InlineData(1000, 999, 2, 0, false)] // each message was a datagram at the least
    public void What_is_missing_is_explained_by_counted_drops_alone(
        long sent, long arrived, long socketDrops, long wireDrops, bool isExplained) =>
        Assert.Equal(isExplained, new PathBalance("1 → 2", sent, arrived, socketDrops, wireDrops).IsExplained);

    private static PodBalance Pods(
        TestLab lab, SoakLoad load, int from, int to, IReadOnlyList<RunningProgram> daemons) => new(
        $"pod {from} → pod {to}", load.Udp[from - 1].Sent, load.Udp[from - 1].Received,
        SoakDrops.Between(lab, from, to, daemons[to - 1].Id));

    // The kernel took what it takes, and left at least the flood in superpackets to user space.
    private static void WentBothWays(CountersReport sender, CountersReport receiver)
    {
        KernelPathReport sent = sender.KernelPath!, received = receiver.KernelPath!;
        Assert.Equal(("kernel", "kernel"), (sent.State, received.State));
        Assert.InRange(sent.OutboundPackets, 1, sender.Outbound.Packets - 1);
        Assert.InRange(received.InboundPackets, 1, receiver.Inbound.Packets - 1);
        Assert.True(received.OutboundPackets > 0, "nothing went back by the kernel");
    }

    // No number of the ledger has changed for a while.
    private static bool IsQuiet(SoakLedger ledger)
    {
        string state = ledger.State();
        long since = Stopwatch.GetTimestamp();
        return Eventually(
            () =>
            {
                string now = ledger.State();
                if (now != state)
                {
                    (state, since) = (now, Stopwatch.GetTimestamp());
                }

                return Stopwatch.GetElapsedTime(since) > s_quietFor;
            });
    }

    private static ProcessUse[] Use(IReadOnlyList<RunningProgram> daemons) =>
        [.. daemons.Take(2).Select(daemon => ProcessUse.Of(daemon.Id))];

    private static Dictionary<string, string> Accelerations(TestLab lab) => ((int[])[1, 2])
        .SelectMany(
            number => lab.Counters(number).Accelerations.Select(each => (Name: $"h{number} {each.Key}", each.Value)))
        .ToDictionary(each => each.Name, each => each.Value);

    private static void Summarize(
        TestLab lab, SoakLoad load, TimeSpan took, int mostRoutes, IReadOnlyList<PathBalance> paths,
        IReadOnlyList<PodBalance> pods, ProcessUse[] before, ProcessUse[] early, ProcessUse[] late)
    {
        CountersReport[] counters = [lab.Counters(1), lab.Counters(2)];
        double gigabytes = counters.Sum(each => each.Inbound.Bytes) / 1e9;
        double cpu = late.Zip(before).Sum(pair => pair.First.CpuSeconds - pair.Second.CpuSeconds);
        Print(
            $"{lab.Datapath}, {took.TotalSeconds:0} s; leases changed {load.LeaseChanges} times, at most {mostRoutes} "
                + $"routes; h3 started {load.ThirdStarts} times");
        Print(
            $"tcp      {load.Streams.Sum(stream => stream.Bytes) / 1e9:0.00} GB in "
                + $"{load.Streams.Sum(stream => stream.Connections)} connections");
        foreach ((PodBalance balance, FlowResult flows) in pods.Zip(load.Udp))
        {
            Print($"udp      {balance}");
            Print($"  late   {string.Join("; ", flows.Late.Select(late => $"{late.Key}: {late.Value}"))}");
        }

        Print($"ping     {load.PingsSent} sent, {load.PingsAnswered} answered");
        Print($"daemons  {gigabytes:0.00} GB delivered, {cpu:0.0} s of CPU: {cpu / gigabytes:0.00} s per GB");
        foreach (PathBalance path in paths)
        {
            Print($"{path.Name}    {path.Sent} sent, {path.Arrived} arrived, {path.Missing} missing: "
                + $"{path.SocketDrops} messages at the socket, {path.WireDrops} frames on the wire");
        }

        for (int i = 0; i < late.Length; i++)
        {
            Print(
                $"h{i + 1}       VmRSS {early[i].ResidentKilobytes} KB early, {late[i].ResidentKilobytes} KB at the "
                    + $"end, VmHWM {late[i].PeakKilobytes} KB; descriptors {before[i].Descriptors}, "
                    + $"{late[i].Descriptors} at the end");
            if (counters[i].KernelPath is { } path)
            {
                Print(
                    $"         by the kernel: {path.OutboundPackets} out, {path.InboundPackets} in, dropped "
                        + $"{path.OutboundDrops} and {path.InboundDrops}");
            }

            Print($"         kernel: {counters[i].Kernel}");
            Print("         drops: "
                + $"{string.Join(", ", counters[i].Drops.Select(drop => $"{drop.Key} {drop.Value}"))}; events: "
                + string.Join(", ", counters[i].Outbound.Events.Concat(counters[i].Inbound.Events)
                    .Select(each => $"{each.Key} {each.Value}")));
        }
    }
}
