using System;
using System.Buffers.Binary;
using System.Linq;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.Packets;
using Overlay.Router.Paths;
using Overlay.Router.Tests.Segmentation;
using Xunit;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Router.Tests.Outbound;

/// <summary>
/// Trains that the kernel refuses, for every reason it has: nothing is lost, nothing overtakes, and the peer is
/// remembered.
/// </summary>
public abstract class TrainFaultTests(RigEngine engine)
{
    private const int NarrowMtu = 1400;
    private const int LongestPacket = NarrowMtu - 28; // IPv4 and UDP around it
    private const ushort MayNotBeFragmented = 0x4000;

    [Theory]
    [InlineData(Errno.EIO)]
    [InlineData(Errno.EINVAL)]   // more datagrams than the kernel takes; the path is wide enough
    [InlineData(Errno.EMSGSIZE)]
    public void A_refused_train_goes_as_single_datagrams_and_so_does_what_follows_it_for_ten_minutes(Errno errno)
    {
        using var rig = new Rig(engine);
        rig.Port.PathMtus[PeerAddress] = 1500;
        rig.Port.Refuse = (destination, segmentBytes) =>
            destination == PeerAddress && segmentBytes > 0 ? errno : Errno.None;
        SendRow(rig, PeerPod, 5);
        SendRow(rig, OtherPeerPod, 3);

        Assert.Equal([1, 1, 1, 1, 1, 3], rig.Port.TrainLengths);
        Assert.Equal([0, 1, 2, 3, 4, 0, 1, 2], Ids(rig));
        Assert.Equal(1, rig.Outbound.Seen(CountedEvent.TrainRefused));
        Assert.Equal(errno, rig.Outbound.LastRefusal);
        Assert.Equal(8, rig.Outbound.ForwardedPackets);
        Assert.Equal(0, rig.Outbound.Dropped());
        PeerPath path = rig.Paths.Current.Find(PeerAddress, rig.Paths.Now);
        Assert.False(path.TakesTrains);
        Assert.Equal(PeerPath.Unknown.Mtu, path.Mtu);

        rig.Time.Advance(TimeSpan.FromMilliseconds(PeerPaths.LifetimeMilliseconds - 1));
        Assert.Equal([1, 1, 1, 3], TrainsOf(rig, () => { SendRow(rig, PeerPod, 3); SendRow(rig, OtherPeerPod, 3); }));
        Assert.Equal(1, rig.Outbound.Seen(CountedEvent.TrainRefused));

        rig.Port.Refuse = null;
        rig.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal([3], TrainsOf(rig, () => SendRow(rig, PeerPod, 3)));
    }

    [Fact]
    public void All_trains_of_one_batch_that_are_refused_are_sent_singly_in_their_order()
    {
        using var rig = new Rig(engine);
        rig.Port.Refuse = (_, segmentBytes) => segmentBytes > 0 ? Errno.EIO : Errno.None;
        byte[][] packets = [.. Enumerable.Range(0, 12)
            .Select(i => Ipv4(OurPod, i / 3 % 2 == 0 ? PeerPod : OtherPeerPod, payload: new byte[40], id: (ushort)i))];
        rig.Send(packets);

        Assert.Equal(Enumerable.Range(0, 12), Ids(rig));
        Assert.Equal(Enumerable.Repeat(1, 12), rig.Port.TrainLengths);
        Assert.Equal(0, rig.Outbound.Dropped());
    }

    [Fact]
    public void A_datagram_of_a_refused_train_that_is_refused_alone_too_is_the_only_one_dropped()
    {
        using var rig = new Rig(engine);
        int singles = 0;

        // The third single is refused twice: a refusal is repeated once, as it may be about an earlier datagram.
        rig.Port.Refuse = (_, segmentBytes) =>
            segmentBytes > 0 ? Errno.EIO : ++singles is 3 or 4 ? Errno.EPERM : Errno.None;
        SendRow(rig, PeerPod, 5);

        Assert.Equal([0, 1, 3, 4], Ids(rig));
        Assert.Equal(DropReason.SendRefused, Rig.OnlyDrop(rig.Outbound));
        Assert.Equal(4, rig.Outbound.ForwardedPackets);
    }

    [Theory]
    [InlineData(Errno.EMSGSIZE)]
    [InlineData(Errno.EINVAL)] // the same before Linux 6.14
    public void A_train_too_long_for_its_path_teaches_the_MTU_and_what_may_not_be_fragmented_is_answered(Errno errno)
    {
        using Rig rig = Narrow(errno);
        PutSuperpacket(rig, Tcp, 1472, 4, MayNotBeFragmented);

        Assert.Equal([1, 1, 1, 1], rig.Port.TrainLengths); // before it was known: the kernel fragments them
        Assert.Equal(1, rig.Outbound.Seen(CountedEvent.TrainRefused));
        PeerPath path = rig.Paths.Current.Find(PeerAddress, rig.Paths.Now);
        Assert.Equal(NarrowMtu, path.Mtu);
        Assert.True(path.TakesTrains);

        rig.Port.Sent.Clear();
        byte[] superpacket = PutSuperpacket(rig, Tcp, 1472, 4, MayNotBeFragmented);
        Assert.Empty(rig.Port.Sent);
        Assert.Equal(4, rig.Outbound.Dropped(DropReason.FragmentationNeeded));
        Assert.Equal(4, rig.Outbound.Dropped());
        AssertAnswered(rig, SegmentOracle.Segments(superpacket, 1472 - 40)[0]);
    }

    [Theory]
    [InlineData(Tcp)]
    [InlineData(Udp)]
    public void On_a_narrow_path_what_fits_goes_in_trains_and_what_may_be_fragmented_goes_singly(byte protocol)
    {
        using Rig rig = Narrow(Errno.EMSGSIZE);
        rig.Paths.ReportMtu(PeerAddress, NarrowMtu);

        Assert.Equal([4], TrainsOf(rig, () => PutSuperpacket(rig, protocol, LongestPacket, 4, MayNotBeFragmented)));
        Assert.Equal([1, 1, 1, 1], TrainsOf(rig, () => PutSuperpacket(rig, protocol, LongestPacket + 1, 4, 0)));
        Assert.Equal([4], TrainsOf(rig, () => PutSuperpacket(rig, protocol, LongestPacket, 4, 0)));
        Assert.Equal(0, rig.Outbound.Dropped());
        Assert.Equal(0, rig.Outbound.Seen(CountedEvent.TrainRefused));

        Assert.Equal([], TrainsOf(rig, () => PutSuperpacket(rig, protocol, LongestPacket + 1, 4, MayNotBeFragmented)));
        Assert.Equal(4, rig.Outbound.Dropped(DropReason.FragmentationNeeded));
        Assert.Single(rig.Icmp.Sent);
    }

    [Fact]
    public void On_a_narrow_path_a_superpacket_is_judged_by_its_longest_segment_and_not_by_its_own_length()
    {
        using Rig rig = Narrow(Errno.EMSGSIZE);
        rig.Paths.ReportMtu(PeerAddress, NarrowMtu);

        // Cut into one: its payload is shorter than the segment it may fill.
        byte[] packet = TcpPacket(OurPod, PeerPod, 1, 2, 3, 4, 0x10, new byte[1000]);
        VirtioNetHeader header = SegmentOracle.Describe(packet, 1460);
        Assert.Equal([1], TrainsOf(rig, () => { rig.Tun.Put(header, packet); rig.DrainTun(); }));
        Assert.Equal(0, rig.Outbound.Dropped());
    }

    [Fact]
    public void On_a_narrow_path_a_single_packet_that_may_not_be_fragmented_is_answered()
    {
        using Rig rig = Narrow(Errno.EMSGSIZE);
        rig.Paths.ReportMtu(PeerAddress, NarrowMtu);
        rig.Send(UdpPacket(OurPod, PeerPod, 1, 2, new byte[LongestPacket - 28]));
        Assert.Single(rig.Port.Sent);

        byte[] longer = UdpPacket(OurPod, PeerPod, 1, 2, new byte[LongestPacket - 27]);
        rig.Send((byte[])longer.Clone(), UdpPacket(OurPod, OtherPeerPod, 1, 2, new byte[1400]));
        Assert.Equal(OtherPeerAddress, rig.Port.Sent[^1].Destination);
        Assert.Equal(2, rig.Port.Sent.Count);
        Assert.Equal(DropReason.FragmentationNeeded, Rig.OnlyDrop(rig.Outbound));
        AssertAnswered(rig, longer);
    }

    [Fact]
    public void A_source_that_has_used_up_its_errors_still_gets_the_path_MTU()
    {
        using Rig rig = Narrow(Errno.EMSGSIZE);
        rig.Paths.ReportMtu(PeerAddress, NarrowMtu);
        rig.Send([.. Enumerable.Range(0, 200).Select(_ => Ipv4(OurPod, Unleased))]);
        Assert.True(rig.Outbound.Seen(CountedEvent.IcmpRateLimited) > 0);
        rig.Icmp.Sent.Clear();

        byte[] tooLong = UdpPacket(OurPod, PeerPod, 1, 2, new byte[LongestPacket - 27]);
        rig.Send((byte[])tooLong.Clone());
        AssertAnswered(rig, tooLong);
    }

    [Fact]
    public void A_narrow_path_is_forgotten_after_ten_minutes()
    {
        using Rig rig = Narrow(Errno.None);
        rig.Paths.ReportMtu(PeerAddress, NarrowMtu);
        rig.Time.Advance(TimeSpan.FromMinutes(10));

        Assert.Equal([4], TrainsOf(rig, () => PutSuperpacket(rig, Tcp, 1472, 4, MayNotBeFragmented)));
        Assert.Empty(rig.Icmp.Sent);
    }

    private Rig Narrow(Errno errno)
    {
        var rig = new Rig(engine);
        rig.Port.PathMtus[PeerAddress] = NarrowMtu;
        rig.Port.Refuse = (_, segmentBytes) => segmentBytes > LongestPacket ? errno : Errno.None;
        return rig;
    }

    private static void SendRow(Rig rig, Ipv4Address destination, int count) =>
        rig.Send([.. Enumerable.Range(0, count)
            .Select(i => Ipv4(OurPod, destination, payload: new byte[100], id: (ushort)i))]);

    /// <summary>One that is cut into so many packets of this length.</summary>
    private static byte[] PutSuperpacket(Rig rig, byte protocol, int packetBytes, int count, ushort fragment)
    {
        int headerBytes = protocol == Tcp ? 40 : 28;
        byte[] payload = new byte[count * (packetBytes - headerBytes)];
        new Random(1).NextBytes(payload);
        byte[] packet = protocol == Tcp
            ? TcpPacket(OurPod, PeerPod, 1, 2, 3, 4, 0x10, payload, fragment: fragment)
            : UdpPacket(OurPod, PeerPod, 1, 2, payload, fragment: fragment);
        rig.Tun.Put(SegmentOracle.Describe(packet, packetBytes - headerBytes), packet);
        rig.DrainTun();
        return packet;
    }

    private static int[] TrainsOf(Rig rig, Action act)
    {
        rig.Port.TrainLengths.Clear();
        act();
        return [.. rig.Port.TrainLengths];
    }

    private static int[] Ids(Rig rig) => [.. rig.Port.Sent.Select(sent => (sent.Payload[4] << 8) | sent.Payload[5])];

    // RFC 1191, section 4; the packet is quoted as it came, before its time to live was touched.
    private static void AssertAnswered(Rig rig, byte[] offender)
    {
        (Ipv4Address destination, byte[] message) = Assert.Single(rig.Icmp.Sent);
        Assert.Equal(OurPod, destination);
        Assert.Equal([3, 4], message[..2]);
        Assert.Equal(new byte[2], message[4..6]);
        Assert.Equal(LongestPacket, BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(6)));
        Assert.Equal(Convert.ToHexString(offender[..28]), Convert.ToHexString(message[8..]));
        Assert.True(InternetChecksum.IsValid(message));
    }
}

public sealed class OffloadTrainFaultTests() : TrainFaultTests(RigEngine.Offload);

public sealed class PipelineTrainFaultTests() : TrainFaultTests(RigEngine.Pipeline);
