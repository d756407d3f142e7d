using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Backends;

/// <summary>host-gw on real kernels: two hosts on one link, and what others do to their routes.</summary>
public sealed class HostGwTests : LabTest
{
    private const string Config = """{"Network":"10.244.0.0/16","Backend":{"Type":"host-gw"}}""";

    // As many as are put back at once before somebody is taken for working against us.
    private const int Deletions = 8;

    [Fact]
    public void Routes_follow_the_leases_and_what_others_do_to_them_is_undone_at_once()
    {
        TestLab lab = NewLab(2, Config);
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        string host = lab.Host(1).HostNamespace;
        string peer = lab.Subnet(2).Subnet;
        lab.Ip.Batch(host, ["route add default via 172.16.0.1", "route add 10.9.0.0/24 via 172.16.0.4"]);

        // The pods, what their hosts publish, and what is told.
        using (var pinger = new Pinger(lab.Host(1).PodNamespace))
        {
            Assert.Equal(62, pinger.Series(lab.Pod(2), 2, TestContext.Current.CancellationToken).LowestTimeToLive);
        }

        lab.AwaitPath(2, 1);
        Assert.Equal(LabPlan.WireMtu, lab.Subnet(1).Mtu);
        Assert.Equal(
            """{"PublicIP":"172.16.0.5","PublicIPv6":null,"BackendType":"host-gw"}""",
            File.ReadAllText(lab.LeaseFile(lab.Subnet(1).Subnet)).Trim());
        Assert.Equal((1, 1), (lab.Counters(1).Routes, lab.Counters(1).Peers));
        Assert.Equal("eth0", lab.Counters(1).KernelForwarding?.Interface);
        Assert.False(lab.HasTunnel(1));
        Assert.Equal($"{peer} via 172.16.0.4 dev eth0 proto 111", Route(peer));

        // Deleted: by the check every 10 s alone, so many would take more than a minute.
        long began = Stopwatch.GetTimestamp();
        for (int count = 1; count <= Deletions; count++)
        {
            lab.Ip.Run("-n", host, "route", "del", peer);
            Await(() => Route(peer).Length > 0, lab.Logs);
        }

        TimeSpan took = Stopwatch.GetElapsedTime(began);
        Print($"{Deletions} routes were back after {took.TotalMilliseconds:0} ms in all");
        Assert.True(took < TimeSpan.FromSeconds(10 * (Deletions - 2)), $"it took {took.TotalSeconds:0} s");
        Await(() => lab.Status(1).Repairs["route"] == Deletions, lab.Logs);
        // The others are folded.
        Assert.Equal(3, Count($"route {peer} via 172.16.0.4 of eth0 was gone and is put back"));

        // Replaced by another, and gone with its interface.
        lab.Ip.Run("-n", host, "route", "replace", peer, "via", "172.16.0.99", "proto", "static");
        Await(() => Route(peer).Contains("via 172.16.0.4", StringComparison.Ordinal), lab.Logs);
        daemon.AwaitError($"the route {peer} via 172.16.0.99 dev eth0 is replaced by {peer} via 172.16.0.4 dev eth0");
        lab.Ip.Batch(host, ["link set eth0 down", "link set eth0 up"]);
        Await(() => Route(peer).Length > 0, lab.Logs);
        lab.AwaitPath(1, 2);

        // A peer behind a router, until this host has an address on its link; one of another backend.
        WriteLease("10.244.200.0/24", "192.0.2.9", "host-gw");
        daemon.AwaitError("the peer 192.0.2.9 is not on the link of eth0 (172.16.0.5/24)");
        Assert.Equal(1, lab.Counters(1).Routes);
        Assert.Equal("10.244.200.0/24", lab.AwaitWarning(1, "peer-not-on-link").Subject);
        lab.Ip.Run("-n", host, "addr", "add", "192.0.2.1/24", "dev", "eth0");
        Await(() => Route("10.244.200.0/24").Contains("via 192.0.2.9", StringComparison.Ordinal), lab.Logs);
        WriteLease("10.244.201.0/24", "172.16.0.77", "vxlan");
        daemon.AwaitError("left out, because this host's backend is host-gw: 10.244.201.0/24 (vxlan)");
        Assert.Equal("10.244.201.0/24", Assert.Single(lab.Counters(1).LeftOut!).Key);
        Assert.Empty(Route("10.244.201.0/24"));
        _ = lab.AwaitWarning(1, "peer-other-backend");

        // A lease that goes takes its route along; everybody else's are there.
        File.Delete(lab.LeaseFile("10.244.200.0/24"));
        Await(() => Route("10.244.200.0/24").Length == 0, lab.Logs);
        lab.Ip.Batch(host, ["route add default via 172.16.0.1"]); // went with the interface, and so did the next
        lab.Ip.Batch(host, ["route add 10.9.0.0/24 via 172.16.0.4", "route add 10.244.9.0/24 via 172.16.0.4"]);
        WriteLease("10.244.202.0/24", "172.16.0.77", "host-gw");
        Await(() => Route("10.244.202.0/24").Length > 0, lab.Logs);

        // Over a restart traffic goes on, and what has no lease any longer is taken away.
        using var pings = new SteadyPing(lab, 1, 2);
        daemon.Signal("TERM");
        Await(() => daemon.HasExited, lab.Logs);
        Assert.Contains(" stopped: the routes stay", daemon.Errors[^1], StringComparison.Ordinal);
        Assert.NotEmpty(Route(peer));
        File.Delete(lab.LeaseFile("10.244.202.0/24"));
        RunningProgram successor = lab.Start(1);
        lab.WaitUntilReady(successor, 1);
        successor.AwaitError("because no lease is there for them any longer: 10.244.202.0/24 via 172.16.0.77");
        int sent = pings.Sent;
        Await(() => pings.Sent > sent + 10);
        Assert.Equal(0, pings.Stop().Lost);
        Assert.Empty(Route("10.244.202.0/24"));
        _ = lab.AwaitWarning(1, "route-around-tunnel"); // what others made, and not what the leases say
        Assert.Equal(
            ["10.244.9.0/24"],
            lab.Status(1).Warnings.Where(warning => warning.Code == "route-around-tunnel")
                .Select(warning => warning.Subject));
        Assert.All(
            ["default", "10.9.0.0/24", "10.244.9.0/24"], other => Assert.NotEmpty(Route(other)));
        Assert.DoesNotContain(successor.Errors, line => line.Contains("put back", StringComparison.Ordinal));

        // With a tunnel after it, its routes would be taken before the tunnel's.
        successor.Signal("TERM");
        Await(() => successor.HasExited, lab.Logs);
        File.WriteAllText(Path.Combine(lab.Plan.LeaseDirectory, "config"), TestLab.DefaultConfig);
        RunningProgram tunnel = lab.Start(1);
        lab.WaitUntilReady(tunnel, 1);
        tunnel.AwaitError($"removed, because this host's backend is host-gw no longer: {peer} via 172.16.0.4");
        Assert.Empty(Route(peer));
        Assert.NotEmpty(Route("10.244.9.0/24"));

        string Route(string destination) => lab.Ip.Run("-n", host, "route", "show", destination).Trim();

        int Count(string text) => daemon.Errors.Count(line => line.Contains(text, StringComparison.Ordinal));

        void WriteLease(string subnet, string publicIp, string type) => File.WriteAllText(
            lab.LeaseFile(subnet),
            $$"""{"PublicIP":"{{publicIp}}","PublicIPv6":null,"BackendType":"{{type}}"}""");
    }
}
