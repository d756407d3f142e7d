using System;
using System.IO;
using System.Linq;
using Overlay.Lab;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Backends;

/// <summary>vxlan on real kernels: what the daemon makes of the leases, and what is done to it from outside.</summary>
public sealed class VxlanTests : LabTest
{
    private const string Device = "flannel.1";

    [Fact]
    public void Pods_reach_each_other_and_whatever_somebody_takes_away_comes_back_at_once()
    {
        TestLab lab = NewLab(2, Config(""));
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        using Host host = new(lab);
        lab.AwaitPath(2, 1);
        var gateway = Ipv4Address.Parse(lab.Subnet(2).Network.ToString());
        Link before = host.Link();
        Assert.Equal((1450, 1450, 1), (lab.Subnet(1).Mtu, before.Mtu, lab.Counters(1).Peers));
        Assert.Equal(
            """{"PublicIP":"172.16.0.5","PublicIPv6":null,"BackendType":"vxlan","BackendData":"""
                + $"{{\"VNI\":1,\"VtepMAC\":\"{before.Mac}\"}}}}",
            File.ReadAllText(lab.LeaseFile(lab.Subnet(1).Subnet)).TrimEnd());
        Assert.True(lab.Counters(1).Outbound.Packets > 0);

        // Leases of another backend, and those that no frame can be addressed by, are nobody's.
        lab.WriteLease("10.244.250.0/24", "172.16.0.50");
        File.WriteAllText(
            lab.LeaseFile("10.244.251.0/24"),
            """{"PublicIP":"172.16.0.51","BackendType":"vxlan","""
                + "\"BackendData\":{\"VNI\":2,\"VtepMAC\":\"02:00:00:00:00:51\"}}");
        daemon.AwaitError("peer left out: the lease 10.244.251.0/24 of 172.16.0.51 has VNI 2, and this network VNI 1");
        daemon.AwaitError("10.244.250.0/24");
        Assert.Equal(1, lab.Counters(1).Routes);

        // The device is made again, and knows its peers; they need not change anything.
        host.Ip($"link del {Device}");
        Await(() => host.Netlink.FindLink(Device) is { IsUp: true } link && link.Index != before.Index, lab.Logs);
        lab.AwaitPath(1, 2);
        Assert.Equal(before.Mac, host.Link().Mac);

        // Single entries.
        ForwardingEntry frames = Assert.Single(host.Netlink.GetForwardingEntries(host.Link().Index));
        host.Ip($"neigh del {gateway} dev {Device}");
        Await(() => host.Neighbours().Any(entry => entry.Address == gateway && entry.IsPermanent), lab.Logs);
        host.Netlink.RemoveForwardingEntry(frames);
        Await(() => host.Netlink.GetForwardingEntries(frames.InterfaceIndex).Contains(frames), lab.Logs);
        host.Ip($"route del {lab.Subnet(2).Subnet}");
        Await(() => host.RouteTo(lab.Subnet(2).Subnet) is { IsOnLink: true }, lab.Logs);
        host.Ip($"addr del {lab.Tunnel(1)}/32 dev {Device}");
        Await(() => host.Addresses().SequenceEqual([$"{lab.Tunnel(1)}/32"]), lab.Logs);

        // Down is somebody's wish; up again it has everything.
        host.Ip($"link set {Device} down");
        daemon.AwaitError($"interface {Device} is down");
        host.Ip($"link set {Device} up");
        lab.AwaitPath(1, 2);
    }

    [Fact]
    public void R5_A_device_that_will_do_is_used_again_and_any_other_is_made_anew_with_the_MAC_that_peers_know()
    {
        TestLab lab = NewLab(2, Config(""));
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        using Host host = new(lab);
        Link before = host.Link();
        Stop(daemon);
        Assert.True(lab.Run(lab.Host(1).PodNamespace, "ping", "-c", "1", "-W", "5", $"{lab.Pod(2)}").Succeeded);

        // What a peer has left that is gone by now, and what is not ours.
        host.Ip($"neigh add 10.244.99.0 lladdr 02:00:00:00:00:99 nud permanent dev {Device}");
        host.Netlink.SetForwardingEntry(new ForwardingEntry(
            before.Index, MacAddress.Parse("02:00:00:00:00:99"), Ipv4Address.Parse("172.16.0.99")));
        host.Ip($"route add 10.244.99.0/24 via 10.244.99.0 dev {Device} onlink");
        host.Ip($"addr add 10.244.98.0/32 dev {Device}");
        host.Ip($"addr add 192.168.7.1/32 dev {Device}");
        daemon = lab.Start(1);
        _ = lab.WaitUntilReady(daemon, 1);
        Assert.Equal((before.Index, before.Mac), (host.Link().Index, host.Link().Mac));
        Assert.Single(host.Neighbours(), entry => entry.IsPermanent);
        Assert.Single(host.Netlink.GetForwardingEntries(before.Index));
        Assert.Null(host.RouteTo("10.244.99.0/24"));
        Assert.Equal([$"{lab.Tunnel(1)}/32", "192.168.7.1/32"], host.Addresses());
        Assert.DoesNotContain(daemon.Errors, line => line.Contains("gateway", StringComparison.Ordinal));

        // Another port: it is made anew.
        Stop(daemon);
        host.Ip($"link del {Device}");
        host.Ip($"link add {Device} type vxlan id 1 dstport 4789");
        daemon = lab.Start(1);
        _ = lab.WaitUntilReady(daemon, 1);
        daemon.AwaitError($"interface {Device} has UDP port 4789 instead of 8472, so it is made anew");
        Assert.Equal((before.Mac, (ushort?)8472), (host.Link().Mac, host.Link().Vxlan?.Port));
        lab.AwaitPath(2, 1);

        // Another backend's tunnel is not reached past these routes.
        Stop(daemon);
        Assert.NotNull(host.RouteTo(lab.Subnet(2).Subnet));
        File.WriteAllText(
            Path.Combine(lab.Plan.LeaseDirectory, "config"),
            """{"Network":"10.244.0.0/16","Backend":{"Type":"udp","Port":8285}}""");
        daemon = lab.Start(1);
        _ = lab.WaitUntilReady(daemon, 1);
        Assert.Null(host.RouteTo(lab.Subnet(2).Subnet));
        daemon.AwaitError("routes that the vxlan backend has left are removed");
    }

    [Fact]
    public void With_direct_routing_a_peer_on_the_link_is_routed_to_plainly_and_one_behind_a_gateway_is_not()
    {
        TestLab lab = NewLab(2, Config(""","DirectRouting":true,"Port":4789,"MTU":1400,"VNI":7"""));
        _ = lab.BringUp(1, 2);
        using Host host = new(lab, "flannel.7");
        string subnet = lab.Subnet(2).Subnet;
        var peer = Ipv4Address.Parse(lab.Host(2).UnderlayAddress.ToString());
        Assert.Equal((1350, 1350, (ushort?)4789), (lab.Subnet(1).Mtu, host.Link().Mtu, host.Link().Vxlan?.Port));
        Assert.Equal(
            new Ipv4Route(Ipv4Prefix.Parse(subnet), peer, host.Netlink.FindLink("eth0")!.Index, 0),
            host.RouteTo(subnet));
        Assert.Empty(host.Neighbours());
        Assert.Empty(host.Netlink.GetForwardingEntries(host.Link().Index));

        host.Ip($"route add {peer}/32 via 172.16.0.1");
        Await(() => host.RouteTo(subnet) is { IsOnLink: true }, lab.Logs);
        Assert.Single(host.Netlink.GetForwardingEntries(host.Link().Index));
        host.Ip($"route del {peer}/32");
        Await(() => host.RouteTo(subnet) is { IsOnLink: false }, lab.Logs);
        lab.AwaitPath(1, 2);
    }

    [Fact]
    public void What_is_in_the_way_of_the_device_is_one_line_with_the_remedy_and_nothing_is_left()
    {
        TestLab lab = NewLab(2, Config(""));
        using Host host = new(lab);
        using (LabNamespace.Run(lab.Host(1).HostNamespace, () => UdpSocket.Bind(default, 8472, bufferBytes: 4096)))
        {
            var attempt = new StartAttempt(lab, Config(""));
            StartAttempt.IsRefusedWithOneLine(attempt.Run(), exitCode: 1, "UDP port 8472", "ss -ulnp", "another Port");
            attempt.IsWithoutTraces();
            Assert.Null(host.Netlink.FindLink(Device));
        }

        host.Ip($"link add {Device} type bridge");
        StartAttempt.IsRefusedWithOneLine(
            new StartAttempt(lab, Config("")).Run(), exitCode: 1, $"interface {Device} exists already", "is a bridge",
            $"ip link del {Device}");
        host.Ip($"link del {Device}");
        host.Ip("link add other type vxlan id 1 dstport 8472");
        StartAttempt.IsRefusedWithOneLine(
            new StartAttempt(lab, Config("")).Run(), exitCode: 1, "other has VNI 1 on UDP port 8472 already");
    }

    private static string Config(string options) =>
        $$$"""{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan"{{{options}}}}}""";

    private static void Stop(RunningProgram daemon)
    {
        daemon.Signal("TERM");
        Assert.Equal(0, daemon.WaitForExit().ExitCode);
    }

    /// <summary>The first host of a lab, as its kernel tells of it.</summary>
    private sealed class Host(TestLab lab, string device = Device) : IDisposable
    {
        internal RouteNetlink Netlink { get; } = LabNamespace.Run(lab.Host(1).HostNamespace, RouteNetlink.Open);

        internal void Ip(string arguments) =>
            lab.Ip.Run(["-n", lab.Host(1).HostNamespace, .. arguments.Split(' ')]);

        internal Link Link() => Netlink.FindLink(device) ?? throw new InvalidOperationException($"no {device}");

        internal Neighbour[] Neighbours() => [.. Netlink.GetNeighbours(Link().Index)];

        internal Ipv4Route? RouteTo(string subnet) =>
            Netlink.GetRoutes().SingleOrDefault(route => route.Destination == Ipv4Prefix.Parse(subnet));

        internal string[] Addresses() =>
        [
            .. Netlink.GetAddresses().Where(address => address.InterfaceIndex == Link().Index)
                .Select(address => address.Local.ToString()).Order(StringComparer.Ordinal),
        ];

        public void Dispose() => Netlink.Dispose();
    }
}
