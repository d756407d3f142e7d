using System;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Xunit;

namespace Overlay.Linux.Tests;

/// <summary>What the kernel drops before anybody reads it is counted where we look.</summary>
public sealed class KernelDropTests
{
    private const ushort Port = 8285;

    private static readonly IPAddress s_unread = IPAddress.Parse("10.9.0.2");
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public void Datagrams_that_a_full_receive_buffer_did_not_take_are_counted_one_by_one()
    {
        const int Sent = 500;
        using var inside = new TemporaryNamespace();
        inside.Ip("link set lo up");
        using UdpSocket receiver = inside.Namespace.Run(
            () => UdpSocket.Bind(Ipv4Address.Loopback, Port, bufferBytes: 1 << 15));
        using Socket sender = inside.Namespace.Run(
            () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        SocketMemory before = receiver.ReadMemory()!.Value;
        Assert.Equal((0u, 0u), (before.DroppedMessages, before.ReceiveQueueBytes));
        Assert.True(before.ReceiveBufferBytes >= 1 << 15 && before.SendBufferBytes > 0);

        Flood(sender, IPAddress.Loopback, Sent);

        // Nothing is read until the kernel has delivered so many that the buffer was full.
        uint dropped = 0;
        using var slab = new PinnedSlab(ReceiveBatch.BytesFor(1));
        using var batch = new ReceiveBatch(slab, 0, 1);
        Assert.True(Eventually(() => Dropped() > 0));
        Assert.True(receiver.ReadMemory()!.Value.ReceiveQueueBytes > 0);
        int received = 0;
        Assert.True(
            Eventually(() =>
            {
                while (receiver.Receive(batch, 1).Succeeded)
                {
                    received++;
                }

                return received + Dropped() == Sent;
            }),
            $"{received} received, {dropped} dropped, {Sent} sent");
        Assert.True(received > 0);

        uint Dropped() => dropped = receiver.ReadMemory()!.Value.DroppedMessages;
    }

    [Fact]
    public void Packets_that_a_full_TUN_queue_did_not_take_are_its_transmit_drops_as_ip_shows_them()
    {
        const int Sent = 50, Queue = 10;
        using var inside = new TemporaryNamespace();
        using SafeFd tun = inside.Namespace.Run(() => TunControl.CreateInterface("tun0"));
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);
        int index = netlink.FindLink("tun0")!.Index;
        netlink.ConfigureLink(
            index, new LinkSettings { TransmitQueueLength = Queue, NoIpv6LinkLocalAddress = true, Up = true });
        netlink.AddAddress(index, Ipv4Prefix.Parse("10.9.0.1/24"));
        using Socket sender = inside.Namespace.Run(
            () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));

        Flood(sender, s_unread, Sent);

        LinkStatistics statistics = netlink.GetStatistics(index)!;
        Assert.Equal((ulong)(Sent - Queue), statistics.TransmitDropped);
        JsonElement link = Assert.Single(inside.IpJson("-s link show dev tun0")).GetProperty("stats64");
        Assert.Equal(link.GetProperty("tx").GetProperty("dropped").GetUInt64(), statistics.TransmitDropped);
        Assert.Equal(link.GetProperty("rx").GetProperty("dropped").GetUInt64(), statistics.ReceiveDropped);
        byte[] packet = new byte[2048];
        Assert.Equal(Queue, Enumerable.Range(0, Sent).Count(_ => DescriptorIo.Read(tun, packet).Succeeded));
        Assert.Equal((ulong)Queue, netlink.GetStatistics(index)!.TransmittedPackets);
    }

    [Fact]
    public void A_packet_written_to_a_TUN_that_is_down_is_a_receive_drop()
    {
        using var inside = new TemporaryNamespace();
        using SafeFd tun = inside.Namespace.Run(() => TunControl.CreateInterface("tun0"));
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);
        int index = netlink.FindLink("tun0")!.Index;
        using var slab = new PinnedSlab(64);
        using var packet = new IoVectors(slab, 1);
        slab.Slice(0, 20).Clear();
        slab.Slice(0, 1)[0] = 0x45;
        packet.Add(0, 20);

        Assert.Equal(Errno.EIO, DescriptorIo.Write(tun, packet).Errno);

        Assert.Equal(1ul, netlink.GetStatistics(index)!.ReceiveDropped);
    }

    [Fact]
    public void A_link_that_does_not_exist_has_no_statistics()
    {
        using var netlink = RouteNetlink.Open();
        Assert.Null(netlink.GetStatistics(int.MaxValue));
    }

    private static void Flood(Socket sender, IPAddress destination, int datagrams)
    {
        byte[] payload = new byte[1000];
        for (int i = 0; i < datagrams; i++)
        {
            _ = sender.SendTo(payload, new IPEndPoint(destination, Port));
        }
    }

    private static bool Eventually(Func<bool> condition)
    {
        long began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(began) > s_deadline)
            {
                return false;
            }
        }

        return true;
    }
}
