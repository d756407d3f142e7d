using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Overlay.Linux.Netlink;
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

    private static PacketSocket OpenOn(string name)
    {
        using var netlink = RouteNetlink.Open();
        return PacketSocket.Open(netlink.FindLink(name)!.Index); // made by the test
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
