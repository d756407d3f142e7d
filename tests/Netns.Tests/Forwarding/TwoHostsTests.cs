using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading;
using Overlay.Capture.Packets;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Forwarding;

/// <summary>Two hosts, two daemons, two pods, as <see cref="LabPlan"/> draws them.</summary>
public sealed class TwoHosts : IDisposable
{
    private TestLab? _lab;

    /// <summary>
    /// Built by the first test that asks: a missing privilege skips tests instead of failing the class.
    /// </summary>
    internal TestLab Lab
    {
        get
        {
            Prerequisites.Require(("ping", "iputils-ping"));
            if (_lab is null)
            {
                _lab = new TestLab(2);
                // The lab turns IPv6 off; the first host is one where it is on, as it is almost everywhere.
                LabNamespace.Run(_lab.Host(1).HostNamespace, () =>
                {
                    foreach (string scope in (string[])["all", "default"])
                    {
                        string setting = $"/proc/sys/net/ipv6/conf/{scope}/disable_ipv6";
                        if (File.Exists(setting))
                        {
                            File.WriteAllText(setting, "0");
                        }
                    }
                });
                _ = _lab.BringUp(1, 2);
            }

            return _lab;
        }
    }

    public void Dispose() => _lab?.Dispose();
}

public sealed class TwoHostsTests(TwoHosts hosts) : LabTest, IClassFixture<TwoHosts>
{
    private const int TransferBytes = 8 * 1024 * 1024;

    private TestLab Lab => Share(hosts.Lab);

    [Fact]
    public void DP_33_a_ping_from_pod_to_pod_arrives_with_ttl_60()
    {
        using var pinger = new Pinger(Lab.Host(1).PodNamespace);

        PingSeries pings = pinger.Series(Lab.Pod(2), 3, CancellationToken.None);

        Assert.True(pings.AllAnswered, $"{pings.Replies.Count} of {pings.Sent} answered");
        Assert.All(pings.Replies, reply => Assert.Equal(60, reply.TimeToLive));
    }

    [Fact]
    public void On_the_wire_a_ping_is_one_datagram_of_udp_length_92_between_ports_8285_with_inner_ttl_62()
    {
        using var capture = new WireCapture(
            Lab.Host(1).HostNamespace, LabNamespace.InterfaceIndex(Lab.Host(1).HostNamespace, "eth0"));
        using var pinger = new Pinger(Lab.Host(1).PodNamespace);

        Assert.NotNull(pinger.Ping(Lab.Pod(2), 7, TestLab.Patience));

        DecodedPacket? seen = capture.FirstCarried(
            packet => packet.Inner.Transport == TransportKind.Icmp && packet.Inner.Icmp.Sequence == 7,
            TestLab.Patience);
        DecodedPacket packet = Assert.NotNull(seen);
        PacketHeaders outer = packet.Outer, inner = packet.Inner;
        Assert.Equal(
            (Lab.Host(1).UnderlayAddress, 8285, Lab.Host(2).UnderlayAddress, 8285),
            (outer.Ipv4.Source.ToIPAddress(), outer.SourcePort, outer.Ipv4.Destination.ToIPAddress(),
                outer.DestinationPort));
        Assert.Equal((92, 62), (outer.Udp.Length, inner.Ipv4.TimeToLive));
        Assert.Equal(ChecksumState.Good, inner.Ipv4.ChecksumState);
        Assert.Equal(
            (Lab.Pod(1), Lab.Pod(2)), (inner.Ipv4.Source.ToIPAddress(), inner.Ipv4.Destination.ToIPAddress()));
        Assert.NotEqual(ChecksumState.Bad, outer.TransportChecksum);
    }

    [Fact]
    public void DP_34_the_inner_tos_crosses_unchanged_and_the_outer_tos_is_0()
    {
        const string Expedited = "0xba"; // DSCP 46 and ECN ECT(0)
        using var wire = new WireCapture(
            Lab.Host(1).HostNamespace, LabNamespace.InterfaceIndex(Lab.Host(1).HostNamespace, "eth0"));
        using var pod = new PacketWatch(Lab.Host(2).PodNamespace, "eth0");

        CommandResult ping = Lab.Run(
            Lab.Host(1).PodNamespace, "ping", "-c", "1", "-W", "60", "-Q", Expedited, Lab.Pod(2).ToString());

        Assert.True(ping.Succeeded, ping.Output + ping.Error);
        DecodedPacket? packet = wire.FirstCarried(
            packet => packet.Inner.Transport == TransportKind.Icmp
                && packet.Inner.Icmp.Type == IcmpMessage.EchoRequest,
            TestLab.Patience);
        Assert.Equal((byte?)0xba, packet?.Inner.Ipv4.TypeOfService);
        Assert.Equal((byte?)0, packet?.Outer.Ipv4.TypeOfService);
        Ipv4Header? arrived = pod.First(
            (header, _) => header.Source.ToIPAddress().Equals(Lab.Pod(1)), TestLab.Patience);
        Assert.Equal((byte?)0xba, arrived?.TypeOfService);
    }

    [Fact]
    public void A_pod_reaches_the_other_hosts_tunnel_address()
    {
        using var pinger = new Pinger(Lab.Host(1).PodNamespace);

        Assert.Equal((byte?)61, pinger.Ping(Lab.Tunnel(2), 1, TestLab.Patience)?.TimeToLive);
    }

    [Fact]
    public void A_host_reaches_a_pod_and_the_tunnel_address_of_the_other_host()
    {
        using var pinger = new Pinger(Lab.Host(2).HostNamespace);

        Assert.Equal((byte?)61, pinger.Ping(Lab.Pod(1), 1, TestLab.Patience)?.TimeToLive);
        Assert.Equal((byte?)62, pinger.Ping(Lab.Tunnel(1), 2, TestLab.Patience)?.TimeToLive);
    }

    [Fact]
    public void R10_The_device_has_mtu_1472_a_queue_of_1000_the_subnets_address_as_a_32_and_no_other()
    {
        using var facts = JsonDocument.Parse(
            Lab.Ip.Run("-n", Lab.Host(1).HostNamespace, "-j", "-d", "address", "show", "dev", "flannel0"));
        JsonElement link = facts.RootElement[0];

        Assert.Equal(1472, link.GetProperty("mtu").GetInt32());
        Assert.Equal(1000, link.GetProperty("txqlen").GetInt32());
        string[] flags = [.. link.GetProperty("flags").EnumerateArray().Select(flag => flag.GetString()!)];
        Assert.Contains("UP", flags);
        Assert.Contains("NOARP", flags);
        // an IPv6 one would be a second
        JsonElement address = Assert.Single(link.GetProperty("addr_info").EnumerateArray());
        Assert.Equal(Lab.Tunnel(1).ToString(), address.GetProperty("local").GetString());
        Assert.Equal(32, address.GetProperty("prefixlen").GetInt32());
        Assert.Equal("global", address.GetProperty("scope").GetString());
        Assert.False(address.TryGetProperty("broadcast", out _));
        if (File.Exists("/proc/sys/net/ipv6/conf/all/disable_ipv6"))
        {
            // The same kernel gives one to an ordinary interface of this host.
            string ordinary = Lab.Ip.Run("-n", Lab.Host(1).HostNamespace, "-6", "address", "show", "dev", "eth0");
            Assert.Contains("fe80:", ordinary, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("not_ipv4", Lab.Counters(1).Drops.Keys); // what a link-local address would send first
    }

    [Fact]
    public void The_route_of_the_whole_network_leads_to_the_device()
    {
        using var routes = JsonDocument.Parse(
            Lab.Ip.Run("-n", Lab.Host(1).HostNamespace, "-j", "-d", "route", "show", "dev", "flannel0"));

        JsonElement route = Assert.Single(routes.RootElement.EnumerateArray());
        Assert.Equal("10.244.0.0/16", route.GetProperty("dst").GetString());
        Assert.Equal("unicast", route.GetProperty("type").GetString());
        Assert.Equal("boot", route.GetProperty("protocol").GetString());
        Assert.Equal("global", route.GetProperty("scope").GetString());
        Assert.All(
            (string[])["gateway", "prefsrc", "metric"], key => Assert.False(route.TryGetProperty(key, out _), key));
    }

    [Fact]
    public void The_subnet_file_has_stock_lines_in_stock_order()
    {
        string expected = $"FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET={Lab.Subnet(1).Gateway}/24\n"
            + "FLANNEL_MTU=1472\nFLANNEL_IPMASQ=false\n";

        Assert.Equal(expected, File.ReadAllText(Lab.Host(1).SubnetFile));
        Assert.EndsWith(".1", Lab.Subnet(1).Gateway.ToString(), StringComparison.Ordinal);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
            File.GetUnixFileMode(Lab.Host(1).SubnetFile));
    }

    [Fact]
    public void A_packet_of_exactly_the_mtu_passes_and_one_byte_more_is_refused_by_the_device()
    {
        CommandResult full = Ping(Lab.Host(1).HostNamespace, "-s", "1444", "-M", "do");
        CommandResult tooLong = Ping(Lab.Host(1).HostNamespace, "-s", "1445", "-M", "do");

        Assert.True(full.Succeeded, full.Output + full.Error);
        Assert.False(tooLong.Succeeded);
        Assert.Contains("mtu", tooLong.Output + tooLong.Error, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("1472", tooLong.Output + tooLong.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Fragments_of_a_long_packet_pass()
    {
        CommandResult ping = Ping(Lab.Host(1).PodNamespace, "-s", "4000");

        Assert.True(ping.Succeeded, ping.Output + ping.Error);
        Assert.Contains("4008 bytes from", ping.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Eight_megabytes_of_tcp_arrive_intact_both_ways_and_no_inner_checksum_is_ever_wrong()
    {
        TcpTransfer.ArrivesIntact(
            Lab.Host(1).PodNamespace, Lab.Host(2).PodNamespace, Lab.Pod(2), TransferBytes, seed: 1);
        TcpTransfer.ArrivesIntact(
            Lab.Host(2).PodNamespace, Lab.Host(1).PodNamespace, Lab.Pod(1), TransferBytes, seed: 2);
        Await(() => Flood().Received > 0, "no datagram of a flood arrives");

        Assert.Empty(InnerErrors.Of(Lab.Plan));
    }

    private UdpResult Flood() => UdpBlast.Measure(
        Lab.Host(1).PodNamespace, Lab.Host(2).PodNamespace, Lab.Pod(2), 64, TimeSpan.FromSeconds(0.2),
        TestContext.Current.CancellationToken);

    private CommandResult Ping(string from, params string[] options) =>
        Lab.Run(from, ["ping", "-c", "1", "-W", "60", .. options, Lab.Pod(2).ToString()]);
}
