using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Capture.Packets;
using Overlay.Control;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Overlay.Router.Workers;
using Xunit;

namespace Overlay.Netns.Tests.Forwarding;

/// <summary>The same promises whatever the engine, and with each of its accelerations taken away.</summary>
[Collection(nameof(Alone))]
public sealed class EngineTests : LabTest
{
    private const int TransferBytes = 3 << 20;

    public EngineTests() => Prerequisites.Require(("ping", "iputils-ping"));

    public static TheoryData<string> Withouts() => [.. Accelerations.All.Select(Accelerations.Name)];

    [Theory]
    [InlineData("offload", "")]
    [InlineData("pipeline", "")]
    [InlineData("batch", "tun_tso tun_uso tun_tcp_gro tun_udp_gro udp_gso udp_gro")]
    [InlineData("classic", "tun_tso tun_uso tun_tcp_gro tun_udp_gro udp_gso udp_gro mmsg")]
    public void Every_engine_keeps_ttl_tos_and_every_byte_and_counts_every_packet(string engine, string off)
    {
        TestLab lab = NewLab(2);
        _ = lab.BringUp([1, 2], _ => ["--engine", engine]);

        HopsAndTosAreKept(lab);
        TcpCrosses(lab);
        UdpTransfer.ArrivesIntact(
            lab.Host(1).PodNamespace, lab.Host(2).PodNamespace, lab.Pod(2), 1444, bursts: 8, seed: 603);

        CountersExplainEverything(lab);
        IsOff(lab, off.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [MemberData(nameof(Withouts))]
    public void Without_one_acceleration_everything_still_crosses_and_the_counters_say_that_it_is_off(
        string acceleration)
    {
        TestLab lab = NewLab(2);
        _ = lab.BringUp([1, 2], _ => ["--without", acceleration]);

        TcpCrosses(lab);
        foreach (UdpSending sending in (UdpSending[])[UdpSending.Single, UdpSending.Segmented])
        {
            UdpTransfer.ArrivesIntact(
                lab.Host(2).PodNamespace, lab.Host(1).PodNamespace, lab.Pod(1), 700, bursts: 4, seed: 604, sending);
        }

        CountersExplainEverything(lab);
        IsOff(lab, acceleration);
    }

    [Fact]
    public void Without_any_acceleration_offload_is_stocks_way_in_threads()
    {
        TestLab lab = NewLab(2);
        string all = string.Join(',', Accelerations.All.Select(Accelerations.Name));
        _ = lab.BringUp([1, 2], number => number == 1 ? ["--without", all] : ["--without", all, "--workers", "2"]);

        HopsAndTosAreKept(lab);
        TcpCrosses(lab);

        CountersExplainEverything(lab);
        IsOff(lab, [.. Accelerations.All.Select(Accelerations.Name)]);
    }

    private static void HopsAndTosAreKept(TestLab lab)
    {
        const byte Marked = 0xBA; // DSCP 46 and ECN ECT(0)
        using (var pinger = new Pinger(lab.Host(1).PodNamespace))
        {
            PingSeries pings = pinger.Series(lab.Pod(2), 2, TestContext.Current.CancellationToken);
            Assert.True(pings.AllAnswered, $"{pings.Replies.Count} of {pings.Sent} answered");
            Assert.All(pings.Replies, reply => Assert.Equal(60, reply.TimeToLive));
        }

        using var pod = new PacketWatch(lab.Host(2).PodNamespace, "eth0");
        CommandResult ping = lab.Run(
            lab.Host(1).PodNamespace, "ping", "-n", "-c", "1", "-W", "60", "-Q", $"{Marked}", lab.Pod(2).ToString());
        Assert.True(ping.Succeeded, ping.Output + ping.Error);
        Ipv4Header? arrived = pod.First(
            (header, _) => header.Source.ToIPAddress().Equals(lab.Pod(1)) && header.Protocol == IpProtocols.Icmp,
            TestLab.Patience);
        Assert.Equal((Marked, (byte)60), (arrived?.TypeOfService, arrived?.TimeToLive));
    }

    private static void TcpCrosses(TestLab lab)
    {
        TcpTransfer.ArrivesIntact(
            lab.Host(1).PodNamespace, lab.Host(2).PodNamespace, lab.Pod(2), TransferBytes, seed: 601);
        TcpTransfer.ArrivesIntact(
            lab.Host(2).PodNamespace, lab.Host(1).PodNamespace, lab.Pod(1), TransferBytes, seed: 602);
    }

    // What one daemon has sent the other has received, unless the kernel between them had no room for it and says so.
    private static void CountersExplainEverything(TestLab lab)
    {
        PodTraffic.WasFaultless(lab, [1, 2]);
        foreach ((int from, int to) in ((int, int)[])[(1, 2), (2, 1)])
        {
            string counted = string.Empty;
            Await(
                () =>
                {
                    DirectionReport sent = lab.Counters(from).Outbound;
                    DirectionReport received = lab.Counters(to).Inbound;
                    long lost = KernelCounters.Snmp(lab.Host(to).HostNamespace, "Udp", "RcvbufErrors");
                    counted = $"h{from} sent {sent.Packets} packets of {sent.Bytes} bytes, "
                        + $"h{to} received {received.Packets} of {received.Bytes}, {lost} found no room";
                    return sent.Packets == received.Packets + lost && (lost > 0 || sent.Bytes == received.Bytes);
                },
                () => counted);
        }
    }

    // In the counters, and in the table that an operator reads.
    private static void IsOff(TestLab lab, params string[] expected)
    {
        IReadOnlyDictionary<string, string> states = lab.Counters(1).Accelerations;
        Assert.Equal(Accelerations.All.Select(Accelerations.Name), states.Keys);
        Assert.Equal(expected.Order(), states.Where(state => state.Value == "off").Select(state => state.Key).Order());
        Assert.DoesNotContain(states, state => state.Value.StartsWith("switched_off", StringComparison.Ordinal));

        CommandResult table = lab.Run(
            lab.Host(1).HostNamespace, RunningProgram.OverlayPath, "counters", "--run-dir", lab.Host(1).RunDirectory);
        Assert.True(table.Succeeded, table.Error);
        string[] lines = [.. table.Output.Split('\n').Select(line => line.TrimEnd())];
        Assert.All(states, state => Assert.Contains($"{state.Key,-12} {state.Value}", lines));
    }
}
