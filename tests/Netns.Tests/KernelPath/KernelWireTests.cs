using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Overlay.Capture.Packets;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.KernelPath;

/// <summary>
/// What leaves a host whose kernel forwards: to a wire that carries no superpackets, and to peers that take none, only
/// single, whole datagrams.
/// </summary>
public sealed class KernelWireTests : LabTest
{
    private const int TransferBytes = 1 << 20;
    private const byte Igmp = 2;
    private const int LeastDatagrams = 50; // of 1,500: where the machine is busy, most may pass unseen

    // What carries no superpackets; the second computes no checksums either, so that they are complete on the wire.
    private static readonly string[] s_plainCards =
    [
        "tso off gso off tx-udp-segmentation off tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off gro on",
        "tx off tso off gso off gro on",
    ];

    [Theory]
    [InlineData("kernel")]
    [InlineData("user")]
    public void Each_datagram_on_the_wire_is_whole_and_at_most_as_long_as_the_mtu(string second)
    {
        Prerequisites.Require(("ethtool", "ethtool"));
        TestLab lab = NewLab(2);
        _ = lab.BringUp([1, 2], number => ["--datapath", number == 1 ? "kernel" : second]);
        bool isByKernel = second == "kernel";
        if (isByKernel)
        {
            lab.AwaitReach(1, 2);
        }

        foreach (string offloads in s_plainCards)
        {
            foreach (int number in (int[])[1, 2])
            {
                CommandResult set = lab.Run(
                    lab.Host(number).HostNamespace, ["ethtool", "-K", "eth0", .. offloads.Split(' ')]);
                Assert.True(set.Succeeded, set.Error);
            }

            bool isComplete = offloads.StartsWith("tx off", StringComparison.Ordinal);
            using var watch = new DatagramWatch(lab.Plan.WireNamespace, lab.Host(1).Name, isComplete);
            CommandResult join = lab.Run( // the kernel tells the wire, by IGMP, which is no datagram of a tunnel
                lab.Host(1).HostNamespace,
                ["ip", "addr", "add", isComplete ? "239.1.1.1" : "239.1.1.2", "dev", "eth0", "autojoin"]);
            Assert.True(join.Succeeded, join.Error);
            foreach ((int from, int to) in ((int, int)[])[(1, 2), (2, 1)])
            {
                TcpTransfer.ArrivesIntact(
                    lab.Host(from).PodNamespace, lab.Host(to).PodNamespace, lab.Pod(to), TransferBytes, seed: from);
                UdpTransfer.ArrivesIntact(
                    lab.Host(from).PodNamespace, lab.Host(to).PodNamespace, lab.Pod(to), 1001, bursts: 1, seed: from,
                    UdpSending.Segmented);
            }

            Await(() => watch.Datagrams >= LeastDatagrams, () => $"{watch.Datagrams} datagrams");
            Assert.Empty(watch.Stop());
            Assert.Equal(isByKernel, watch.WithoutChecksum > 0);
        }

        Assert.Empty(InnerErrors.Of(lab.Plan));
    }

    [Fact]
    public void What_is_merged_goes_on_on_all_processors_each_flow_on_one()
    {
        Prerequisites.Require(("ethtool", "ethtool"));
        Assert.SkipUnless(Environment.ProcessorCount > 1, "there is one processor");
        Assert.SkipUnless(
            File.Exists("/proc/sys/net/core/rps_default_mask"), "the kernel has no net.core.rps_default_mask");
        TestLab lab = NewLab(2);
        _ = lab.BringUp([1, 2], _ => ["--datapath", "kernel"]);
        lab.AwaitReach(1, 2);
        CommandResult set = lab.Run(
            lab.Host(1).HostNamespace, ["ethtool", "-K", "eth0", .. s_plainCards[0].Split(' ')]);
        Assert.True(set.Succeeded, set.Error);

        // Each transfer is another flow, and half of them or more belong to another processor.
        long before = PassedOn();
        int flow = 0;
        Await(
            () =>
            {
                TcpTransfer.ArrivesIntact(
                    lab.Host(1).PodNamespace, lab.Host(2).PodNamespace, lab.Pod(2), TransferBytes, seed: ++flow);
                return PassedOn() > before;
            },
            () => $"{flow} flows, none passed on to another processor");
    }

    // How often a processor was given packets by another one (received_rps, the tenth column, in
    // net/core/net-procfs.c): nothing else on the machine has RPS switched on unless its operator wants it.
    private static long PassedOn() => File.ReadLines("/proc/net/softnet_stat")
        .Sum(line => long.Parse(line.Split(' ')[9], NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    /// <summary>Looks at every datagram of tunnels that passes an interface.</summary>
    private sealed class DatagramWatch : IDisposable
    {
        private readonly PacketDecoder _decoder = new(TestLab.Port);
        private readonly FrameTap _tap;
        private readonly bool _isComplete;
        private readonly List<string> _oddities = [];
        private int _datagrams;
        private int _withoutChecksum;

        /// <summary>Begins.</summary>
        /// <param name="networkNamespace">Where the interface is.</param>
        /// <param name="interfaceName">Which one.</param>
        /// <param name="isComplete">Whether the checksums of what is inside must be right.</param>
        internal DatagramWatch(string networkNamespace, string interfaceName, bool isComplete)
        {
            _isComplete = isComplete;
            _tap = new FrameTap(networkNamespace, interfaceName, (frame, _) => Judge(frame));
        }

        /// <summary>Seen so far; some pass unseen where the machine is busy.</summary>
        internal int Datagrams => Volatile.Read(ref _datagrams);

        /// <summary>Those without a UDP checksum, which a kernel has made.</summary>
        internal int WithoutChecksum => Volatile.Read(ref _withoutChecksum);

        /// <summary>Ends it.</summary>
        /// <returns>What was wrong, a line for each.</returns>
        internal IReadOnlyList<string> Stop()
        {
            Dispose();
            return _oddities;
        }

        public void Dispose() => _tap.Dispose();

        private void Judge(ReadOnlySpan<byte> frame)
        {
            DecodedPacket packet = _decoder.Decode(LinkType.Ethernet, frame.ToArray(), frame.Length);
            if (packet.Link.EtherType != EtherTypes.Ipv4 || packet.Outer.Protocol == Igmp
                || OverlayProbe.Is(packet.Inner))
            {
                return;
            }

            Volatile.Write(ref _datagrams, _datagrams + 1);
            bool isWhole = packet is { Encapsulation: Encapsulation.Udp, InnerCount: 1, Fault: PacketFault.None };
            string? oddity = isWhole
                ? OddityOf(packet, frame.Length - LinkHeader.EthernetBytes)
                : "no datagram with one whole packet inside";
            _withoutChecksum += packet.Outer.TransportChecksum == ChecksumState.NotComputed ? 1 : 0;
            if (oddity is not null)
            {
                string start = Convert.ToHexString(frame[..Math.Min(90, frame.Length)]);
                _oddities.Add($"{oddity}: {frame.Length} bytes, {start}");
            }
        }

        private string? OddityOf(in DecodedPacket packet, int outerBytes) => packet switch
        {
            _ when outerBytes > LabPlan.WireMtu => "longer than the wire's MTU",
            _ when packet.Outer.Ipv4.TotalLength != outerBytes => "the outer total length is wrong",
            _ when packet.Outer.Udp.Length != outerBytes - packet.Outer.Ipv4.HeaderBytes => "the UDP length is wrong",
            { Outer.Ipv4.ChecksumState: ChecksumState.Bad } => "the outer header's checksum is wrong",
            { Inner.Ipv4.ChecksumState: ChecksumState.Bad } => "the inner header's checksum is wrong",
            { Outer.TransportChecksum: ChecksumState.Bad } => "the UDP checksum is wrong",
            _ when _isComplete && packet.Inner.TransportChecksum != ChecksumState.Good =>
                "the inner checksum is wrong or open",
            _ => null,
        };
    }
}
