using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Overlay.Control;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.IcmpErrors;

/// <summary>A peer without a daemon answers every datagram with ICMP port unreachable.</summary>
public sealed class UnreachablePeerTests : LabTest
{
    private const int Pings = 300;

    // proc(5): utime and stime are fields 14 and 15; 100 ticks a second on every Linux that .NET runs on (USER_HZ).
    private const int UserTicks = 14, SystemTicks = 15, TicksASecond = 100;

    [Fact]
    public void Its_answers_are_counted_cost_no_time_and_no_packet_to_others_and_it_is_reached_again_when_it_is_back()
    {
        Prerequisites.Require(("ping", "iputils-ping"));
        TestLab lab = NewLab(3);
        IReadOnlyList<RunningProgram> daemons = lab.BringUp(1, 2, 3);
        lab.AwaitPath(1, 3);
        LabNamespace.Run(
            // answer every one
            lab.Host(2).HostNamespace, () => File.WriteAllText("/proc/sys/net/ipv4/icmp_ratelimit", "0"));
        daemons[1].Signal("TERM");
        Assert.Equal(0, daemons[1].WaitForExit(TestLab.Patience).ExitCode);
        CountersReport before = lab.Counters(1);
        TimeSpan used = ProcessorTime(daemons[0]);
        long began = System.Diagnostics.Stopwatch.GetTimestamp();

        CommandResult nobody = Flood(lab, 2);
        CommandResult somebody = Flood(lab, 3);

        TimeSpan took = System.Diagnostics.Stopwatch.GetElapsedTime(began);
        used = ProcessorTime(daemons[0]) - used;
        Print($"{used.TotalMilliseconds:0} ms of {took.TotalMilliseconds:0} ms");
        CountersReport after = lab.Counters(1);
        Assert.Contains(" 0 received", nobody.Output, StringComparison.Ordinal);
        Assert.Contains($" {Pings} received", somebody.Output, StringComparison.Ordinal);
        Assert.InRange(Unreachable(after) - Unreachable(before), Pings / 2, Pings + 10);
        Assert.Equal(before.Drops, after.Drops);
        Assert.True(
            used < took / 4, $"{used.TotalMilliseconds:0} ms of processor time in {took.TotalMilliseconds:0} ms");

        RunningProgram back = lab.Start(2);
        _ = lab.WaitUntilReady(back, 2);
        lab.AwaitPath(1, 2);
        Assert.False(daemons[0].HasExited);
    }

    private static CommandResult Flood(TestLab lab, int to) => lab.Run(
        lab.Host(1).PodNamespace, "ping", "-n", "-q", "-c", $"{Pings}", "-i", "0.01", "-W", "1", lab.Pod(to)
            .ToString());

    private static long Unreachable(CountersReport counters) =>
        new[] { counters.Inbound, counters.Outbound }
            .Sum(direction => direction.Events.GetValueOrDefault("peer_unreachable"));

    private static TimeSpan ProcessorTime(RunningProgram program)
    {
        string stat = File.ReadAllText($"/proc/{program.Id}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' '); // from the third on: a name may have blanks
        long ticks = new[] { UserTicks, SystemTicks }
            .Sum(field => long.Parse(fields[field - 3], CultureInfo.InvariantCulture));
        return TimeSpan.FromSeconds(ticks / (double)TicksASecond);
    }
}
