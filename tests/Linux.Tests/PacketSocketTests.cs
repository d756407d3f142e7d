using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Xunit;

namespace Overlay.Linux.Tests;

/// <summary>
/// <code>
/// namespace A                       namespace B
///   a0 10.1.0.1/24 ══ veth ══ b0 10.1.0.2/24
/// </code>
/// </summary>
public sealed class PacketSocketTests
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public void A_frame_is_outgoing_where_it_is_sent_and_incoming_where_it_arrives()
    {
        using var a = new TemporaryNamespace();
        using var b = new TemporaryNamespace();
        a.Ip($"link add a0 type veth peer name b0 netns {b.Name}");
        a.Ip("address add 10.1.0.1/24 dev a0");
        b.Ip("address add 10.1.0.2/24 dev b0");
        a.Ip("link set a0 up");
        b.Ip("link set b0 up");
        using PacketSocket atA = a.Namespace.Run(() => OpenOn("a0"));
        using PacketSocket atB = b.Namespace.Run(() => OpenOn("b0"));
        byte[] mark = Encoding.ASCII.GetBytes($"mark of process {Environment.ProcessId}");

        using Socket sender = a.Namespace.Run(
            () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        sender.SendTo(mark, new IPEndPoint(IPAddress.Parse("10.1.0.2"), 9));

        Assert.Equal(PacketDirection.Outgoing, DirectionOf(mark, atA));
        Assert.Equal(PacketDirection.Incoming, DirectionOf(mark, atB));
    }

    [Fact]
    public void A_frame_has_the_time_at_which_it_passed_and_not_that_at_which_it_is_received()
    {
        using var a = new TemporaryNamespace();
        a.Ip("link add a0 type veth peer name a1");
        a.Ip("address add 10.1.0.1/24 dev a0");
        a.Ip("neighbour add 10.1.0.2 lladdr 02:00:00:00:00:02 dev a0");
        a.Ip("link set a0 up");
        a.Ip("link set a1 up");
        using PacketSocket near = a.Namespace.Run(() => OpenOn("a0"));
        using PacketSocket far = a.Namespace.Run(() => OpenOn("a1"));
        near.EnableTimestamps();
        far.EnableTimestamps();
        Assert.Null(near.LastTimestamp());
        using Socket sender = a.Namespace.Run(
            () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        byte[] mark = Encoding.ASCII.GetBytes($"mark of process {Environment.ProcessId}");

        // The kernel begins soon, not at once: then what was read last has passed first.
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            long before = Now();
            sender.SendTo(mark, new IPEndPoint(IPAddress.Parse("10.1.0.2"), 9));
            long after = Now();
            _ = DirectionOf(mark, far);
            long second = far.LastTimestamp()!.Value;
            _ = DirectionOf(mark, near);
            long first = near.LastTimestamp()!.Value;
            if (before <= first && first <= second && second <= after)
            {
                return;
            }

            Assert.True(Stopwatch.GetElapsedTime(started) < s_deadline, $"{before} {first} {second} {after}");
        }

        static long Now() => (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
    }

    [Fact]
    public void A_filter_keeps_frames_with_a_word_at_one_of_its_places_and_nothing_else()
    {
        using var a = new TemporaryNamespace();
        a.Ip("link add a0 type veth peer name a1");
        a.Ip("address add 10.1.0.1/24 dev a0");
        a.Ip("neighbour add 10.1.0.2 lladdr 02:00:00:00:00:02 dev a0");
        a.Ip("link set a0 up");
        a.Ip("link set a1 up");
        const int Payload = 14 + 20 + 8;
        using PacketSocket capture = a.Namespace.Run(() => OpenOn(
            "a0", FrameFilter.OfWord(0x01020304, [Payload + 8, Payload + 100], snapBytes: 60)));
        using Socket sender = a.Namespace.Run(
            () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        foreach (int place in (int[])[8, 9, 100, 104])
        {
            foreach (int length in (int[])[120, 20, 104])
            {
                if (place + 4 <= length)
                {
                    byte[] data = new byte[length];
                    data[0] = (byte)place;
                    data[1] = (byte)length;
                    ((byte[])[1, 2, 3, 4]).CopyTo(data, place);
                    sender.SendTo(data, new IPEndPoint(IPAddress.Parse("10.1.0.2"), 9));
                }
            }
        }

        byte[] frame = new byte[200];
        List<(int, int)> kept = [];
        while (capture.TryReceive(frame, TimeSpan.Zero, out int keptBytes, out _))
        {
            Assert.InRange(keptBytes, 1, 62);
            kept.Add((frame[Payload], frame[Payload + 1]));
        }

        Assert.Equal([(8, 120), (8, 20), (8, 104), (100, 120), (100, 104)], kept);
    }

    [Theory]
    [InlineData(9, 9)]
    [InlineData(10, 10)]
    [InlineData(9, 9, 10)]
    [InlineData(9, 10, 9)]
    [InlineData(10, 8, 10, 12)]
    [InlineData(0, 11)]
    [InlineData(0, 1, 2, 3, 4, 5)]
    public void A_filter_keeps_datagrams_of_its_ports_up_to_a_length_and_nothing_else(int first, params int[] ports)
    {
        using var a = new TemporaryNamespace();
        a.Ip("link add a0 type veth peer name a1");
        a.Ip("address add 10.1.0.1/24 dev a0");
        a.Ip("neighbour add 10.1.0.2 lladdr 02:00:00:00:00:02 dev a0");
        a.Ip("link set a0 up");
        a.Ip("link set a1 up");
        using PacketSocket capture = a.Namespace.Run(() => OpenOn(
            "a0", FrameFilter.OfUdpPorts([.. ports.Select(port => (ushort)port)], snapBytes: 44)));
        using Socket sender = a.Namespace.Run(
            () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        foreach (int port in (int[])[9, 10])
        {
            sender.SendTo(new byte[100], new IPEndPoint(IPAddress.Parse("10.1.0.2"), port));
        }

        byte[] frame = new byte[200];
        bool isKept = capture.TryReceive(
            frame, first == 0 ? TimeSpan.Zero : s_deadline, out int length, out _);
        Assert.Equal(first != 0, isKept);
        Assert.Equal(first == 0 ? 0 : 44, length);
        Assert.Equal(first, (frame[36] << 8) | frame[37]); // the destination's port
        Assert.Equal(0, capture.TakeLost());
    }

    [Theory]
    [InlineData("10.1.0.0/24", true)]
    [InlineData("10.1.0.2/32", true)]
    [InlineData("10.2.0.0/16", false)]
    public void A_filter_keeps_packets_from_or_to_a_network(string network, bool isKept)
    {
        using var a = new TemporaryNamespace();
        a.Ip("link add a0 type veth peer name a1");
        a.Ip("address add 10.1.0.1/24 dev a0");
        a.Ip("neighbour add 10.1.0.2 lladdr 02:00:00:00:00:02 dev a0");
        a.Ip("link set a0 up");
        a.Ip("link set a1 up");
        using PacketSocket capture = a.Namespace.Run(() => OpenOn(
            "a0", FrameFilter.OfNetwork(Ipv4Prefix.Parse(network), snapBytes: 100)));
        using Socket sender = a.Namespace.Run(
            () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        sender.SendTo(new byte[100], new IPEndPoint(IPAddress.Parse("10.1.0.2"), 9));

        Assert.Equal(isKept, capture.TryReceive(
            new byte[200], isKept ? s_deadline : TimeSpan.Zero, out _, out _));
    }

    [Fact]
    public void Without_a_frame_the_wait_ends_when_the_time_is_up()
    {
        using var a = new TemporaryNamespace();
        a.Ip("tuntap add name a0 mode tun");
        using PacketSocket capture = a.Namespace.Run(() => OpenOn("a0"));
        long started = Stopwatch.GetTimestamp();

        bool received = capture.TryReceive(new byte[64], TimeSpan.FromMilliseconds(30), out int length, out _);

        Assert.False(received);
        Assert.Equal(0, length);
        Assert.True(Stopwatch.GetElapsedTime(started) >= TimeSpan.FromMilliseconds(30), "it did not wait");
    }

    [Fact]
    public void A_frame_longer_than_the_buffer_is_cut()
    {
        using var a = new TemporaryNamespace();
        a.Ip("link set lo up");
        using PacketSocket capture = a.Namespace.Run(() => OpenOn("lo"));
        using Socket sender = a.Namespace.Run(
            () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));

        sender.SendTo(new byte[200], new IPEndPoint(IPAddress.Loopback, 9));

        Assert.True(capture.TryReceive(new byte[20], s_deadline, out int length, out _));
        Assert.Equal(20, length);
    }

    [Fact]
    public void An_unknown_interface_is_ENODEV()
    {
        using var a = new TemporaryNamespace();

        LinuxException thrown = Assert.Throws<LinuxException>(() => a.Namespace.Run(() => PacketSocket.Open(4242)));

        Assert.Equal(Errno.ENODEV, thrown.Errno);
    }

    [Fact]
    public void Index_0_is_refused_because_the_kernel_takes_it_for_every_interface()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => PacketSocket.Open(0));
    }

    private static PacketSocket OpenOn(string name, FrameFilter? filter = null)
    {
        using var netlink = RouteNetlink.Open();
        return PacketSocket.Open(netlink.FindLink(name)!.Index, filter); // made by the test
    }

    // Other frames (neighbour discovery, ARP) come by as well.
    private static PacketDirection DirectionOf(byte[] mark, PacketSocket capture)
    {
        byte[] frame = new byte[2048];
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < s_deadline)
        {
            if (capture.TryReceive(frame, TimeSpan.FromSeconds(1), out int length, out PacketDirection direction)
                && frame.AsSpan(0, length).IndexOf(mark) >= 0)
            {
                return direction;
            }
        }

        throw new TimeoutException($"no frame with the mark within {s_deadline.TotalSeconds} s");
    }
}
