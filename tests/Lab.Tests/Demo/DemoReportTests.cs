using System;
using System.Linq;
using System.Text.Json;
using Overlay.Capture.Packets;
using Overlay.Demo;
using Overlay.Testing;
using Xunit;

namespace Overlay.Lab.Tests.Demo;

public sealed class DemoReportTests
{
    [Fact]
    public void The_object_has_the_promised_keys_in_the_promised_order()
    {
        string json = DemoReport.From(Good(), error: null).ToJson();

        Assert.Equal(
            """
            {"hosts":[{"name":"h1","subnet":"10.244.1.0/24","publicIp":"172.16.0.5","mtu":1472},
            {"name":"h2","subnet":"10.244.0.0/24","publicIp":"172.16.0.4","mtu":1472}],
            "ping":{"sent":5,"received":5,"rttMs":0.25,"ttl":60},"tcp":{"gbps":0.4},
            "udp":{"sizeBytes":64,"sentPackets":200000,"receivedPackets":40000,"kpps":40},
            "wire":{"outer":"172.16.0.5:8285 > 172.16.0.4:8285",
            "inner":"10.244.1.14 > 10.244.0.6: ICMP echo request, id 1536, seq 32, length 64","udpLength":92,"ttl":62},
            "drops":{"no_route":3},"leftBehind":0,"ok":true}
            """.ReplaceLineEndings(string.Empty),
            json);
    }

    [Fact]
    public void A_demo_that_ended_early_is_not_ok_and_says_why_with_what_it_has()
    {
        var report = DemoReport.From(new DemoResults(), "needs root");

        using var json = JsonDocument.Parse(report.ToJson());
        Assert.False(json.RootElement.GetProperty("ok").GetBoolean());
        Assert.Equal("needs root", json.RootElement.GetProperty("error").GetString());
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("tcp").ValueKind);
    }

    [Fact]
    public void Everything_as_it_must_be_misses_nothing() => Assert.Empty(Good().Misses());

    [Fact]
    public void A_lost_ping_is_a_miss() => AssertMiss("4 of 5", results => results.PodPings = Pings(5, 4, 60));

    [Fact]
    public void A_ping_to_flannel0_that_is_lost_is_a_miss() =>
        AssertMiss("flannel0", results => results.DevicePings = Pings(2, 1, 61));

    [Fact]
    public void Another_ttl_is_a_miss() => AssertMiss("ttl 62, not 60", results => results.PodPings = Pings(5, 5, 62));

    [Fact]
    public void Another_inner_ttl_is_a_miss() => AssertMiss("inner ttl", results =>
        results.Wire = results.Wire! with { TimeToLive = 63 });

    [Fact]
    public void Another_udp_length_is_a_miss() => AssertMiss("UDP length", results =>
        results.Wire = results.Wire! with { UdpLength = 100 });

    [Fact]
    public void A_ping_not_seen_on_the_wire_is_a_miss() =>
        AssertMiss("no encapsulated ping", results => results.Wire = null);

    [Fact]
    public void Another_mtu_is_a_miss() => AssertMiss("MTU", results => results.Hosts = [Host() with { Mtu = 1500 }]);

    [Fact]
    public void An_empty_stream_is_a_miss() =>
        AssertMiss("tcp", results => results.Tcp = new TcpResult(0, TimeSpan.Zero));

    [Fact]
    public void A_flood_of_which_nothing_arrived_is_a_miss() =>
        AssertMiss("udp", results => results.Udp = new UdpResult(64, 1000, 0, TimeSpan.Zero));

    [Fact]
    public void A_daemon_that_had_to_be_killed_is_a_miss() =>
        AssertMiss("stop", results => results.Ends = [new DaemonEnd(137, TimeSpan.FromSeconds(2))]);

    [Fact]
    public void Daemons_never_stopped_are_a_miss() => AssertMiss("stop", results => results.Ends = null);

    [Fact]
    public void Something_left_behind_is_a_miss() => AssertMiss("left behind", results => results.LeftBehind = 1);

    [Fact]
    public void What_is_kept_up_on_purpose_is_no_miss()
    {
        DemoResults results = Good();
        results.KeptUp = true;
        results.Ends = null;
        results.LeftBehind = 8;

        Assert.Empty(results.Misses());
    }

    [Fact]
    public void With_host_gw_the_ping_on_the_wire_is_the_pods_own_and_there_is_no_tunnel_to_ping()
    {
        byte[] frame = [.. SeedFrames.Frame59().AsSpan(0, 14), .. SeedFrames.Frame59().AsSpan(SeedFrames.UdpEnd)];
        var results = new DemoResults
        {
            Backend = DemoBackend.HostGw,
            Hosts = [Host() with { Mtu = 1500 }],
            PodPings = Pings(5, 5, 62),
            Tcp = Good().Tcp,
            Udp = Good().Udp,
            Wire = Wire(frame) with { TimeToLive = 63 },
            Ends = Good().Ends,
        };

        Assert.Empty(results.Misses());
        Assert.Contains(
            """
            {"inner":"10.244.1.14 > 10.244.0.6: ICMP echo request, id 1536, seq 32, length 64","ttl":63}
            """,
            DemoReport.From(results, error: null).ToJson());
        Assert.Equal("packet 98 B = eth 14 + ip 84   overhead 0 B", results.Wire.Size);
        Assert.Contains("    Identification: 0x3fd8 (16344)", results.Wire.Tree);
        results.Wire = null;
        Assert.Equal(["no ping was seen on the wire"], results.Misses());
    }

    [Fact]
    public void The_ping_on_the_wire_is_shown_with_its_sizes_and_the_fields_that_differ_from_packet_to_packet()
    {
        DemoWire wire = Wire(SeedFrames.Frame59());
        Assert.Equal("packet 126 B = eth 14 + ip 20 + udp 8 + inner 84   overhead 28 B", wire.Size);
        Assert.Equal(
            [
                "Frame 1: 126 bytes on wire (1008 bits), 126 bytes captured (1008 bits)",
                "Ethernet II, Src: 00:0d:3a:a3:fa:d5, Dst: 12:34:56:78:9a:bc",
                "Internet Protocol Version 4, Src: 172.16.0.5, Dst: 172.16.0.4",
                "User Datagram Protocol, Src Port: 8285, Dst Port: 8285",
                "Internet Protocol Version 4, Src: 10.244.1.14, Dst: 10.244.0.6",
                "Internet Control Message Protocol",
            ],
            wire.Tree.Where(line => !line.StartsWith(' ')));
        Assert.InRange(wire.Tree.Count, 20, 40);
        Assert.Equal(
            "packet 148 B = eth 14 + ip 20 + udp 8 + vxlan 8 + eth 14 + inner 84   overhead 50 B",
            Wire(SeedFrames.Frame7()).Size);
    }

    private static void AssertMiss(string expected, Action<DemoResults> change)
    {
        DemoResults results = Good();
        change(results);

        Assert.Contains(expected, Assert.Single(results.Misses()));
        Assert.False(DemoReport.From(results, error: null).Ok);
    }

    private static DemoResults Good()
    {
        return new DemoResults
        {
            Hosts = [Host(), new HostReport("h2", "10.244.0.0/24", "172.16.0.4", 1472)],
            PodPings = Pings(5, 5, 60),
            DevicePings = Pings(2, 2, 61),
            Tcp = new TcpResult(100_000_000, TimeSpan.FromSeconds(2)),
            Udp = new UdpResult(64, 200_000, 40_000, TimeSpan.FromSeconds(1)),
            Wire = Wire(SeedFrames.Frame59()),
            Drops = new() { ["no_route"] = 3 },
            Ends = [new DaemonEnd(0, TimeSpan.FromMilliseconds(90)), new DaemonEnd(0, TimeSpan.FromMilliseconds(120))],
        };
    }

    private static DemoWire Wire(byte[] frame) =>
        DemoWire.Of(new PacketDecoder().Decode(LinkType.Ethernet, frame, frame.Length));

    private static HostReport Host() => new("h1", "10.244.1.0/24", "172.16.0.5", 1472);

    private static PingSeries Pings(int sent, int received, byte ttl) =>
        new(sent, [.. Enumerable.Repeat(new PingReply(TimeSpan.FromMilliseconds(0.25), ttl), received)]);
}
