using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.Ports;
using Overlay.Router.Routes;
using Overlay.Router.Tests.Segmentation;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Router.Tests.Outbound;

/// <summary>
/// Random frames of every kind and length to several peers, past refusals: every datagram sent is what a slow oracle
/// says, in the order the frames came. What is overwritten, sent twice, forgotten or cut wrongly shows.
/// </summary>
public abstract class OutboundPropertyTests(RigEngine engine, int datagramsPerTrain, ITestOutputHelper output)
{
    private const int Frames = 30_000;
    private const int MostMessageBytes = 65_507;

    private static readonly Ipv4Address s_thirdPeerPod = Address("10.5.11.4");
    private static readonly Ipv4Address s_thirdPeerAddress = Address("192.168.0.11");

    [Fact]
    public void Tens_of_thousands_of_random_frames_become_the_datagrams_they_should_in_their_order()
    {
        int seed = int.TryParse(
            Environment.GetEnvironmentVariable("OVERLAY_SEED"), out int given) ? given : Environment.TickCount;
        output.WriteLine($"seed {seed}: to repeat, OVERLAY_SEED={seed}");
        var random = new Random(seed);
        RouteTable table = Table(new Route(new Ipv4Prefix(Address("10.5.11.0"), 24), s_thirdPeerAddress));
        using var rig = new Rig(engine, table: table, withIcmp: false, datagramsPerTrain: datagramsPerTrain);
        int attempts = 0;
        int trains = 0;
        rig.Port.Refuse = (_, segmentBytes) =>
            ++attempts % 41 == 0 ? Errno.EAGAIN
            : segmentBytes > 0 && ++trains % 25 < 2 ? Errno.EIO // twice: the first might be about an earlier datagram
            : Errno.None;

        long datagrams = 0;
        int longest = 0;
        for (int frames = 0; frames < Frames;)
        {
            List<(Ipv4Address Peer, byte[] Datagram)> expected = [];
            for (int left = random.Next(1, 100); left > 0; left--, frames++)
            {
                PutNext(random, rig.Tun, expected);
            }

            rig.DrainTun();
            AssertSent(rig.Port, expected, $"seed {seed}, frame {frames}");
            datagrams += expected.Count;
            longest = Math.Max(longest, LongestTrain(rig.Port));
            rig.Port.Sent.Clear();
            rig.Port.TrainLengths.Clear();

            // A peer to which a train was refused gets none for ten of these rounds.
            rig.Time.Advance(TimeSpan.FromMinutes(1));
        }

        long refused = rig.Outbound.Seen(CountedEvent.TrainRefused);
        output.WriteLine($"{datagrams} datagrams, {refused} trains refused, longest train {longest}");
        output.WriteLine($"{rig.Port.WritableWaits} waits");
        Assert.Equal(datagrams, rig.Outbound.ForwardedPackets);
        Assert.Equal(
            rig.Outbound.Dropped(),
            rig.Outbound.Dropped(DropReason.NoRoute) + rig.Outbound.Dropped(DropReason.TtlExpired));
        Assert.True(refused > 3 && rig.Port.WritableWaits > 0, $"seed {seed}: hardly anything was refused");
        Assert.Equal(datagramsPerTrain, longest);
    }

    private static void PutNext(Random random, InMemoryTunQueue tun, List<(Ipv4Address Peer, byte[] Datagram)> expected)
    {
        // Mostly one peer, so that trains grow.
        (Ipv4Address pod, Ipv4Address peer) = random.Next(8) switch
        {
            0 => (OtherPeerPod, OtherPeerAddress),
            1 => (s_thirdPeerPod, s_thirdPeerAddress),
            2 => (Unleased, default(Ipv4Address)),
            _ => (PeerPod, PeerAddress),
        };
        byte ttl = (byte)(random.Next(30) == 0 ? 1 : random.Next(2, 256));
        int kind = random.Next(10);
        bool isTcp = random.Next(2) == 0;
        int headerBytes = isTcp ? 40 : 28;
        int segmentBytes =
            random.Next(4) switch { 0 => random.Next(1, 300), 1 => 1472 - headerBytes, _ => random.Next(300, 9_000) };
        int longest = random.Next(12) == 0 ? 65_400 : kind < 4 ? 6_000 : 1_500;
        byte[] payload = new byte[random.Next(1, kind < 4 ? Math.Min(longest, 300 * segmentBytes) + 1 : longest)];
        random.NextBytes(payload);
        ushort fragment = random.Next(2) == 0 ? (ushort)0x4000 : (ushort)0;
        bool isUncut = kind is >= 4 and < 7; // complete but for its checksum
        byte[] packet = isTcp
            ? TcpPacket(
                OurPod, pod, 1, 2, (uint)random.NextInt64(1L << 32), 4, (byte)random.Next(256), payload, ttl: ttl,
                fragment: fragment)
            : UdpPacket(OurPod, pod, 1, 2, payload, (ushort)random.Next(65_536), ttl, fragment);
        if (!peer.IsUnspecified && ttl > 1)
        {
            byte[] stepped = (byte[])packet.Clone();
            stepped[8]--;
            FixHeaderChecksum(stepped);
            if (isUncut)
            {
                WriteOnesForZero(stepped.AsSpan(20 + (isTcp ? 16 : 6)));
            }

            foreach (byte[] datagram in kind < 4 ? SegmentOracle.Segments(stepped, segmentBytes) : [stepped])
            {
                expected.Add((peer, datagram));
            }
        }

        VirtioNetHeader header = SegmentOracle.Describe(packet, segmentBytes);
        if (kind >= 7)
        {
            header = default;
        }
        else if (isUncut)
        {
            header = header with { Type = SegmentationType.None, SegmentBytes = 0 };
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(20 + header.ChecksumOffset), PseudoSum(packet));
        }

        tun.Put(header, packet);
    }

    // The kernel completes a checksum of zero so, for TCP too, unless it has cut the packet (net/core/dev.c,
    // skb_checksum_help).
    private static void WriteOnesForZero(Span<byte> checksum)
    {
        if (BinaryPrimitives.ReadUInt16BigEndian(checksum) == 0)
        {
            BinaryPrimitives.WriteUInt16BigEndian(checksum, 0xFFFF);
        }
    }

    // What the kernel leaves in a checksum field: the sum of addresses, protocol and length.
    private static ushort PseudoSum(byte[] packet)
    {
        int sum = packet[9] + packet.Length - 20;
        for (int i = 12; i < 20; i += 2)
        {
            sum += (packet[i] << 8) + packet[i + 1];
        }

        sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)((sum & 0xFFFF) + (sum >> 16));
    }

    private static void AssertSent(
        InMemoryDatagramPort port, List<(Ipv4Address Peer, byte[] Datagram)> expected, string hint)
    {
        Assert.True(
            expected.Count == port.Sent.Count, $"{hint}: {port.Sent.Count} datagrams instead of {expected.Count}");
        for (int i = 0; i < expected.Count; i++)
        {
            (Ipv4Address peer, byte[] datagram) = port.Sent[i];
            if (peer != expected[i].Peer || !datagram.AsSpan().SequenceEqual(expected[i].Datagram))
            {
                Assert.Fail($"{hint}: datagram {i} of {expected.Count} to "
                    + $"{peer:X8}:\n{Convert.ToHexString(datagram)} instead of\n"
                    + Convert.ToHexString(expected[i].Datagram));
            }
        }

        int first = 0;
        foreach (int length in port.TrainLengths)
        {
            int bytes = 0;
            for (int i = first; i < first + length; i++)
            {
                bytes += port.Sent[i].Payload.Length;
            }

            Assert.True(bytes <= MostMessageBytes, $"{hint}: a train of {length} has {bytes} bytes");
            first += length;
        }
    }

    private static int LongestTrain(InMemoryDatagramPort port)
    {
        int longest = 0;
        port.TrainLengths.ForEach(length => longest = Math.Max(longest, length));
        return longest;
    }
}

public sealed class OffloadOutboundPropertyTests(ITestOutputHelper output)
    : OutboundPropertyTests(RigEngine.Offload, SendLimits.SafeDatagrams, output);

public sealed class LongTrainsOutboundPropertyTests(ITestOutputHelper output)
    : OutboundPropertyTests(RigEngine.Offload, SendLimits.MostDatagrams, output);

public sealed class PipelineOutboundPropertyTests(ITestOutputHelper output)
    : OutboundPropertyTests(RigEngine.Pipeline, SendLimits.MostDatagrams, output);
