using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using Overlay.Control;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.IcmpErrors;

/// <summary>
/// An underlay path that takes less than its first link: an outer packet of 1,300 bytes, an inner one of 1,272.
/// </summary>
/// <remarks>
/// The kernel refuses what it knows to be too long (ip(7), IP_PMTUDISC_DO): that packet goes in fragments, and the path
/// is known. What only a router knows comes by ICMP, after the packet that it concerns was lost.
/// </remarks>
public sealed class PathMtuTests : LabTest
{
    private const int PathMtu = 1300, InnerMtu = PathMtu - 28;
    private const int TransferBytes = 4 * 1024 * 1024;

    // With ICMP's and IPv4's headers a packet of 1,400 bytes.
    private const string DataBytes = "1372";

    [Fact]
    public void A_smaller_MTU_of_a_route_is_learned_from_the_first_packet_sent_in_fragments_and_reported_to_sources()
    {
        TestLab lab = BringUp(2);
        Route(lab, 1, $"{lab.Host(2).UnderlayAddress}/32 dev eth0 mtu {PathMtu}");

        // Nobody knows yet: the packet crosses, in two fragments of the outer one.
        long fragmented = FragmentsMade(lab);
        Assert.True(Ping(lab, "-M", "do").Succeeded);
        Assert.True(FragmentsMade(lab) > fragmented, "the outer packet was not fragmented");

        CountersReport counters = lab.Counters(1);
        PathReport path = Assert.Single(counters.Paths);
        Assert.Equal(new PathReport(lab.Host(2).UnderlayAddress.ToString(), PathMtu, TakesTrains: true), path);
        Assert.Contains("EMSGSIZE", counters.Outbound.LastRefusal, StringComparison.Ordinal);
        BothKindsOfPingAsTheyShould(lab);
        TcpSettlesAtTheSmallerSize(lab);
    }

    [Fact]
    public void A_routers_fragmentation_needed_is_read_and_reported_to_the_sources()
    {
        TestLab lab = BringUp(3);
        PutRouterBetween(lab);

        // What the router has to throw away is lost; its news arrives.
        Assert.False(Ping(lab, "-M", "do", "-W", "1").Succeeded);

        Await(() => lab.Counters(1).Paths.Count > 0, "no path was learned");
        CountersReport counters = lab.Counters(1);
        Assert.Equal(new PathReport(
            lab.Host(2).UnderlayAddress.ToString(), PathMtu, TakesTrains: true), Assert.Single(counters.Paths));
        Assert.Equal(1, Events(counters, "path_mtu_learned"));
        Assert.DoesNotContain("send_refused", counters.Drops.Keys);
        BothKindsOfPingAsTheyShould(lab);
        TcpSettlesAtTheSmallerSize(lab);
    }

    [Fact]
    public void A_smaller_MTU_of_a_route_is_learned_from_a_refused_train_which_is_sent_in_single_datagrams()
    {
        TestLab lab = BringUp(2);
        Route(lab, 1, $"{lab.Host(2).UnderlayAddress}/32 dev eth0 mtu {PathMtu}");

        TcpTransfer.ArrivesIntact(
            lab.Host(1).PodNamespace, lab.Host(2).PodNamespace, lab.Pod(2), TransferBytes, seed: 1);

        CountersReport counters = lab.Counters(1);
        Assert.Equal(PathMtu, Assert.Single(counters.Paths).Mtu);
        Assert.Contains("EMSGSIZE", counters.Outbound.LastRefusal, StringComparison.Ordinal);
        TcpSettlesAtTheSmallerSize(lab);
    }

    [Fact]
    public void The_trains_of_a_stream_bring_a_routers_news_and_are_not_fragmented_by_it()
    {
        TestLab lab = BringUp(3);
        PutRouterBetween(lab);

        TcpTransfer.ArrivesIntact(
            lab.Host(1).PodNamespace, lab.Host(2).PodNamespace, lab.Pod(2), TransferBytes, seed: 3);

        Assert.Equal(0, FragmentsMade(lab, 3));
        Assert.Equal(PathMtu, Assert.Single(lab.Counters(1).Paths).Mtu);
        Assert.True(Events(lab.Counters(1), "path_mtu_learned") > 0);
        TcpSettlesAtTheSmallerSize(lab);
    }

    [Fact]
    public async Task While_a_router_answers_a_stream_to_one_peer_another_peer_keeps_its_trains_and_loses_nothing()
    {
        TestLab lab = BringUp(4, 1, 2, 4);
        lab.AwaitPath(1, 4);
        PutRouterBetween(lab);
        LabNamespace.Run(lab.Host(3).HostNamespace, () => File.WriteAllText("/proc/sys/net/ipv4/icmp_ratelimit", "0"));
        string source = lab.Host(1).PodNamespace;
        string narrow = lab.Host(2).PodNamespace;
        string wide = lab.Host(4).PodNamespace;

        var toTheNarrow = Task.Run(
            () => TcpTransfer.ArrivesIntact(
                source, narrow, lab.Pod(2), TransferBytes, seed: 6), TestContext.Current.CancellationToken);
        int transfers = 0;
        while (transfers == 0 || !toTheNarrow.IsCompleted)
        {
            TcpTransfer.ArrivesIntact(source, wide, lab.Pod(4), TransferBytes, seed: 7 + transfers++);
        }

        await toTheNarrow;
        CountersReport counters = lab.Counters(1);
        Assert.Equal(
            new PathReport(
                lab.Host(2).UnderlayAddress.ToString(), PathMtu, TakesTrains: true), Assert.Single(counters.Paths));
        Assert.Equal(1, Events(counters, "path_mtu_learned"));
        Assert.DoesNotContain("send_refused", counters.Drops.Keys);

        // The kernel knows the narrow path a moment before its report is read: a train that is refused then is the
        // narrow peer's.
        Assert.InRange(counters.Outbound.Events.GetValueOrDefault("train_refused"), 0, 1);
    }

    [Fact]
    public void What_a_router_says_of_datagrams_that_the_kernel_has_made_is_learned_and_streams_get_through()
    {
        TestLab lab = NewLab(3);
        lab.Datapath = "kernel";
        _ = lab.BringUp(1, 2);
        PutRouterBetween(lab);
        lab.AwaitReach(1, 2);

        TcpTransfer.ArrivesIntact(
            lab.Host(1).PodNamespace, lab.Host(2).PodNamespace, lab.Pod(2), TransferBytes, seed: 8);

        Assert.Equal(PathMtu, Assert.Single(lab.Counters(1).Paths).Mtu);
        long before = lab.Counters(1).KernelPath!.OutboundPackets;
        TcpSettlesAtTheSmallerSize(lab);
        Assert.True(lab.Counters(1).KernelPath!.OutboundPackets > before, "the kernel sends nothing any more");
        Assert.Equal(0, FragmentsMade(lab, 3));
    }

    private TestLab BringUp(int hosts, params int[] daemons)
    {
        Prerequisites.Require(("ping", "iputils-ping"));
        TestLab lab = NewLab(hosts);
        _ = lab.BringUp(daemons is [] ? [1, 2] : daemons);
        return lab;
    }

    /// <summary>The third host routes from the first to the second, on a link that takes less.</summary>
    private static void PutRouterBetween(TestLab lab)
    {
        LabNamespace.Run(lab.Host(3).HostNamespace, () =>
        {
            // All three are on one wire: the router would tell the first host of the shorter way.
            File.WriteAllText("/proc/sys/net/ipv4/conf/all/send_redirects", "0");
            File.WriteAllText("/proc/sys/net/ipv4/conf/eth0/send_redirects", "0");
        });
        Route(lab, 3, $"{lab.Host(2).UnderlayAddress}/32 dev eth0 mtu {PathMtu}");
        Route(lab, 1, $"{lab.Host(2).UnderlayAddress}/32 via {lab.Host(3).UnderlayAddress} dev eth0");
    }

    private static void Route(TestLab lab, int host, string route) =>
        lab.Ip.Run(["-n", lab.Host(host).HostNamespace, "route", "add", .. route.Split(' ')]);

    private static void BothKindsOfPingAsTheyShould(TestLab lab)
    {
        ForgetPaths(lab);
        long told = lab.Counters(1).Drops.GetValueOrDefault("fragmentation_needed");

        // A stream may just have used up what may be told in one second.
        string expected = $"From {lab.Gateway(1)} icmp_seq=1 Frag needed and DF set (mtu = {InnerMtu})";
        Await(
            () =>
            {
                ForgetPaths(lab);
                CommandResult refused = Ping(lab, "-M", "do", "-W", "1");
                return !refused.Succeeded && refused.Output.Contains(expected, StringComparison.Ordinal);
            },
            expected);
        Assert.True(lab.Counters(1).Drops["fragmentation_needed"] > told);

        ForgetPaths(lab);
        CommandResult longest = Ping(lab, "-M", "do", "-s", $"{InnerMtu - 28}");
        Assert.True(longest.Succeeded, longest.Output);
        CommandResult mayBeFragmented = Ping(lab, "-M", "dont");
        Assert.True(mayBeFragmented.Succeeded, mayBeFragmented.Output);
    }

    // What the first stream has learned, the second one begins with: nothing is dropped, nothing fragmented.
    private static void TcpSettlesAtTheSmallerSize(TestLab lab)
    {
        TcpTransfer.ArrivesIntact(
            lab.Host(1).PodNamespace, lab.Host(2).PodNamespace, lab.Pod(2), TransferBytes, seed: 4);
        string route = lab.Ip.Run("-n", lab.Host(1).PodNamespace, "route", "get", lab.Pod(2).ToString());
        Assert.Contains($"mtu {InnerMtu}", route, StringComparison.Ordinal);
        CountersReport before = lab.Counters(1);
        long fragmented = FragmentsMade(lab);

        TcpTransfer.ArrivesIntact(
            lab.Host(1).PodNamespace, lab.Host(2).PodNamespace, lab.Pod(2), TransferBytes, seed: 5);

        CountersReport after = lab.Counters(1);
        Assert.Equal(before.Drops, after.Drops);
        Assert.Equal(
            before.Outbound.Events.GetValueOrDefault("train_refused"),
            after.Outbound.Events.GetValueOrDefault("train_refused"));
        Assert.Equal(fragmented, FragmentsMade(lab));
    }

    // ICMP and TCP of a pod know the path's MTU from then on, and the pod's kernel refuses what is too long.
    private static void ForgetPaths(TestLab lab) =>
        lab.Ip.Run("-n", lab.Host(1).PodNamespace, "route", "flush", "cache");

    private static CommandResult Ping(TestLab lab, params string[] options) => lab.Run(
        lab.Host(1).PodNamespace, [
            "ping", "-n", "-c", "1", "-W", "60", "-s", DataBytes, .. options, lab.Pod(2).ToString()]);

    private static long Events(CountersReport counters, string name) =>
        counters.Inbound.Events.GetValueOrDefault(name) + counters.Outbound.Events.GetValueOrDefault(name);

    private static long FragmentsMade(TestLab lab, int host = 1) =>
        KernelCounters.Snmp(lab.Host(host).HostNamespace, "Ip", "FragCreates");
}
