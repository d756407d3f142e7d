using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Ports;
using Overlay.Router.Tests.Segmentation;
using Xunit;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Router.Tests.Outbound;

/// <summary>Which packets share a train: one peer's, in order, all as long as the first but the last.</summary>
public abstract class TrainTests(RigEngine engine)
{
    [Fact]
    public void A_shorter_packet_ends_a_train_and_a_longer_one_begins_the_next()
    {
        using var rig = new Rig(engine);
        int[] lengths = [100, 100, 60, 100, 100, 140, 140, 100, 100, 40];
        rig.Send(
            [.. lengths.Select((length, i) => Ipv4(OurPod, PeerPod, payload: new byte[length - 20], id: (ushort)i))]);

        Assert.Equal([3, 2, 3, 2], rig.Port.TrainLengths);
        Assert.Equal(lengths, rig.Port.Sent.Select(sent => sent.Payload.Length));
        Assert.Equal(Enumerable.Range(0, lengths.Length), rig.Port.Sent.Select(sent => (int)sent.Payload[5]));
        Assert.Equal(4, Assert.Single(rig.Port.MessagesPerCall)); // one system call for all of them
    }

    [Fact]
    public void Packets_to_other_peers_keep_their_places()
    {
        using var rig = new Rig(engine);
        Ipv4Address[] to = [PeerPod, PeerPod, OtherPeerPod, PeerPod, PeerPod, PeerPod, OtherPeerPod, OtherPeerPod];
        rig.Send([.. to.Select((pod, i) => Ipv4(OurPod, pod, id: (ushort)i))]);

        Assert.Equal([2, 1, 3, 2], rig.Port.TrainLengths);
        Assert.Equal(Enumerable.Range(0, to.Length), rig.Port.Sent.Select(sent => (int)sent.Payload[5]));
        Assert.Equal(to.Select(
            pod => pod == PeerPod ? PeerAddress : OtherPeerAddress), rig.Port.Sent.Select(sent => sent.Destination));
    }

    [Theory]
    [InlineData(SendLimits.SafeDatagrams, 200, new[] { 63, 63, 63, 11 })]
    [InlineData(SendLimits.SafeDatagrams, 63, new[] { 63 })]
    [InlineData(SendLimits.SafeDatagrams, 64, new[] { 63, 1 })]
    [InlineData(SendLimits.MostDatagrams, 200, new[] { 127, 73 })]
    [InlineData(SendLimits.MostDatagrams, 127, new[] { 127 })]
    [InlineData(SendLimits.MostDatagrams, 128, new[] { 127, 1 })]
    public void A_train_has_no_more_datagrams_than_the_kernel_takes(int limit, int datagrams, int[] expected)
    {
        using var rig = new Rig(engine, datagramsPerTrain: limit);
        int refusedAs = -1;
        rig.Port.Refuse = (_, segmentBytes) =>
        {
            refusedAs = segmentBytes;
            return Errno.None;
        };
        Put(rig, datagrams, 100);
        rig.DrainTun();

        Assert.Equal(expected, rig.Port.TrainLengths);
        Assert.Equal(expected[^1] == 1 ? 0 : 140, refusedAs); // the last message: a train of one is no train
    }

    [Theory]
    [InlineData(1472, 44)] // 64,768 bytes; one more would be 66,240
    [InlineData(655, 100)] // 65,500
    [InlineData(656, 99)]  // 64,944; one more would be 65,600
    public void A_train_has_no_more_bytes_than_a_datagram_can(int packetBytes, int expected)
    {
        using var rig = new Rig(engine, datagramsPerTrain: SendLimits.MostDatagrams);
        List<byte[]> sent = [
            .. Put(rig, 44, packetBytes - 40), .. Put(rig, 44, packetBytes - 40), .. Put(rig, 44, packetBytes - 40)];
        rig.DrainTun();

        Assert.Equal(expected, rig.Port.TrainLengths[0]);
        Assert.Equal(sent, rig.Port.Sent.Select(each => each.Payload));
    }

    [Fact]
    public void What_one_superpacket_leaves_over_begins_the_train_that_the_next_one_continues()
    {
        using var rig = new Rig(engine);
        List<byte[]> sent = [.. Put(rig, 45, 1432), .. Put(rig, 45, 1432), .. Put(rig, 43, 1432)];
        rig.DrainTun();

        Assert.Equal([44, 44, 44, 1], rig.Port.TrainLengths);
        Assert.Equal(sent, rig.Port.Sent.Select(each => each.Payload));
    }

    [Fact]
    public void A_train_is_not_kept_waiting_when_the_device_is_empty()
    {
        using var rig = new Rig(engine);
        Put(rig, 3, 1000);
        rig.DrainTun();
        Assert.Equal([3], rig.Port.TrainLengths);

        Put(rig, 3, 1000);
        rig.DrainTun();
        Assert.Equal([3, 3], rig.Port.TrainLengths);
    }

    [Fact]
    public void A_packet_that_waits_for_company_is_not_overwritten_by_frames_that_are_dropped()
    {
        using var rig = new Rig(engine);
        byte[] first = Ipv4(OurPod, PeerPod, payload: [.. Enumerable.Range(0, 200).Select(i => (byte)i)], id: 1);
        byte[] second = Ipv4(OurPod, PeerPod, payload: [.. Enumerable.Repeat((byte)0xEE, 200)], id: 2);

        // The frames without a route take the ring once round, to just before and then just behind where the first
        // packet waits.
        PutDropped(rig, 65_520);
        rig.Tun.Put((byte[])first.Clone());
        PutDropped(rig, 65_535, 65_535, 65_535);
        rig.Tun.Put((byte[])second.Clone());
        rig.DrainTun();
        Assert.Equal([first[20..], second[20..]], rig.Port.Sent.Select(sent => sent.Payload[20..]));
    }

    [Fact]
    public void A_packet_that_waits_for_company_is_not_overwritten_when_the_ring_ends_before_what_waits_longest()
    {
        using var rig = new Rig(engine);
        byte[] third = Ipv4(OurPod, PeerPod, payload: [.. Enumerable.Range(0, 200).Select(i => (byte)i)]);
        byte[] seventh = Ipv4(OurPod, PeerPod, payload: [.. Enumerable.Repeat((byte)0xEE, 200)]);

        // The last of 45 datagrams waits at the ring's end, the third frame at its start; then the ring is gone round
        // once.
        PutDropped(rig, 65_520, 65_520);
        List<byte[]> sent = Put(rig, 45, 1432);
        rig.Tun.Put((byte[])third.Clone());
        PutDropped(rig, 65_520, 65_535);
        rig.Tun.Put((byte[])seventh.Clone());
        rig.DrainTun();

        byte[][] payloads = [.. sent.Append(third).Append(seventh).Select(packet => packet[20..])];
        Assert.Equal(payloads, rig.Port.Sent.Select(each => each.Payload[20..]));
    }

    private static void PutDropped(Rig rig, params int[] lengths)
    {
        foreach (int length in lengths)
        {
            rig.Tun.Put(Ipv4(OurPod, Unleased, payload: new byte[length - 20]));
        }
    }

    /// <summary>A TCP superpacket for the peer.</summary>
    /// <returns>The datagrams it must become.</returns>
    private static List<byte[]> Put(Rig rig, int segments, int segmentBytes)
    {
        byte[] payload = new byte[segments * segmentBytes];
        new Random(segments).NextBytes(payload);
        byte[] packet = TcpPacket(OurPod, PeerPod, 1, 2, 3, 4, 0x10, payload);
        byte[] stepped = (byte[])packet.Clone();
        stepped[8]--;
        rig.Tun.Put(SegmentOracle.Describe(packet, segmentBytes), packet);
        return SegmentOracle.Segments(stepped, segmentBytes);
    }
}

public sealed class OffloadTrainTests() : TrainTests(RigEngine.Offload);

public sealed class PipelineTrainTests() : TrainTests(RigEngine.Pipeline);
