using System;
using System.Diagnostics;
using System.IO;
using System.Net;
using System.Threading;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Leases;

/// <summary>
/// What a change in the lease store does to running traffic. The third host has no daemon, only addresses.
/// </summary>
public sealed class LeaseChangeTests : LabTest
{
    private const string ThirdSubnet = "10.244.200.0/24", SecondAddress = "172.16.0.77";

    private static readonly IPAddress s_thirdPod = IPAddress.Parse("10.244.200.2");

    [Fact]
    public void DP_29_DP_30_a_lease_added_moved_and_removed_is_followed()
    {
        Prerequisites.Require(("ping", "iputils-ping"));
        TestLab lab = NewLab(3);
        lab.Ip.Run("-n", lab.Host(3).HostNamespace, "addr", "add", $"{SecondAddress}/24", "dev", "eth0");
        _ = lab.BringUp(1, 2);
        string firstAddress = lab.Host(3).UnderlayAddress.ToString();
        lab.WriteLease(ThirdSubnet, firstAddress);
        GoesTo(lab, firstAddress);
        lab.WriteLease(ThirdSubnet, SecondAddress);
        GoesTo(lab, SecondAddress);

        File.Delete(lab.LeaseFile(ThirdSubnet));
        long changed = Stopwatch.GetTimestamp();
        long before = NoRoute(lab);
        using (var pinger = new Pinger(lab.Host(1).PodNamespace))
        {
            Await(() => NoRoute(lab) > before || Ask(pinger), "packets still go out");
        }

        Print($"removed: followed after {Stopwatch.GetElapsedTime(changed).TotalMilliseconds:0} ms");
        // The rate limit may hold back the first answers.
        string answer = $"From {lab.Gateway(1)} icmp_seq=1 Destination Net Unreachable";
        Await(
            () => lab.Run(lab.Host(1).PodNamespace, "ping", "-n", "-c", "1", "-W", "1", s_thirdPod.ToString())
                .Output.Contains(answer, StringComparison.Ordinal),
            answer);
    }

    [Fact]
    public void Garbage_beside_the_leases_changes_nothing()
    {
        TestLab lab = NewLab(2);
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        (int Routes, int Peers) before = (lab.Counters(1).Routes, lab.Counters(1).Peers);
        string subnets = Path.Combine(lab.Plan.LeaseDirectory, "subnets");
        File.WriteAllText(Path.Combine(subnets, "not-a-subnet"), "x");
        File.WriteAllText(Path.Combine(subnets, "10.244.300.0-24"), """{"PublicIP":"172.16.0.9"}""");
        File.WriteAllText(lab.LeaseFile("10.244.210.0/24"), "{\"PublicIP\":");
        // inside the network: a loop
        File.WriteAllText(lab.LeaseFile("10.244.211.0/24"), """{"PublicIP":"10.244.0.1"}""");
        File.WriteAllText(lab.LeaseFile("10.244.212.0/24"), string.Empty);
        Directory.CreateDirectory(lab.LeaseFile("10.244.213.0/24"));
        // a good one, written last, shows that the others have been seen
        lab.WriteLease("10.244.214.0/24", "172.16.0.9");

        Await(() => lab.Counters(1).Routes == before.Routes + 1, () => $"{lab.Counters(1).Routes} routes");
        Assert.Equal(before.Peers + 1, lab.Counters(1).Peers);
        using var pinger = new Pinger(lab.Host(1).PodNamespace);
        Assert.True(pinger.Series(lab.Pod(2), 3, CancellationToken.None).AllAnswered);
        Assert.False(daemon.HasExited);
        Assert.Contains(daemon.Errors, line => line.Contains("10.244.210.0-24", StringComparison.Ordinal));
    }

    [Fact]
    public void Two_thousand_leases_added_while_pods_ping_every_10_ms_lose_not_one()
    {
        const int Count = 2000;
        TestLab lab = NewLab(2, """{"Network":"10.0.0.0/8","SubnetLen":24,"Backend":{"Type":"udp"}}""");
        _ = lab.BringUp(1, 2);
        using var pinging = new SteadyPing(lab, 1, 2);
        long began = Stopwatch.GetTimestamp();
        for (int i = 0; i < Count; i++)
        {
            lab.WriteLease($"10.{200 + (i / 256)}.{i % 256}.0/24", $"192.168.{i / 250}.{1 + (i % 250)}");
        }

        Await(
            () => lab.Counters(1).Routes == Count + 1 && lab.Counters(2).Routes == Count + 1,
            () => $"{lab.Counters(1).Routes} and {lab.Counters(2).Routes} routes");
        Print($"{Count} leases in force after {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0} ms");
        Await(() => pinging.Sent > 10, "no pings meanwhile");
        (int sent, int lost) = pinging.Stop();
        Print($"{sent} pings sent, {lost} lost");
        Assert.Equal(0, lost);
    }

    // Asks the third host's pod until a question leaves for the address.
    private static void GoesTo(TestLab lab, string publicIp)
    {
        long changed = Stopwatch.GetTimestamp();
        using var capture = new WireCapture(
            lab.Host(1).HostNamespace, LabNamespace.InterfaceIndex(lab.Host(1).HostNamespace, "eth0"));
        using var pinger = new Pinger(lab.Host(1).PodNamespace);
        Await(
            () =>
            {
                _ = Ask(pinger);
                return capture.FirstCarried(
                    packet =>
                        packet.Inner.Ipv4.Destination.ToIPAddress().Equals(s_thirdPod)
                            && packet.Outer.Ipv4.Destination.ToString() == publicIp,
                    TimeSpan.FromMilliseconds(20)) is not null;
            },
            $"nothing went to {publicIp}");
        Print($"{publicIp}: followed after {Stopwatch.GetElapsedTime(changed).TotalMilliseconds:0} ms");
    }

    /// <returns>False: the pod does not exist, so no answer comes.</returns>
    private static bool Ask(Pinger pinger) => pinger.Ping(s_thirdPod, 1, TimeSpan.FromMilliseconds(5)) is not null;

    private static long NoRoute(TestLab lab) =>
        lab.Counters(1).Outbound.Drops.TryGetValue("no_route", out long count) ? count : 0;
}
