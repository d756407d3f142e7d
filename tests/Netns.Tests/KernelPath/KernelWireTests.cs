using System;
using System.Collections.Generic;
using System.Threading;
using Overlay.Lab;
using Overlay.Lab.Decoding;
using Overlay.Linux;
using Overlay.Netns.Tests.Support;
using Overlay.Router.Packets;
using Xunit;

namespace Overlay.Netns.Tests.KernelPath;

/// <summary>
/// What leaves a host whose kernel forwards: to a wire that carries no superpackets, and to peers that take none, only
/// single, whole datagrams.
/// </summary>
public sealed class KernelWireTests : LabTest
{
    private const int TransferBytes = 1 << 20;
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

    /// <summary>Looks at every datagram of tunnels that passes an interface.</summary>
    private sealed class DatagramWatch : IDisposable
    {
        private static readonly TimeSpan s_turn = TimeSpan.FromMilliseconds(20);

        private readonly PacketSocket _socket;
        private readonly Thread _looking;
        private readonly bool _isComplete;
        private readonly List<string> _oddities = [];
        private bool _enough;
        private int _datagrams;
        private int _withoutChecksum;

        /// <summary>Begins.</summary>
        /// <param name="networkNamespace">Where the interface is.</param>
        /// <param name="interfaceName">Which one.</param>
        /// <param name="isComplete">Whether the checksums of what is inside must be right.</param>
        internal DatagramWatch(string networkNamespace, string interfaceName, bool isComplete)
        {
            _isComplete = isComplete;
            int index = LabNamespace.InterfaceIndex(networkNamespace, interfaceName);
            _socket = LabNamespace.Run(networkNamespace, () => PacketSocket.Open(index));
            _looking = new Thread(Look);
            _looking.Start();
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

        public void Dispose()
        {
            if (!Volatile.Read(ref _enough))
            {
                Volatile.Write(ref _enough, true);
                _looking.Join();
                _socket.Dispose();
            }
        }

        private void Look()
        {
            byte[] frame = new byte[64 * 1024];
            while (!Volatile.Read(ref _enough))
            {
                if (_socket.TryReceive(frame, s_turn, out int length, out _))
                {
                    Judge(frame.AsSpan(0, length));
                }
            }
        }

        private void Judge(ReadOnlySpan<byte> frame)
        {
            if (!EthernetFields.TryParse(frame, out EthernetFields ethernet, out ReadOnlySpan<byte> outer)
                || ethernet.EtherType != EthernetFields.Ipv4)
            {
                return;
            }

            ReadOnlySpan<byte> inside = outer[(Ipv4Fields.MinimumHeaderBytes + UdpFields.HeaderBytes)..];
            if (PeerProbe.IsProbe(inside))
            {
                return;
            }

            Volatile.Write(ref _datagrams, _datagrams + 1);
            string? oddity = EncapsulatedPacket.TryDecode(frame, out EncapsulatedPacket? packet) && packet is not null
                ? OddityOf(packet, outer.Length, inside)
                : "no datagram with one whole packet inside";
            _withoutChecksum += packet?.Udp.ChecksumState == UdpChecksumState.None ? 1 : 0;
            if (oddity is not null)
            {
                string start = Convert.ToHexString(frame[..Math.Min(90, frame.Length)]);
                _oddities.Add($"{oddity}: {frame.Length} bytes, {start}");
            }
        }

        private string? OddityOf(EncapsulatedPacket packet, int outerBytes, ReadOnlySpan<byte> inner) => packet switch
        {
            _ when outerBytes > LabPlan.WireMtu => "longer than the wire's MTU",
            _ when packet.Outer.TotalLength != outerBytes => "the outer total length is wrong",
            _ when packet.Udp.Length != outerBytes - packet.Outer.HeaderBytes => "the UDP length is wrong",
            { Outer.ChecksumIsCorrect: false } => "the outer header's checksum is wrong",
            { Inner.ChecksumIsCorrect: false } => "the inner header's checksum is wrong",
            { Udp.ChecksumState: UdpChecksumState.Wrong } => "the UDP checksum is wrong",
            _ when _isComplete && !IsComplete(packet.Inner, inner) => "the inner checksum is wrong or open",
            _ => null,
        };

        private static bool IsComplete(Ipv4Fields header, ReadOnlySpan<byte> inner)
        {
            ReadOnlySpan<byte> message = inner[header.HeaderBytes..header.TotalLength];
            ushort pseudo = OnesComplement.PseudoHeaderSum(
                Ipv4Fields.Addresses(inner), header.Protocol, message.Length);
            return OnesComplement.Sum(message, header.Protocol == Ipv4Fields.Icmp ? (ushort)0 : pseudo) == 0xFFFF;
        }
    }
}
