using Overlay.Control;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.KernelPath;

/// <summary>
/// Hosts whose kernel forwards beside others of each kind: the same crosses as ever, and by the kernel only where both
/// sides have it.
/// </summary>
[Collection(nameof(Alone))]
public sealed class KernelPairingTests : LabTest
{
    private const int TransferBytes = 4 << 20;
    private const int Mtu = 1472;
    private const string StockSubnet = "10.244.77.0/24";

    public KernelPairingTests() => Prerequisites.Require(("ping", "iputils-ping"));

    [Theory]
    [InlineData("kernel", "kernel", 1500)]
    [InlineData("kernel", "kernel", 9000)]
    [InlineData("kernel", "user", 1500)]
    [InlineData("user", "kernel", 1500)]
    public void Everything_crosses_intact_whoever_forwards_on_either_side(string first, string second, int wireMtu)
    {
        TestLab lab = NewLab(2);
        lab.SetWireMtu(1, wireMtu);
        lab.SetWireMtu(2, wireMtu);
        int mtu = wireMtu - 28;
        _ = lab.BringUp([1, 2], number => ["--datapath", number == 1 ? first : second]);
        bool isByKernel = first == second;
        if (isByKernel)
        {
            lab.AwaitReach(1, 2);
        }

        PodTraffic.CrossesIntact(lab, mtu, TransferBytes, seed: 600);

        PodTraffic.WasFaultless(lab, [1, 2], "probe_passed_over"); // of a time when only one side was ready
        foreach (int number in (int[])[1, 2])
        {
            CountersReport counters = lab.Counters(number);
            (long byKernel, long all) = ByKernel(counters);
            Assert.True(isByKernel ? byKernel > all / 2 : byKernel == 0, $"h{number}\n{counters.ToTable()}");
            IsCountedByPeer(lab, number);
        }

        AsLongAsTheMtuAndNoLonger(lab, mtu);
    }

    [Fact]
    public void Everything_crosses_intact_between_a_kernel_and_a_stock_peer()
    {
        TestLab lab = NewLab(2);
        using var stock = StockPeer.BringUp(lab, StockSubnet, Mtu, "--datapath", "kernel");

        PodTraffic.CrossesIntact(lab, Mtu, TransferBytes, seed: 700);

        Assert.Empty(stock.Oddities);

        // The probe's header checksum is wrong on purpose: stock's kernel counts what it drops for that.
        string[] errors = [.. InnerErrors.Of(lab.Plan)];
        Assert.All(errors, error => Assert.StartsWith($"{lab.Host(2).HostNamespace} Ip.InHdrErrors ", error));
        CountersReport counters = lab.Counters(1);
        Assert.Empty(counters.Drops);
        Assert.Equal(0, ByKernel(counters).Packets);
        Assert.Equal("kernel", counters.KernelPath!.State);
        AsLongAsTheMtuAndNoLonger(lab, Mtu);
    }

    // The only peer has all that is counted; what is on its way now, the next look has.
    private static void IsCountedByPeer(TestLab lab, int number) => Await(
        () =>
        {
            CountersReport counters = lab.Counters(number);
            PeerReport peer = Assert.Single(counters.PerPeer!);
            Assert.Equal(lab.Host(3 - number).UnderlayAddress.ToString(), peer.Peer);
            return peer == new PeerReport(
                peer.Peer, counters.Outbound.Packets, counters.Outbound.Bytes, counters.Inbound.Packets,
                counters.Inbound.Bytes, counters.KernelPath?.OutboundPackets ?? 0,
                counters.KernelPath?.OutboundBytes ?? 0, counters.KernelPath?.InboundPackets ?? 0,
                counters.KernelPath?.InboundBytes ?? 0);
        },
        () => lab.Counters(number).ToTable());

    private static (long Packets, long All) ByKernel(CountersReport counters) => (
        (counters.KernelPath?.OutboundPackets + counters.KernelPath?.InboundPackets) ?? 0,
        counters.Outbound.Packets + counters.Inbound.Packets);

    private static void AsLongAsTheMtuAndNoLonger(TestLab lab, int mtu)
    {
        CommandResult longest = Ping(lab, mtu - 28);
        CommandResult tooLong = Ping(lab, mtu - 28 + 1);

        Assert.True(longest.Succeeded, longest.Output + longest.Error);
        Assert.False(tooLong.Succeeded);
        Assert.Contains($"{mtu}", tooLong.Output + tooLong.Error);
    }

    private static CommandResult Ping(TestLab lab, int dataBytes) => lab.Run(
        lab.Host(1).HostNamespace, "ping", "-n", "-c", "1", "-W", "60", "-M", "do", "-s", $"{dataBytes}",
        lab.Pod(2).ToString());
}
