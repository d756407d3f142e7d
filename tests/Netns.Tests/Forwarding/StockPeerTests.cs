using System.IO;
using System.Linq;
using System.Net;
using System.Text.Json;
using System.Threading;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Forwarding;

/// <summary>
/// A real daemon on the first host, a stand-in for stock flannel on the second. Each knows the other by the lease in
/// the store alone; neither can tell that the other is different.
/// </summary>
public sealed class StockPeerTests : LabTest
{
    private const int TransferBytes = 4 * 1024 * 1024;
    private const string StockSubnet = "10.244.77.0/24";

    [Fact]
    public void Pings_and_tcp_cross_both_ways_and_every_datagram_is_one_whole_packet_from_port_8285()
    {
        TestLab lab = NewLab(2);
        // As a stock node's etcd value reads, key order and null included.
        lab.WriteLease(StockSubnet, lab.Host(2).UnderlayAddress.ToString());
        _ = lab.BringUp(1);
        var stockSubnet = SubnetFacts.Parse("FLANNEL_SUBNET=10.244.77.1/24\nFLANNEL_MTU=1472\n");
        using var stock = new StockPeer(
            lab.Ip, lab.Host(2), stockSubnet, [(lab.Subnet(1).Subnet, PublicIpAsStockReadsIt(lab))]);
        lab.AttachPod(2, stockSubnet);
        lab.AwaitPath(1, 2);

        using (var ours = new Pinger(lab.Host(1).PodNamespace))
        using (var theirs = new Pinger(lab.Host(2).PodNamespace))
        {
            PingSeries forth = ours.Series(lab.Pod(2), 3, CancellationToken.None);
            PingSeries back = theirs.Series(lab.Pod(1), 3, CancellationToken.None);
            Assert.True(
                forth.AllAnswered && back.AllAnswered, $"{forth.Replies.Count} and {back.Replies.Count} of 3 answered");
            Assert.Equal([60, 60], new[] { forth, back }.Select(series => series.LowestTimeToLive ?? 0));
        }

        TcpTransfer.ArrivesIntact(
            lab.Host(1).PodNamespace, lab.Host(2).PodNamespace, lab.Pod(2), TransferBytes, seed: 3);
        TcpTransfer.ArrivesIntact(
            lab.Host(2).PodNamespace, lab.Host(1).PodNamespace, lab.Pod(1), TransferBytes, seed: 4);

        Assert.True(stock.Received > TransferBytes / stockSubnet.Mtu, $"{stock.Received} datagrams");
        Assert.Empty(stock.Oddities);
        Assert.DoesNotContain("truncated", lab.Counters(1).Drops.Keys);
        Assert.DoesNotContain("bad_checksum", lab.Counters(1).Drops.Keys);
    }

    private static IPAddress PublicIpAsStockReadsIt(TestLab lab)
    {
        using var lease = JsonDocument.Parse(File.ReadAllText(lab.LeaseFile(lab.Subnet(1).Subnet)));
        Assert.Equal(JsonValueKind.Null, lease.RootElement.GetProperty("PublicIPv6").ValueKind);
        return IPAddress.Parse(lease.RootElement.GetProperty("PublicIP").GetString() ?? string.Empty);
    }
}
