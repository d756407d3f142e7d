using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.StartStop;

/// <summary>The kernel's routes decide who is reached past the tunnel, and how long packets to them may be.</summary>
public sealed class UnderlayRouteTests : LabTest
{
    // The shape of the example in flannel's Documentation/configuration.md.
    private const string Wide = """
        {"Network":"10.0.0.0/8","SubnetLen":20,"SubnetMin":"10.10.0.0","SubnetMax":"10.99.0.0",
         "Backend":{"Type":"udp","Port":7890}}
        """;

    [Fact]
    public void Hosts_whose_addresses_are_inside_the_network_reach_each_other_by_their_more_specific_route()
    {
        TestLab lab = NewLab(2, Wide);
        foreach (int number in (int[])[1, 2])
        {
            lab.Ip.Batch(
                lab.Host(number).HostNamespace, ["addr flush dev eth0", $"addr add {Inside(number)}/24 dev eth0"]);
        }

        lab.WriteLease("10.90.16.0/20", "10.240.9.9"); // no more specific route leads there
        IReadOnlyList<RunningProgram> daemons = lab.BringUp(1, 2);

        using (var pod = new Pinger(lab.Host(1).PodNamespace))
        using (var back = new Pinger(lab.Host(2).PodNamespace))
        {
            Assert.True(pod.Series(lab.Pod(2), 3, CancellationToken.None).AllAnswered);
            Assert.True(back.Series(lab.Pod(1), 3, CancellationToken.None).AllAnswered);
        }

        Assert.Contains("1 received", lab.Run(
            lab.Host(1).HostNamespace, "ping", "-n", "-c", "1", "-I", Inside(1), $"{lab.Pod(2)}").Output);
        Assert.All(daemons, daemon => daemon.AwaitError("they would loop: 10.90.16.0/20 via 10.240.9.9;"));
        Assert.Equal((1, 1), (lab.Counters(1).Routes, lab.Counters(1).Peers));
        Assert.Equal(0, lab.Counters(2).Inbound.Drops.GetValueOrDefault("spoofed_source"));

        // A lease covers the hosts themselves, and the route to the peer goes: until that is noticed, each datagram
        // comes out of the tunnel once, and ends there.
        lab.WriteLease("10.240.0.0/20", Inside(2));
        Await(() => lab.Counters(1).Routes == 2, () => $"{lab.Counters(1).Routes} routes");
        lab.Ip.Run("-n", lab.Host(1).HostNamespace, "route", "del", "10.240.0.0/24", "dev", "eth0");
        long before = lab.Counters(1).Outbound.Packets;
        using (var pod = new Pinger(lab.Host(1).PodNamespace))
        {
            Assert.Null(pod.Ping(lab.Pod(2), 1, TimeSpan.FromMilliseconds(100)));
        }

        Assert.Equal(1, lab.Counters(1).Outbound.Drops.GetValueOrDefault("looped"));
        Assert.Equal(before + 1, lab.Counters(1).Outbound.Packets);

        static string Inside(int number) => $"10.240.0.{3 + number}";
    }

    [Fact]
    public void Neighbours_that_the_networks_route_takes_away_are_named()
    {
        TestLab lab = NewLab(2);
        lab.Ip.Batch(
            lab.Host(1).HostNamespace,
            ["addr flush dev eth0", "addr add 10.244.0.5/8 dev eth0", "route add 10.244.0.9/32 dev eth0"]);
        var attempt = new StartAttempt(lab);
        attempt.WriteLease("10.244.9.0/24", "10.244.0.6");
        attempt.WriteLease("10.244.8.0/24", "10.244.0.9");

        using RunningProgram daemon = attempt.Start();
        daemon.AwaitError(" ready: ");

        Assert.Single(daemon.Errors, line => line.Contains(
            "the address 10.244.0.5/8 of eth0 lies inside the Network 10.244.0.0/16"));
        Assert.Single(daemon.Errors, line => line.Contains("they would loop: 10.244.9.0/24 via 10.244.0.6;"));
        Assert.Contains(daemon.Errors, line => line.Contains(", 1 peers,"));
        daemon.Signal("TERM");
        Assert.Equal(0, daemon.WaitForExit().ExitCode);
    }

    [Fact]
    public void A_store_behind_the_default_route_is_not_cut_off_and_what_else_would_be_is_named()
    {
        TestLab lab = NewLab(2);
        using LabEtcd etcd = lab.StartEtcd("""{"Network":"172.16.0.0/12"}""");
        lab.Ip.Batch(
            lab.Plan.WireNamespace,
            [
                $"addr add 192.168.9.1/24 dev {LabTopology.Wire}", $"addr add 172.16.0.200/32 dev {LabTopology.Wire}",
            ]);
        lab.Ip.Batch(
            lab.Host(1).HostNamespace,
            ["addr flush dev eth0", "addr add 192.168.9.5/24 dev eth0", "route add default via 192.168.9.1"]);
        string url = etcd.DaemonArguments[1];

        using (RunningProgram refused = lab.Start(1))
        {
            StartAttempt.IsRefusedWithOneLine(
                refused.WaitForExit(), exitCode: 1, "172.16.0.0/12", $"etcd {url[7..]}", "its lease store",
                "ip route add 172.16.0.1/32 via 192.168.9.1 dev eth0", "another Network");
        }

        Assert.Empty(etcd.Gateway.Leases());
        Assert.False(lab.HasTunnel(1));

        using Socket listener = NamespaceSocket.Tcp(lab.Plan.WireNamespace);
        listener.Bind(new IPEndPoint(IPAddress.Parse("172.16.0.200"), 6443));
        listener.Listen();
        using Socket client = NamespaceSocket.Tcp(lab.Host(1).HostNamespace);
        client.Connect(listener.LocalEndPoint!);
        lab.Ip.Run("-n", lab.Host(1).HostNamespace, "route", "add", "172.16.0.1/32", "via", "192.168.9.1");
        RunningProgram daemon = lab.Start(1);
        daemon.AwaitError(" ready: ");
        Assert.Contains(daemon.Errors, line => line.Contains(
            "takes packets to the TCP connection to 172.16.0.200:6443 into the tunnel; keep it in reach by a route "
                + "of its own (ip route add 172.16.0.200/32 via 192.168.9.1 dev eth0)"));
        Assert.Single(daemon.Errors, line => line.Contains("into the tunnel"));
        daemon.Signal("TERM");
        Assert.Equal(0, daemon.WaitForExit().ExitCode);
        Assert.Single(etcd.Gateway.Leases());
    }

    [Theory]
    [InlineData(null, 1472)]
    [InlineData("172.16.9.9", 1272)]
    public void The_mtu_of_an_address_on_lo_is_that_of_the_routes_to_the_peers(string? peer, int mtu)
    {
        TestLab lab = NewLab(2);
        lab.Ip.Batch(
            lab.Host(1).HostNamespace,
            [
                "addr add 10.9.9.1/32 dev lo", "route add default via 172.16.0.1",
                "route add 172.16.9.0/24 via 172.16.0.1 mtu 1300",
            ]);
        StartAttempt attempt = new StartAttempt(lab).With("--iface", "lo");
        if (peer is not null)
        {
            attempt.WriteLease("10.244.9.0/24", peer);
        }

        using RunningProgram daemon = attempt.Start();
        daemon.AwaitError($" MTU {mtu}, UDP 10.9.9.1:8285");

        Assert.Contains(daemon.Errors, line => line.Contains(
            "interface lo leads to no other host; MTU 1500 is that of eth0"));
        Assert.Contains($"FLANNEL_MTU={mtu}\n", File.ReadAllText(attempt.SubnetFile));
        Assert.Contains($" mtu {mtu} ", lab.Ip.Run("-n", lab.Host(1).HostNamespace, "link", "show", "flannel0"));

        // As an interface with a wire of its own.
        lab.Ip.Run("-n", lab.Host(1).HostNamespace, "link", "set", "eth0", "mtu", "1280");
        daemon.AwaitError("the MTU of eth0 is 1280 in place of 1500");
        daemon.AwaitError(" MTU 1252, UDP 10.9.9.1:8285");
        Assert.Contains("FLANNEL_MTU=1252\n", File.ReadAllText(attempt.SubnetFile));
        daemon.Signal("TERM");
        Assert.Equal(0, daemon.WaitForExit().ExitCode);
    }
}
