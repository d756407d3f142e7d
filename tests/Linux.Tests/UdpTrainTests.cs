using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Net;
using Xunit;

namespace Overlay.Linux.Tests;

/// <summary>Trains: UDP_SEGMENT and UDP_GRO, as this kernel has them.</summary>
public sealed class UdpTrainTests : IDisposable
{
    private const ushort Ours = 7001, Theirs = 7002;

    private readonly Loopback _lo = new();

    public void Dispose() => _lo.Dispose();

    [Fact]
    public void The_kernel_says_that_it_cuts_trains()
    {
        using UdpSocket socket = _lo.Bind(Ours);

        Assert.True(socket.ProbeSendTrains().Succeeded);
    }

    [Fact]
    public void How_many_datagrams_a_train_may_have_is_found_out_on_the_loopback_interface()
    {
        Assert.True(_lo.Inside.Namespace.Run(() => UdpSocket.TakesTrainOf(63)));
        Assert.False(_lo.Inside.Namespace.Run(() => UdpSocket.TakesTrainOf(4_000)));
    }

    [Fact]
    public void Where_the_loopback_interface_is_down_no_train_is_promised_and_none_leaves_the_host()
    {
        using var inside = new TemporaryNamespace();
        Assert.False(inside.Namespace.Run(() => UdpSocket.TakesTrainOf(63)));

        inside.IpBatch("""
            link add a0 type veth peer name b0
            link set b0 up
            address add 10.1.0.1/24 dev a0
            link set a0 up
            neighbour add 10.1.0.2 lladdr 02:00:00:00:00:02 dev a0
            route add default via 10.1.0.2

            """);
        long Sent() => inside.IpJson("-s link show a0")[0]
            .GetProperty("stats64")
            .GetProperty("tx")
            .GetProperty("packets")
            .GetInt64();
        inside.Namespace.Run(() => System.IO.File.WriteAllText("/proc/sys/net/ipv6/conf/a0/disable_ipv6", "1"));
        long before = Sent();
        Assert.False(inside.Namespace.Run(() => UdpSocket.TakesTrainOf(63)));
        Assert.Equal(before, Sent());
    }

    [Theory]
    [InlineData(4000, 1000)] // all alike
    [InlineData(3001, 1000)] // the last shorter
    [InlineData(1999, 1000)]
    [InlineData(63, 1)]
    [InlineData(65_507, 1400)]
    public void A_train_arrives_as_single_datagrams_where_nobody_asked_for_trains(int bytes, int segmentBytes)
    {
        using UdpSocket sender = _lo.Bind(Ours);
        using UdpSocket receiver = _lo.Bind(Theirs);
        using SendBatch batch = _lo.NewSendBatch();
        byte[] sent = AddTrain(batch, bytes, segmentBytes);

        Assert.Equal(1, sender.Send(batch, 0, 1).Count);

        byte[][] expected = [.. sent.Chunk(segmentBytes)];
        Assert.Equal(expected, _lo.ReceiveAll(receiver, expected.Length));
    }

    [Theory]
    [InlineData(4000, 1000)]
    [InlineData(3001, 1000)]
    // a little more, and its frame is longer than the device takes uncut (gso_max_size, 65,536)
    [InlineData(46 * 1420, 1420)]
    public void A_train_arrives_as_one_with_its_segment_length_where_somebody_did_ask(int bytes, int segmentBytes)
    {
        using UdpSocket sender = _lo.Bind(Ours);
        using UdpSocket receiver = _lo.Bind(Theirs);
        using SendBatch batch = _lo.NewSendBatch();
        using ReceiveBatch arrived = _lo.NewReceiveBatch();
        Assert.True(receiver.SetReceiveTrains(true).Succeeded);
        byte[] sent = AddTrain(batch, bytes, segmentBytes);

        Assert.Equal(1, sender.Send(batch, 0, 1).Count);

        Loopback.Receive(receiver, arrived, arrived.Capacity);
        Assert.Equal((bytes, Ipv4Address.Loopback, segmentBytes, false),
            (arrived[0].Bytes, arrived[0].Source, arrived[0].SegmentBytes, arrived[0].IsTruncated));
        Assert.Equal(sent, _lo.BytesOf(arrived[0]));
    }

    [Fact]
    public void Asking_no_longer_for_trains_brings_single_datagrams_again()
    {
        using UdpSocket sender = _lo.Bind(Ours);
        using UdpSocket receiver = _lo.Bind(Theirs);
        using SendBatch batch = _lo.NewSendBatch();
        Assert.True(receiver.SetReceiveTrains(true).Succeeded);
        Assert.True(receiver.SetReceiveTrains(false).Succeeded);
        byte[] sent = AddTrain(batch, 3000, 1000);

        Assert.Equal(1, sender.Send(batch, 0, 1).Count);

        Assert.Equal([.. sent.Chunk(1000)], _lo.ReceiveAll(receiver, 3));
    }

    [Fact]
    public void Trains_and_single_messages_of_one_call_keep_their_order_and_are_distinguished()
    {
        using UdpSocket sender = _lo.Bind(Ours);
        using UdpSocket receiver = _lo.Bind(Theirs);
        using SendBatch batch = _lo.NewSendBatch();
        using ReceiveBatch arrived = _lo.NewReceiveBatch();
        Assert.True(receiver.SetReceiveTrains(true).Succeeded);
        byte[] bytes = _lo.Fill(0, 10_000, seed: 11);
        var expected = new List<(byte[] Bytes, int Segment)>();
        foreach ((int length, int segment) in ((int, int)[])[(500, 0), (3000, 1000), (200, 0), (2500, 700)])
        {
            batch.Begin(Ipv4Address.Loopback, Theirs);
            batch.Add(0, length);
            if (segment > 0)
            {
                batch.MakeTrain(segment);
            }

            expected.Add((bytes[..length], segment));
        }

        Assert.Equal(4, sender.Send(batch, 0, 4).Count);

        var received = new List<(byte[] Bytes, int Segment)>();
        while (received.Count < expected.Count)
        {
            Loopback.Receive(receiver, arrived, arrived.Capacity);
            received.AddRange(
                Enumerable.Range(0, arrived.Count).Select(i => (_lo.BytesOf(arrived[i]), arrived[i].SegmentBytes)));
        }

        Assert.Equal(expected.Select(each => each.Segment), received.Select(each => each.Segment));
        Assert.Equal(expected.Select(each => each.Bytes), received.Select(each => each.Bytes));
    }

    [Fact]
    public void A_train_gathered_from_pieces_is_cut_where_its_datagrams_end_not_where_its_pieces_do()
    {
        using UdpSocket sender = _lo.Bind(Ours);
        using UdpSocket receiver = _lo.Bind(Theirs);
        using SendBatch batch = _lo.NewSendBatch();
        byte[] bytes = _lo.Fill(0, 5000, seed: 12);
        batch.Begin(Ipv4Address.Loopback, Theirs);
        batch.Add(3000, 40);
        batch.Add(0, 1300);
        batch.Add(4000, 700);
        batch.MakeTrain(600);
        byte[] whole = [.. bytes[3000..3040], .. bytes[..1300], .. bytes[4000..4700]];

        Assert.Equal(1, sender.Send(batch, 0, 1).Count);

        Assert.Equal([.. whole.Chunk(600)], _lo.ReceiveAll(receiver, 4));
    }

    [Fact]
    public void What_a_train_is_cut_into_by_us_is_what_the_kernel_cuts_it_into()
    {
        var anotherAddress = Ipv4Address.Parse("127.0.0.9");
        int seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using UdpSocket sender = _lo.Bind(Ours);
        using UdpSocket receiver = _lo.Bind(Theirs);
        using UdpSocket elsewhere = _lo.Bind(Theirs, anotherAddress);
        using SendBatch batch = _lo.NewSendBatch(messages: 2, pieces: 64);
        using SendBatch single = _lo.NewSendBatch(messages: 63, pieces: 256);
        _ = _lo.Fill(0, 1 << 16, seed);
        for (int round = 0; round < 100; round++)
        {
            batch.Clear();
            batch.Begin(anotherAddress, Theirs); // not this one: an index is not a vector
            batch.Add(0, 1);
            batch.Add(1, 1);
            batch.Begin(Ipv4Address.Loopback, Theirs);
            for (int pieces = random.Next(1, 20); pieces > 0; pieces--)
            {
                int length = random.Next(1, 1500);
                batch.Add(random.Next((1 << 16) - length), length);
            }

            int bytes = batch.BytesOf(1);
            int segmentBytes = random.Next((bytes / 60) + 1, bytes + 1);
            batch.MakeTrain(segmentBytes);
            int datagrams = (bytes + segmentBytes - 1) / segmentBytes;

            Assert.Equal(1, sender.Send(batch, 1, 1).Count);
            byte[][] byKernel = _lo.ReceiveAll(receiver, datagrams);
            single.SetToDatagramsOf(batch, 1);
            Assert.Equal(datagrams, single.Count);
            for (int first = 0; first < datagrams;)
            {
                SyscallResult sent = sender.Send(single, first, datagrams - first);
                Assert.True(sent.Succeeded, sent.ToString());
                first += sent.Count;
            }

            Assert.Equal(byKernel, _lo.ReceiveAll(receiver, datagrams));
        }

        using ReceiveBatch none = _lo.NewReceiveBatch();
        Assert.Equal(Errno.EAGAIN, elsewhere.Receive(none, 1).Errno);
    }

    [Fact]
    public void A_message_that_is_no_train_is_cut_into_itself()
    {
        using SendBatch batch = _lo.NewSendBatch();
        using SendBatch single = _lo.NewSendBatch();
        byte[] bytes = _lo.Fill(0, 100, seed: 13);
        batch.Begin(Ipv4Address.Loopback, Theirs);
        batch.Add(10, 20);
        batch.Add(50, 5);

        single.SetToDatagramsOf(batch, 0);

        Assert.Equal(1, single.Count);
        byte[] copy = new byte[25];
        single.CopyTo(0, copy);
        Assert.Equal([.. bytes[10..30], .. bytes[50..55]], copy);
        Assert.Equal(
            (Ipv4Address.Loopback, Theirs, 0), (single.AddressOf(0), single.PortOf(0), single.SegmentBytesOf(0)));
    }

    [Theory]
    [InlineData(65_508, 1400)] // longer than UDP's length field can say
    [InlineData(200, 1)] // more datagrams than the kernel takes: 128 from Linux 6.9 on, 64 before
    public void A_train_beyond_the_kernels_limits_is_refused_whole(int bytes, int segmentBytes)
    {
        using UdpSocket sender = _lo.Bind(Ours);
        using UdpSocket receiver = _lo.Bind(Theirs);
        using SendBatch batch = _lo.NewSendBatch();
        using ReceiveBatch arrived = _lo.NewReceiveBatch();
        _ = AddTrain(batch, bytes, segmentBytes);

        Assert.True(sender.Send(batch, 0, 1).Errno is Errno.EMSGSIZE or Errno.EINVAL);

        Assert.Equal(Errno.EAGAIN, receiver.Receive(arrived, 1).Errno);
    }

    [Theory]
    [InlineData(1472, true)]
    [InlineData(1473, false)] // EINVAL before Linux 6.14, EMSGSIZE since
    public void The_datagrams_of_a_train_have_to_fit_the_route(int segmentBytes, bool fits)
    {
        using UdpSocket sender = _lo.Bind(Ours);
        using SendBatch batch = _lo.NewSendBatch();
        _lo.Inside.Ip("link set lo mtu 1500");
        _ = AddTrain(batch, 3 * segmentBytes, segmentBytes);

        SyscallResult sent = sender.Send(batch, 0, 1);

        Assert.Equal(fits, sent.Succeeded);
        Assert.True(fits || sent.Errno is Errno.EMSGSIZE or Errno.EINVAL, sent.ToString());
    }

    private byte[] AddTrain(SendBatch batch, int bytes, int segmentBytes)
    {
        byte[] sent = _lo.Fill(0, bytes, seed: bytes);
        batch.Begin(Ipv4Address.Loopback, Theirs);
        batch.Add(0, bytes);
        batch.MakeTrain(segmentBytes);
        return sent;
    }
}
