using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using Overlay.Control;
using Overlay.Netns.Tests.Support;
using Overlay.Testing;
using Xunit;

namespace Overlay.Netns.Tests.Forwarding;

/// <summary>
/// What a datagram of foreign making does to the first host's pod. The second host is a peer with a lease; the third is
/// on the wire without one.
/// </summary>
public sealed class SourceCheckTests : LabTest
{
    private const int PodPort = 4242;

    [Fact]
    public void A_strangers_datagram_is_counted_as_unknown_peer_and_nothing_reaches_the_pod()
    {
        TestLab lab = NewLab(3);
        _ = lab.BringUp(1, 2);
        using var pod = new PacketWatch(lab.Host(1).PodNamespace, "eth0");
        byte[] mark = Mark(seed: 11);

        Injector.Send(lab.Host(3).HostNamespace, lab.Host(1).UnderlayAddress, Packet(lab.Pod(2), lab.Pod(1), mark));

        Await(() => Drops(lab, "unknown_peer") == 1, "not counted");
        Assert.Null(pod.First((_, payload) => Carries(payload, mark), TimeSpan.Zero));
        Assert.Equal("unknown_peer", Assert.Single(lab.Counters(1).Inbound.Drops).Key);
    }

    [Fact]
    public void A_peer_may_send_from_its_own_subnet_and_from_no_other()
    {
        TestLab lab = NewLab(3);
        _ = lab.BringUp(1, 2);
        using var pod = new PacketWatch(lab.Host(1).PodNamespace, "eth0");
        byte[] foreign = Mark(seed: 12);
        byte[] ours = Mark(seed: 13);
        byte[] own = Mark(seed: 14);

        IPAddress target = lab.Host(1).UnderlayAddress;
        Injector.Send(lab.Host(2).HostNamespace, target, Packet(IPAddress.Parse("10.244.250.7"), lab.Pod(1), foreign));
        Injector.Send(lab.Host(2).HostNamespace, target, Packet(lab.Subnet(1).Gateway, lab.Pod(1), ours));
        Injector.Send(lab.Host(2).HostNamespace, target, Packet(lab.Pod(2), lab.Pod(1), own));

        bool strange = false;
        Assert.NotNull(pod.First(
            (_, payload) =>
            {
                strange |= Carries(payload, foreign) || Carries(payload, ours);
                return Carries(payload, own); // sent last, so the others are over
            },
            TestLab.Patience));
        Assert.False(strange, "a foreign source reached the pod");
        Assert.Equal(2, Drops(lab, "spoofed_source"));
    }

    [Fact]
    public void With_the_check_off_a_strangers_datagram_arrives_as_with_stock()
    {
        TestLab lab = NewLab(3);
        RunningProgram daemon = lab.Start(1, "--source-check", "off");
        lab.AttachPod(1, lab.WaitUntilReady(daemon, 1));
        using var pod = new PacketWatch(lab.Host(1).PodNamespace, "eth0");
        byte[] mark = Mark(seed: 15);

        byte[] packet = Packet(IPAddress.Parse("10.244.250.7"), lab.Pod(1), mark);
        Injector.Send(lab.Host(3).HostNamespace, lab.Host(1).UnderlayAddress, packet);

        Assert.NotNull(pod.First((_, payload) => Carries(payload, mark), TestLab.Patience));
        Assert.Empty(lab.Counters(1).Inbound.Drops);
    }

    [Fact]
    public void DP_27_a_datagram_longer_than_the_tunnel_mtu_arrives_whole_and_is_noted_as_oversize()
    {
        TestLab lab = NewLab(2);
        _ = lab.BringUp(1, 2);
        using Socket receiver = NamespaceSocket.Udp(lab.Host(1).PodNamespace);
        receiver.Bind(new IPEndPoint(lab.Pod(1), PodPort));
        receiver.ReceiveTimeout = (int)TestLab.Patience.TotalMilliseconds;
        byte[] sent = new byte[2000]; // with its headers longer than the tunnel's 1472 and than the wire's 1500
        new Random(16).NextBytes(sent);

        Injector.Send(lab.Host(2).HostNamespace, lab.Host(1).UnderlayAddress, Packet(lab.Pod(2), lab.Pod(1), sent));

        byte[] arrived = new byte[4096];
        int length = receiver.Receive(arrived);
        Assert.Equal(sent, arrived[..length]);
        DirectionReport inbound = lab.Counters(1).Inbound;
        Assert.Equal(1, inbound.Events["oversize"]);
        Assert.Empty(inbound.Drops);
    }

    private static long Drops(TestLab lab, string reason) => lab.Counters(1).Inbound.Drops.GetValueOrDefault(reason);

    private static byte[] Mark(int seed)
    {
        byte[] mark = new byte[32];
        new Random(seed).NextBytes(mark);
        return mark;
    }

    private static bool Carries(byte[] payload, byte[] mark) => payload.AsSpan().IndexOf(mark) >= 0;

    // An IPv4 packet that may be fragmented, with a UDP datagram without checksum inside.
    private static byte[] Packet(IPAddress from, IPAddress to, byte[] data)
    {
        int length = 8 + data.Length;
        byte[] ports = [0x10, 0x92, PodPort >> 8, PodPort & 0xff, (byte)(length >> 8), (byte)length, 0, 0];
        return PacketBuilder.Ipv4(
            PacketBuilder.Address(from.ToString()), PacketBuilder.Address(to.ToString()),
            payload: [.. ports, .. data], fragment: 0);
    }
}
