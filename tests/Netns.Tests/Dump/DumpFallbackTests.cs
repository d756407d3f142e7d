using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Dump;

/// <summary>
/// <c>overlay dump</c> of vxlan with udp to fall back to: frames and datagrams of one peer in one capture.
/// </summary>
[Collection(nameof(Alone))]
public sealed class DumpFallbackTests : DumpTest
{
    private const int VxlanPort = 9472;
    private const int UdpPort = 8285;

    [Fact]
    public void Both_directions_are_shown_by_vxlan_and_by_udp_once_that_is_blocked_and_so_is_what_is_dropped()
    {
        TestLab lab = NewLab(
            2, $$$"""{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan","Port":{{{VxlanPort}}}}}""");
        _ = lab.BringUp([1, 2], _ => ["--fallback", "udp"]);
        AwaitWays(lab, "vxlan");
        using RunningProgram dump = Dump(lab, "inner icmp or icmp");
        PingUntil(lab, dump, lab.Pod(2), () => AreShown(lab, dump, VxlanPort));

        Block(lab, from: 1, to: 2);
        Block(lab, from: 2, to: 1);
        AwaitWays(lab, "udp");
        PingUntil(lab, dump, lab.Pod(2), () => AreShown(lab, dump, UdpPort));
        PingUntil(
            lab, dump, IPAddress.Parse(NoLease),
            () => dump.Output.Any(line => line.Contains($"> {NoLease}: ICMP echo request", StringComparison.Ordinal)
                && line.Contains("dropped: no_route", StringComparison.Ordinal)));

        // Whatever user space has forwarded was seen as a frame, and is not there twice.
        CommandResult ended = Stop(dump);
        string[] requests = [.. Inside(ended.Output.Split('\n'), UdpPort)
            .Where(inner => inner.Contains($"> {lab.Pod(2)}: ICMP echo request", StringComparison.Ordinal))];
        Assert.NotEmpty(requests);
        Assert.Equal(requests.Length, requests.Select(SequenceIn).Distinct().Count());
        Assert.EndsWith(" 0 over the budget, 0 lost by the kernel", ended.Error.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_port_of_udp_is_one_to_filter_drops_by()
    {
        TestLab lab = NewLab(2, """{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan"}}""");
        _ = lab.BringUp([1, 2], _ => ["--fallback", "udp"]);
        using RunningProgram dump = Dump(lab, "--drops", $"outer port {UdpPort}");
        PingUntil(
            lab, dump, IPAddress.Parse(NoLease),
            () => dump.Output.Any(line => line.Contains("dropped: no_route", StringComparison.Ordinal)));
        _ = Stop(dump);
    }

    // A question and an answer, each in the datagram that carried it.
    private static bool AreShown(TestLab lab, RunningProgram dump, int port)
    {
        string[] inner = [.. Inside(dump.Output, port)];
        return ((string[])
            [
                $"{lab.Pod(1)} > {lab.Pod(2)}: ICMP echo request", $"{lab.Pod(2)} > {lab.Pod(1)}: ICMP echo reply",
            ]).All(packet => inner.Any(line => line.Contains(packet, StringComparison.Ordinal)));
    }

    // The lines below those of datagrams between the two hosts with this port.
    private static IEnumerable<string> Inside(IReadOnlyList<string> lines, int port) =>
        lines.Zip(lines.Skip(1)).Where(pair => pair.First.Contains($".{port}: ", StringComparison.Ordinal)
            && pair.Second.Contains("inner ", StringComparison.Ordinal)).Select(pair => pair.Second);

    private static string SequenceIn(string line) =>
        line.Split(", ").First(part => part.StartsWith("seq ", StringComparison.Ordinal));

    private static void AwaitWays(TestLab lab, string way) => Await(
        () => ((int[])[1, 2]).All(number => lab.Counters(number).Fallback?.Peers.All(peer => peer.Way == way) == true),
        lab.Logs);

    private static void Block(TestLab lab, int from, int to) => lab.Ip.Run(
        "-n", lab.Host(from).HostNamespace, "rule", "add", "priority", "100", "to", $"{lab.Host(to).UnderlayAddress}",
        "ipproto", "udp", "dport", $"{VxlanPort}", "blackhole");
}
