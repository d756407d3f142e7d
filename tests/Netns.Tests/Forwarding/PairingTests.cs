using System;
using System.Linq;
using Overlay.Net;
using Overlay.Netns.Tests.Support;
using Overlay.Testing;
using Xunit;

namespace Overlay.Netns.Tests.Forwarding;

/// <summary>
/// Two hosts that work differently: neither can tell, and what crosses between their pods is the same to the byte.
/// </summary>
[Collection(nameof(Alone))]
public sealed class PairingTests : LabTest
{
    private const int TransferBytes = 4 << 20;
    private const int OrdinaryMtu = 1472;
    private const int JumboWireMtu = 9000;
    private const int JumboMtu = JumboWireMtu - 28;
    private const string StockSubnet = "10.244.77.0/24";

    public PairingTests() => Prerequisites.Require(("ping", "iputils-ping"));

    [Theory]
    [InlineData("", "")]
    [InlineData("", "--engine batch")]
    [InlineData("", "--engine classic")]
    [InlineData("", "--engine pipeline")]
    [InlineData("--workers 2", "--workers duplex")]
    [InlineData("--workers 2", "--engine pipeline --workers 2")]
    public void Everything_crosses_intact_between_any_two_engines(string first, string second)
    {
        TestLab lab = NewLab(2);
        _ = lab.BringUp([1, 2], number => Words(number == 1 ? first : second));

        PodTraffic.CrossesIntact(lab, OrdinaryMtu, TransferBytes, seed: 100);

        PodTraffic.WasFaultless(lab, [1, 2]);
    }

    [Theory]
    [InlineData("--engine offload")]
    [InlineData("--engine pipeline")]
    public void Everything_crosses_intact_to_and_from_a_stock_peer(string engine)
    {
        TestLab lab = NewLab(2);
        using var stock = StockPeer.BringUp(lab, StockSubnet, OrdinaryMtu, Words(engine));

        PodTraffic.CrossesIntact(lab, OrdinaryMtu, TransferBytes, seed: 200);

        Assert.Empty(stock.Oddities);
        PodTraffic.WasFaultless(lab, [1]);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("", "--engine classic")]
    public void Everything_crosses_intact_on_a_jumbo_wire(string first, string second)
    {
        TestLab lab = NewLab(2);
        lab.SetWireMtu(1, JumboWireMtu);
        lab.SetWireMtu(2, JumboWireMtu);
        _ = lab.BringUp([1, 2], number => Words(number == 1 ? first : second));
        Assert.Equal([JumboMtu, JumboMtu], new[] { lab.Subnet(1).Mtu, lab.Subnet(2).Mtu });

        PodTraffic.CrossesIntact(lab, JumboMtu, TransferBytes, seed: 300);

        PodTraffic.WasFaultless(lab, [1, 2]);
    }

    [Fact]
    public void Everything_crosses_intact_between_tunnels_of_different_mtu()
    {
        const int Narrow = 1400;
        TestLab lab = NewLab(2);
        _ = lab.BringUp([1, 2], number => number == 1 ? [] : ["--mtu", $"{Narrow}"]);

        PodTraffic.CrossesIntact(lab, Narrow, TransferBytes, seed: 400);
        // As long as the first pod may send them: the other host takes them from the wire and fragments them for its
        // pod.
        UdpTransfer.ArrivesIntact(
            lab.Host(1).PodNamespace, lab.Host(2).PodNamespace, lab.Pod(2), OrdinaryMtu - 28, bursts: 2, seed: 450,
            UdpSending.Fragmentable);

        Assert.True(lab.Counters(2).Inbound.Events["oversize"] >= 2, "the long ones were not noted");
        PodTraffic.WasFaultless(lab, [1, 2], "oversize");
    }

    [Fact]
    public void Everything_crosses_intact_between_a_jumbo_host_and_an_ordinary_stock_peer()
    {
        TestLab lab = NewLab(2);
        lab.SetWireMtu(1, JumboWireMtu);
        using var stock = StockPeer.BringUp(lab, StockSubnet, OrdinaryMtu);
        Assert.Equal(JumboMtu, lab.Subnet(1).Mtu);
        // What no host can know of a stock peer, its operator has to say: packets for it are at most as long as its
        // device.
        lab.Ip.Batch(
            lab.Host(1).PodNamespace, [$"route add {StockSubnet} via {lab.Gateway(1)} mtu {OrdinaryMtu}"]);

        PodTraffic.CrossesIntact(lab, OrdinaryMtu, TransferBytes, seed: 500);

        Assert.Empty(stock.Oddities);
        PodTraffic.WasFaultless(lab, [1]);
    }

    [Fact]
    public void A_wrong_inner_checksum_is_noted_and_delivered_for_the_pods_kernel_to_refuse()
    {
        TestLab lab = NewLab(2);
        _ = lab.BringUp(1, 2);
        Ipv4Address from = PacketBuilder.Address(lab.Pod(2).ToString());
        Ipv4Address to = PacketBuilder.Address(lab.Pod(1).ToString());
        byte[][] packets =
        [
            PacketBuilder.UdpPacket(from, to, 1, 2, [3, 4, 5]),
            PacketBuilder.TcpPacket(from, to, 1, 2, 3, 4, 0x10, [5, 6, 7]),
        ];
        foreach (byte[] packet in packets)
        {
            packet[^1] ^= 0x40;
            Injector.Send(lab.Host(2).HostNamespace, lab.Host(1).UnderlayAddress, packet);
        }

        string pod = lab.Host(1).PodNamespace;
        string[] expected = [$"{pod} Tcp.InCsumErrors 1", $"{pod} Udp.InCsumErrors 1"];
        Await(
            () => InnerErrors.Of(lab.Plan).SequenceEqual(expected), () => string.Join('\n', InnerErrors.Of(lab.Plan)));
        Assert.Equal(2, lab.Counters(1).Inbound.Events["bad_transport_checksum"]);
        Assert.Empty(lab.Counters(1).Drops);
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
