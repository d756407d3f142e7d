using System;
using System.Buffers.Binary;
using System.Linq;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Router.Packets;
using Overlay.Router.Routes;
using Overlay.Testing;
using Xunit;

namespace Overlay.KernelPath.Tests;

/// <summary>
/// The whole kernel path of two hosts on one wire: what is sent out of one's tunnel comes out of the other's.
/// </summary>
public sealed class KernelForwardingTests : IDisposable
{
    private const int InnerMtu = 1400;
    private const int HeadersOfDatagram = 14 + 20 + 8;

    private static readonly Ipv4Prefix s_network = Ipv4Prefix.Parse("10.5.0.0/16");
    private static readonly Ipv4Address s_podOfOne = Ipv4Address.Parse("10.5.1.2");
    private static readonly Ipv4Address s_podOfOther = Ipv4Address.Parse("10.5.2.2");

    private readonly TestHost _one;
    private readonly TestHost _other;
    private readonly KernelForwarding _ofOne;
    private readonly KernelForwarding _ofOther;
    private readonly PacketSocket _arriving;
    private readonly PacketInjector _injector;
    private long _seconds;

    public KernelForwardingTests()
    {
        Needs.Root("makes network namespaces, bpf(2)");
        (_one, _other) = TestHost.Pair(Ipv4Address.Parse("192.168.7.1"), Ipv4Address.Parse("192.168.7.2"));
        _ofOne = Open(_one, _other, "10.5.1.0/24", "10.5.2.0/24");
        _ofOther = Open(_other, _one, "10.5.2.0/24", "10.5.1.0/24");
        _arriving = _other.Capture(_other.TunnelIndex);
        _injector = _one.InjectIntoTunnel(virtioNetHeader: true);
    }

    public void Dispose()
    {
        _ofOne.Dispose();
        _ofOther.Dispose();
        _one.Dispose();
        _other.Dispose();
    }

    [Fact]
    public void Each_finds_the_other_by_its_probes_and_loses_it_by_its_farewell()
    {
        Assert.False(_ofOne.ReadPeers().Single().IsReached);
        AwaitBoth();
        Assert.Null(_ofOne.FindFault(_one.Netlink));
        Assert.Null(_ofOther.FindFault(_other.Netlink));

        _ofOther.Dispose();

        TestHost.Await(() => _ofOne.ReadPeers().Single().IsReached ? null : "lost", "still reached after a farewell");
        Assert.Empty(_ofOther.ReadPeers());
    }

    [Fact]
    public void A_helper_that_is_taken_away_is_a_fault_that_says_which()
    {
        Link helper = _one.Netlink.GetLinks().First(link => link.Name.EndsWith("-merge", StringComparison.Ordinal));
        Assert.True(_one.Netlink.DeleteLink(helper.Index));

        Assert.Equal($"interface {helper.Name} is gone", _ofOne.FindFault(_one.Netlink));
        Assert.Null(_ofOther.FindFault(_other.Netlink));
    }

    [Fact]
    public void Nothing_is_left_of_it_when_it_is_closed()
    {
        Assert.Equal(3, Helpers());
        _ofOne.Dispose();
        TestHost.Await(() => Helpers() == 0 ? "gone" : null, "the helpers stay");

        int Helpers() => _one.Netlink.GetLinks().Count(link => link.Name.StartsWith("ovl", StringComparison.Ordinal));
    }

    [Fact]
    public void Packets_and_superpackets_arrive_with_their_bytes_and_count_as_what_they_are_cut_into()
    {
        AwaitBoth();
        long packets = 0;
        long bytes = 0;
        foreach (byte protocol in (byte[])[PacketBuilder.Icmp, PacketBuilder.Udp, 132])
        {
            Pass(PacketBuilder.Ipv4(s_podOfOne, s_podOfOther, protocol: protocol, payload: Noise(1000)), 0, 0);
        }

        // The first by the merging pair, then all by that of superpackets; each cut at 1,000 bytes.
        uint sequence = 1;
        foreach (int optionBytes in (int[])[0, 12])
        {
            foreach (int payloadBytes in (int[])[1, 1000, 1001, 2000, 2001, 9999, 30_000, 60_001])
            {
                byte[] packet = PacketBuilder.TcpPacket(
                    s_podOfOne, s_podOfOther, 4000, 5000, sequence, 1, 0x18, Noise(payloadBytes),
                    Enumerable.Repeat((byte)1, optionBytes).ToArray());
                sequence += (uint)payloadBytes + 100_000; // nothing that could be merged with it
                Pass(packet, payloadBytes > 1000 ? 1000 : 0, 40 + optionBytes);
            }
        }

        KernelCounters outbound = _ofOne.ReadTotals();
        KernelCounters inbound = _ofOther.ReadTotals();
        Assert.Equal((packets, bytes), (outbound.OutboundPackets, outbound.OutboundBytes));
        Assert.Equal((packets, bytes), (inbound.InboundPackets, inbound.InboundBytes));
        Assert.Equal((0, 0), (outbound.OutboundDrops, inbound.InboundDrops));

        void Pass(byte[] packet, int segmentBytes, int headerBytes)
        {
            int count = segmentBytes == 0 ? 1 : (packet.Length - headerBytes + segmentBytes - 1) / segmentBytes;
            packets += count;
            bytes += packet.Length + ((count - 1) * headerBytes);
            Send(packet, segmentBytes, headerBytes);
            byte[] arrived = AwaitArrival(packet[9], packet.Length);
            Assert.Equal(packet.Length, arrived.Length);
            Assert.Equal(62, arrived[8]);
            Assert.True(Frames.HasRightChecksum(arrived.AsSpan(0, 20)));
            Assert.Equal(packet[..8], arrived[..8]);
            int payload = Math.Max(headerBytes, 20); // the TCP header has a checksum that may be partial
            Assert.True(packet.AsSpan(payload).SequenceEqual(arrived.AsSpan(payload)), "other bytes arrived");
        }
    }

    [Fact]
    public void A_superpacket_whose_pieces_are_too_long_for_the_path_is_left_to_user_space()
    {
        AwaitBoth(innerMtu: 1039);
        byte[] packet = PacketBuilder.TcpPacket(s_podOfOne, s_podOfOther, 4000, 5000, 1, 1, 0x18, Noise(3000));
        Send(packet, 1000, 40);

        byte[] read = new byte[2000]; // cut by the kernel, as the TUN takes no superpackets
        int length = (int)TestHost.Await(
            () => _one.Tunnel.Read(read) is { Succeeded: true } answer ? (object)answer.Count : null,
            "nothing came out of the tunnel");
        Assert.Equal(1040, length);
        Assert.Equal(0, _ofOne.ReadTotals().OutboundPackets);
    }

    // Probes to hosts that are gone wait in the kernel for a link address, and take up the socket's buffer.
    [Fact]
    public void Peers_that_are_gone_keep_no_probe_from_one_that_answers()
    {
        AwaitBoth();
        Ipv4Address[] gone = [.. Enumerable.Range(3, 250).Select(last => Ipv4Address.Parse($"192.168.7.{last}"))];
        _ofOne.Add(
            TableOf("10.5.1.0/24", "10.5.2.0/24", _other),
            [new KernelPeer(_other.Own.Address, InnerMtu), .. gone.Select(each => new KernelPeer(each, InnerMtu))]);
        for (int i = 0; i < 20; i++)
        {
            _ofOne.AskPeers(++_seconds, _ => InnerMtu);
        }

        const int Asked = 10;
        PacketSocket wire = _other.Capture(_other.WireIndex);
        for (int i = 0; i < Asked; i++)
        {
            _ofOne.AskPeers(++_seconds, _ => InnerMtu);
        }

        int arrived = 0;
        byte[] frame = new byte[2000];
        while (wire.TryReceive(frame, TimeSpan.FromMilliseconds(100), out int length, out PacketDirection direction))
        {
            bool isArrival = direction == PacketDirection.Incoming && length > HeadersOfDatagram;
            arrived += isArrival && PeerProbe.IsProbe(frame.AsSpan(HeadersOfDatagram..length)) ? 1 : 0;
        }

        Assert.True(arrived > Asked / 2, $"{arrived} of {Asked} probes");
    }

    private static RouteTable TableOf(string own, string theirs, TestHost peer) => RouteTable.Build(
        s_network, Ipv4Prefix.Parse(own), [new Route(Ipv4Prefix.Parse(theirs), peer.Own.Address)]);

    private static KernelForwarding Open(TestHost host, TestHost peer, string own, string theirs)
    {
        KernelForwarding opened = host.Namespace.Run(() =>
        {
            using var netlink = RouteNetlink.Open();
            return KernelForwarding.Open(
                new KernelForwardingOptions(
                    host.Own, host.TunnelIndex, TestHost.TunnelMtu, host.WireIndex, s_network, 24),
                netlink);
        });
        opened.Add(TableOf(own, theirs, peer), [new KernelPeer(peer.Own.Address, InnerMtu)]);
        return opened;
    }

    private static byte[] Noise(int bytes)
    {
        byte[] noise = new byte[bytes];
        new Random(bytes).NextBytes(noise);
        return noise;
    }

    private void AwaitBoth(int innerMtu = InnerMtu) => TestHost.Await(
        () =>
        {
            _seconds++;
            _ofOne.AskPeers(_seconds, _ => innerMtu);
            _ofOther.AskPeers(_seconds, _ => innerMtu);
            return _ofOne.ReadPeers().Single().IsReached && _ofOther.ReadPeers().Single().IsReached ? "both" : null;
        },
        "the hosts do not find each other");

    // Behind a virtio-net header: NEEDS_CSUM and TCPv4 of a superpacket (linux/virtio_net.h).
    private void Send(byte[] packet, int segmentBytes, int headerBytes)
    {
        byte[] frame = [.. new byte[10], .. packet];
        if (segmentBytes > 0)
        {
            (frame[0], frame[1]) = (1, 1);
            BinaryPrimitives.WriteUInt16LittleEndian(frame.AsSpan(2), (ushort)headerBytes);
            BinaryPrimitives.WriteUInt16LittleEndian(frame.AsSpan(4), (ushort)segmentBytes);
            BinaryPrimitives.WriteUInt16LittleEndian(frame.AsSpan(6), 20);
            BinaryPrimitives.WriteUInt16LittleEndian(frame.AsSpan(8), 16);
        }

        _injector.Send(frame);
    }

    private byte[] AwaitArrival(byte protocol, int length)
    {
        byte[] buffer = new byte[1 << 16];
        return TestHost.Await(
            () => _arriving.TryReceive(buffer, TimeSpan.FromSeconds(1), out int received, out PacketDirection direction)
                && direction == PacketDirection.Incoming && received >= 20 && buffer[0] == 0x45
                && buffer[9] == protocol ? buffer[..received] : null,
            $"{length} bytes of protocol {protocol} did not arrive");
    }
}
