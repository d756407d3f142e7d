using System;
using System.Linq;
using System.Threading;
using Overlay.Net;
using Tmds.Linux;
using Xunit;

namespace Overlay.Linux.Tests;

public sealed class UdpSocketTests : IDisposable
{
    private const ushort Ours = 7001, Theirs = 7002;
    // 127/8 is all local.
    private static readonly Ipv4Address s_second = Ipv4Address.Parse("127.0.0.2");
    private static readonly Ipv4Address s_third = Ipv4Address.Parse("127.0.0.3");

    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    private readonly Loopback _lo = new();

    public void Dispose() => _lo.Dispose();

    [Fact]
    public void A_message_arrives_with_its_bytes_and_its_source()
    {
        using UdpSocket sender = _lo.Bind(Ours, s_second);
        using UdpSocket receiver = _lo.Bind(Theirs);
        using SendBatch batch = _lo.NewSendBatch();
        using ReceiveBatch arrived = _lo.NewReceiveBatch();
        byte[] sent = _lo.Fill(0, 1400, seed: 1);
        batch.Begin(Ipv4Address.Loopback, Theirs);
        batch.Add(0, sent.Length);

        Assert.Equal(1, sender.Send(batch, 0, 1).Count);

        Loopback.Receive(receiver, arrived, arrived.Capacity);
        Assert.Equal(1, arrived.Count);
        Assert.Equal((sent.Length, s_second, 0, false),
            (arrived[0].Bytes, arrived[0].Source, arrived[0].SegmentBytes, arrived[0].IsTruncated));
        Assert.Equal(sent, _lo.BytesOf(arrived[0]));
    }

    [Fact]
    public void Several_messages_of_one_call_go_each_to_its_address_in_order()
    {
        using UdpSocket sender = _lo.Bind(Ours);
        using UdpSocket second = _lo.Bind(Theirs, s_second);
        using UdpSocket third = _lo.Bind(Theirs, s_third);
        using SendBatch batch = _lo.NewSendBatch();
        byte[] bytes = _lo.Fill(0, 100, seed: 2);
        for (int i = 0; i < 6; i++)
        {
            batch.Begin(i % 2 == 0 ? s_second : s_third, Theirs);
            batch.Add(i * 10, i + 1);
        }

        Assert.Equal(6, sender.Send(batch, 0, 6).Count);

        Assert.Equal([bytes[..1], bytes[20..23], bytes[40..45]], _lo.ReceiveAll(second, 3));
        Assert.Equal([bytes[10..12], bytes[30..34], bytes[50..56]], _lo.ReceiveAll(third, 3));
    }

    [Fact]
    public void One_call_receives_what_waits_up_to_the_limit_and_an_empty_socket_is_EAGAIN()
    {
        using UdpSocket sender = _lo.Bind(Ours);
        using UdpSocket receiver = _lo.Bind(Theirs);
        using SendBatch batch = _lo.NewSendBatch();
        using ReceiveBatch arrived = _lo.NewReceiveBatch();
        byte[] bytes = _lo.Fill(0, 100, seed: 3);
        for (int i = 0; i < 5; i++)
        {
            batch.Begin(Ipv4Address.Loopback, Theirs);
            batch.Add(i, 10);
        }

        Assert.Equal(5, sender.Send(batch, 0, 5).Count);
        Loopback.Receive(receiver, arrived, 1);
        Assert.Equal(bytes[0..10], _lo.BytesOf(arrived[0]));
        int seen = 1;
        while (seen < 5)
        {
            Loopback.Receive(receiver, arrived, 3);
            Assert.InRange(arrived.Count, 1, 3);
            for (int i = 0; i < arrived.Count; i++, seen++)
            {
                Assert.Equal(bytes[seen..(seen + 10)], _lo.BytesOf(arrived[i]));
            }
        }

        Assert.Equal(Errno.EAGAIN, receiver.Receive(arrived, 1).Errno);
        Assert.Equal(Errno.EAGAIN, receiver.Receive(arrived, arrived.Capacity).Errno);
        Assert.Equal(0, arrived.Count);
    }

    [Fact]
    public void A_message_the_kernel_refuses_ends_the_call_before_it_and_those_behind_it_can_be_sent()
    {
        const int TooLong = 65_508; // one more than UDP's length field can say
        using UdpSocket sender = _lo.Bind(Ours);
        using UdpSocket receiver = _lo.Bind(Theirs);
        using SendBatch batch = _lo.NewSendBatch();
        byte[] bytes = _lo.Fill(0, TooLong, seed: 4);
        foreach (int length in (int[])[7, TooLong, 9])
        {
            batch.Begin(Ipv4Address.Loopback, Theirs);
            batch.Add(0, length);
        }

        Assert.Equal(1, sender.Send(batch, 0, 3).Count);
        Assert.Equal(Errno.EMSGSIZE, sender.Send(batch, 1, 2).Errno);
        Assert.Equal(1, sender.Send(batch, 2, 1).Count);

        Assert.Equal([bytes[..7], bytes[..9]], _lo.ReceiveAll(receiver, 2));
    }

    [Fact]
    public void A_message_is_gathered_from_its_pieces_and_may_be_empty()
    {
        using UdpSocket sender = _lo.Bind(Ours);
        using UdpSocket receiver = _lo.Bind(Theirs);
        using SendBatch batch = _lo.NewSendBatch();
        byte[] bytes = _lo.Fill(0, 5000, seed: 5);
        batch.Begin(Ipv4Address.Loopback, Theirs);
        batch.Add(4000, 20);
        batch.Add(10, 1400);
        batch.Add(0, 0);
        batch.Add(3000, 1);
        batch.Begin(Ipv4Address.Loopback, Theirs);

        Assert.Equal(2, sender.Send(batch, 0, 2).Count);

        byte[] whole = [.. bytes[4000..4020], .. bytes[10..1410], bytes[3000]];
        Assert.Equal([whole, []], _lo.ReceiveAll(receiver, 2));
        byte[] copy = new byte[whole.Length];
        batch.CopyTo(0, copy);
        Assert.Equal(whole, copy);
        Assert.Equal(whole.Length, batch.BytesOf(0));
    }

    [Fact]
    public void The_longest_message_arrives_whole()
    {
        using UdpSocket sender = _lo.Bind(Ours);
        using UdpSocket receiver = _lo.Bind(Theirs);
        using SendBatch batch = _lo.NewSendBatch();
        byte[] sent = _lo.Fill(0, 65_507, seed: 6);
        batch.Begin(Ipv4Address.Loopback, Theirs);
        batch.Add(0, sent.Length);

        Assert.Equal(1, sender.Send(batch, 0, 1).Count);

        Assert.Equal([sent], _lo.ReceiveAll(receiver, 1));
    }

    [Fact]
    public void A_slot_that_was_moved_receives_where_it_is_now()
    {
        const int Elsewhere = 1 << 16;
        using UdpSocket sender = _lo.Bind(Ours);
        using UdpSocket receiver = _lo.Bind(Theirs);
        using SendBatch batch = _lo.NewSendBatch();
        using ReceiveBatch arrived = _lo.NewReceiveBatch();
        byte[] sent = _lo.Fill(0, 100, seed: 7);
        batch.Begin(Ipv4Address.Loopback, Theirs);
        batch.Add(0, sent.Length);
        arrived.Place(0, Elsewhere);

        Assert.Equal(1, sender.Send(batch, 0, 1).Count);

        Loopback.Receive(receiver, arrived, 2);
        Assert.Equal(Elsewhere, arrived[0].Offset);
        Assert.Equal(sent, _lo.Slab.Slice(Elsewhere, sent.Length).ToArray());
    }

    [Fact]
    public void A_message_whose_control_block_did_not_fit_counts_as_truncated()
    {
        const int PacketInfo = 8, ReceiveTos = 13, ReceiveTtl = 12; // linux/in.h: 28, 17 and 20 bytes of control each
        using UdpSocket sender = _lo.Bind(Ours);
        using UdpSocket receiver = _lo.Bind(Theirs);
        using SendBatch batch = _lo.NewSendBatch();
        using ReceiveBatch arrived = _lo.NewReceiveBatch();
        foreach (int option in (int[])[PacketInfo, ReceiveTos, ReceiveTtl])
        {
            Assert.True(SocketOptions.TrySet(receiver.Descriptor, LibC.IPPROTO_IP, option, 1, out _));
        }

        batch.Begin(Ipv4Address.Loopback, Theirs);
        batch.Add(0, 10);
        Assert.Equal(1, sender.Send(batch, 0, 1).Count);

        Loopback.Receive(receiver, arrived, 1);
        Assert.True(arrived[0].IsTruncated);
        Assert.Equal(0, arrived[0].SegmentBytes);
    }

    [Fact]
    public void Only_messages_of_the_batch_can_be_sent_and_only_its_slots_filled()
    {
        using UdpSocket socket = _lo.Bind(Ours);
        using SendBatch batch = _lo.NewSendBatch();
        using ReceiveBatch arrived = _lo.NewReceiveBatch();
        batch.Begin(Ipv4Address.Loopback, Theirs);

        Assert.Throws<ArgumentOutOfRangeException>(() => socket.Send(batch, 0, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => socket.Send(batch, 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => socket.Send(batch, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => socket.Send(batch, -1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => socket.Receive(arrived, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => socket.Receive(arrived, arrived.Capacity + 1));
    }

    [Fact]
    public void A_port_is_had_once_unless_both_say_that_it_is_shared()
    {
        using UdpSocket first = _lo.Bind(Ours, isShared: true);
        using UdpSocket second = _lo.Bind(Ours, isShared: true);
        using UdpSocket alone = _lo.Bind(Theirs);

        Assert.Equal(Errno.EADDRINUSE, Assert.Throws<LinuxException>(() => _lo.Bind(Ours)).Errno);
        LinuxException busy = Assert.Throws<LinuxException>(() => _lo.Bind(Theirs, isShared: true));
        Assert.Equal(Errno.EADDRINUSE, busy.Errno);
        Assert.Contains("ss -ulnp", busy.Message);
    }

    [Fact]
    public void Sockets_that_share_a_port_get_every_message_between_them_and_a_sender_stays_with_one()
    {
        const int Each = 5;
        using UdpSocket first = _lo.Bind(Theirs, isShared: true);
        using UdpSocket second = _lo.Bind(Theirs, isShared: true);
        using SendBatch batch = _lo.NewSendBatch();
        for (int i = 0; i < Each; i++)
        {
            batch.Begin(Ipv4Address.Loopback, Theirs);
            batch.Add(i, 1);
        }

        int[] shares = [.. Enumerable.Range(0, 32).Select(sender =>
        {
            using UdpSocket socket = _lo.Bind((ushort)(8000 + sender));
            Assert.Equal(Each, socket.Send(batch, 0, Each).Count);
            int atFirst = 0, atSecond = 0;
            Assert.True(
                SpinWait.SpinUntil(() => (
                    atFirst += Drain(first)) + (atSecond += Drain(second)) >= Each, s_deadline), "some are missing");
            Assert.Equal(Each, atFirst + atSecond);
            return atFirst;
        })];

        Assert.All(shares, share => Assert.True(share is 0 or Each, $"{share} of {Each}"));
    }

    private int Drain(UdpSocket socket)
    {
        using ReceiveBatch arrived = _lo.NewReceiveBatch();
        SyscallResult received = socket.Receive(arrived, arrived.Capacity);
        return received.Succeeded ? received.Count : 0;
    }
}
