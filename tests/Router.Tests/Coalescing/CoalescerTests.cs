using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Router.Coalescing;
using Xunit;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Router.Tests.Coalescing;

public sealed class CoalescerTests
{
    [Fact]
    public void Interleaved_flows_merge_each_for_itself_in_the_order_of_their_first_packets()
    {
        List<TcpSample>[] flows =
            [.. Enumerable.Range(0, 4)
                .Select(i => TcpCoalescingTests.Run(new TcpSample { SourcePort = (ushort)(1000 + i) }, 16))];
        using CoalescingRig rig = new CoalescingRig()
            .Add(Enumerable.Range(0, 64).Select(i => (Sample)flows[i % 4][i / 4]));

        Assert.Equal([16, 16, 16, 16], rig.Groups);
        Assert.Equal(
            flows.SelectMany(flow => flow).Select(packet => KernelCut.Essence(packet.Build())),
            rig.Received().Select(KernelCut.Essence));
    }

    [Theory]
    [InlineData(0x2000)] // the first fragment
    [InlineData(0x00B9)] // the last
    public void A_fragment_seals_every_run_because_it_may_belong_to_any(ushort fragment)
    {
        var tcp = new TcpSample();
        var udp = new UdpSample();
        using CoalescingRig rig = new CoalescingRig().Add(
            tcp.Build(),
            udp.Build(),
            Ipv4(PeerPod, OurPod, fragment: fragment),
            tcp.Next().Build(),
            udp.Next().Build());

        Assert.Equal([1, 1, 1, 1, 1], rig.GroupsInOrder());
    }

    [Theory]
    [InlineData(Tcp, 19)]
    [InlineData(Udp, 7)]
    [InlineData(Udp, 0)]
    public void A_transport_header_that_is_cut_off_seals_every_run(byte protocol, int bytes)
    {
        var tcp = new TcpSample();
        using CoalescingRig rig = new CoalescingRig().Add(
            tcp.Build(), Ipv4(PeerPod, OurPod, protocol: protocol, payload: new byte[bytes]), tcp.Next().Build());

        Assert.Equal([1, 1, 1], rig.GroupsInOrder());
    }

    [Theory]
    [InlineData(0x40)]
    [InlineData(0xF0)]
    public void A_tcp_header_length_that_contradicts_the_segment_seals_every_run(byte length)
    {
        var tcp = new TcpSample();
        byte[] wrong = (tcp with { SourcePort = 9, Payload = [], Options = [1, 1, 1, 1] }).Build();
        wrong[32] = length;
        using CoalescingRig rig = new CoalescingRig().Add(tcp.Build(), wrong, tcp.Next().Build());

        Assert.Equal([1, 1, 1], rig.GroupsInOrder());
    }

    [Fact]
    public void Other_protocols_stand_alone_and_hold_nobody_up()
    {
        var tcp = new TcpSample();
        using CoalescingRig rig = new CoalescingRig()
            .Add(tcp.Build(), Ipv4(PeerPod, OurPod, protocol: Icmp), tcp.Next().Build());

        Assert.Equal([2, 1], rig.Groups);
        Assert.Equal(Icmp, rig.Coalescer[1].Protocol);
        Assert.Equal(3, rig.Received().Count);
    }

    [Fact]
    public void Any_byte_of_a_segment_may_be_corrupt_and_the_packet_comes_out_as_it_was()
    {
        Corrupt([.. TcpCoalescingTests.Run(new TcpSample { Payload = Sample.Bytes(90) }, 4)
            .Select(packet => packet.Build())], 52);
        Corrupt([.. UdpCoalescingTests.Run(new UdpSample { Payload = Sample.Bytes(91) }, 4)
            .Select(packet => packet.Build())], 28);
    }

    [Fact]
    public void A_corrupt_packet_seals_its_flow()
    {
        List<byte[]> run = [.. TcpCoalescingTests.Run(new TcpSample(), 6).Select(packet => packet.Build())];
        run[2][^1] ^= 1;
        using CoalescingRig rig = new CoalescingRig().Add(run);

        Assert.Equal([2, 1, 3], rig.GroupsInOrder());
        Assert.Equal(1, rig.Coalescer.BadChecksums);
    }

    [Fact]
    public void When_full_it_still_takes_what_joins_and_refuses_the_rest_without_a_trace()
    {
        using var rig = new CoalescingRig();
        var samples = Enumerable.Range(
            0, Coalescer.MaximumWrites).Select(i => new TcpSample { SourcePort = (ushort)(1000 + i) }).ToList();
        rig.Add(samples);
        var another = new TcpSample { SourcePort = 9 };
        byte[] corrupt = another.Build();
        corrupt[^1] ^= 1;

        Assert.Equal(Coalescer.MaximumWrites, rig.Coalescer.Count);
        Assert.False(rig.TryAdd(another.Build()));
        Assert.False(rig.TryAdd(corrupt));
        Assert.False(rig.TryAdd(Ipv4(PeerPod, OurPod, fragment: 0x2000)));
        Assert.False(rig.TryAdd((samples[5] with { Window = 9 }).Build()));
        Assert.Equal(0, rig.Coalescer.BadChecksums);
        rig.Add(samples.Select(sample => sample.Next()));
        Assert.Equal(Enumerable.Repeat(2, Coalescer.MaximumWrites), rig.Groups);
        Assert.Equal(128, rig.Received().Count);
    }

    [Fact]
    public void After_clearing_nothing_of_the_batch_before_is_joined()
    {
        var tcp = new TcpSample();
        using CoalescingRig rig = new CoalescingRig().Add(tcp);
        rig.Clear();
        rig.Add(tcp.Next(), tcp.Next().Next());

        Assert.Equal([2], rig.GroupsInOrder());
    }

    [Fact]
    public void A_write_that_was_looked_at_takes_no_more()
    {
        var tcp = new TcpSample();
        using CoalescingRig rig = new CoalescingRig().Add(tcp, tcp.Next());
        Assert.Equal(2, rig.Coalescer[0].Packets);
        rig.Add(tcp.Next().Next());

        Assert.Equal([2, 1], rig.GroupsInOrder());
    }

    [Fact]
    public void Writes_and_packets_that_do_not_exist_are_refused()
    {
        using CoalescingRig rig = new CoalescingRig().Add(new TcpSample());

        Assert.Throws<ArgumentOutOfRangeException>(() => rig.Coalescer[1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => rig.Coalescer[0].PacketAt(1));
    }

    // The IP header is the caller's to verify; from the transport header on each byte in turn.
    private static void Corrupt(List<byte[]> run, int payloadStart)
    {
        using var rig = new CoalescingRig();
        for (int which = 0; which < run.Count; which++)
        {
            for (int position = 20; position < run[which].Length; position++)
            {
                byte[] corrupt = [.. run[which]];
                corrupt[position] ^= (byte)(1 << (position % 8));
                long before = rig.Coalescer.BadChecksums;
                rig.Clear();
                rig.Add(run[..which]).Add(corrupt).Add(run[(which + 1)..]);

                // With another port it is of another flow, which the rest may overtake.
                IEnumerable<string> sent =
                    [.. run[..which].Append(corrupt).Concat(run[(which + 1)..]).Select(KernelCut.Essence)];
                IEnumerable<string> received = rig.Received().Select(KernelCut.Essence);
                Assert.Equal(position < 24 ? sent.Order() : sent, position < 24 ? received.Order() : received);
                int alone = Enumerable.Range(0, rig.Coalescer.Count)
                    .Single(i => rig.Written(i).AsSpan(10).SequenceEqual(corrupt));
                Assert.False(rig.Coalescer[alone].IsMerged);
                Assert.True(
                    position < payloadStart || rig.Coalescer.BadChecksums == before + 1, $"byte {position} of {which}");
            }
        }
    }
}
