using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Control;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.IcmpErrors;

/// <summary>A peer without a daemon answers every datagram with ICMP port unreachable.</summary>
[Collection(nameof(Alone))]
public sealed class UnreachablePeerTests : LabTest
{
    private const int Pings = 300;

    // A packet takes a read, a send and a wait each way, the report of one a receive that fails, one that takes it and
    // a wait. A thread that a waiting report keeps awake makes thousands a second.
    private const int MostCallsPerPing = 30;

    [Fact]
    public void Its_answers_are_counted_keep_no_thread_awake_and_cost_others_no_packet_and_it_is_reached_again()
    {
        Prerequisites.Require(("ping", "iputils-ping"));
        TestLab lab = NewLab(3);
        IReadOnlyList<RunningProgram> daemons = lab.BringUp([1, 2, 3], number => number == 1 ? ["--meter"] : []);
        lab.AwaitPath(1, 3);
        // It answers every one.
        LabNamespace.Run(
            lab.Host(2).HostNamespace, () => File.WriteAllText("/proc/sys/net/ipv4/icmp_ratelimit", "0"));
        daemons[1].Signal("TERM");
        Assert.Equal(0, daemons[1].WaitForExit().ExitCode);
        CountersReport before = lab.Counters(1);

        CommandResult nobody = Flood(lab, to: 2, "-W", "1");
        CommandResult somebody = Flood(lab, to: 3, "-W", "60");

        CountersReport after = lab.Counters(1);
        Assert.Contains(" 0 received", nobody.Output, StringComparison.Ordinal);
        Assert.Contains($" {Pings} received", somebody.Output, StringComparison.Ordinal);
        Assert.InRange(Unreachable(after) - Unreachable(before), Pings / 2, Pings + 10);
        Assert.Equal(before.Drops, after.Drops);
        long calls = Calls(after) - Calls(before);
        Print($"{calls} system calls for {2 * Pings} pings");
        Assert.InRange(calls, Pings, 2 * Pings * MostCallsPerPing);

        RunningProgram back = lab.Start(2);
        _ = lab.WaitUntilReady(back, 2);
        lab.AwaitPath(1, 2);
        Assert.False(daemons[0].HasExited);
    }

    private static CommandResult Flood(TestLab lab, int to, params string[] options) => lab.Run(
        lab.Host(1).PodNamespace,
        ["ping", "-n", "-q", "-c", $"{Pings}", "-i", "0.01", .. options, lab.Pod(to).ToString()]);

    private static long Unreachable(CountersReport counters) =>
        new[] { counters.Inbound, counters.Outbound }
            .Sum(direction => direction.Events.GetValueOrDefault("peer_unreachable"));

    private static long Calls(CountersReport counters) =>
        new[] { counters.Meter!.Outbound, counters.Meter.Inbound }
            .Sum(direction => direction.Calls.Values.Sum(each => each.Calls));
}
