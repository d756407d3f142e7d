using System.Collections.Generic;
using System.Linq;
using Overlay.Linux;
using Xunit;

namespace Overlay.Router.Tests.Coalescing;

public sealed class UdpCoalescingTests
{
    private static readonly UdpSample s_first = new();

    [Fact]
    public void A_run_becomes_one_superpacket()
    {
        using CoalescingRig rig = new CoalescingRig().Add(Run(s_first, 60));

        Assert.Equal([60], rig.GroupsInOrder());
        Assert.Equal(
            new VirtioNetHeader(true, false, SegmentationType.UdpL4, false, 28, 1000, 20, 6),
            VirtioNetHeader.Read(rig.Coalescer[0].Vectors[0]));
    }

    public static TheoryData<string> Fields =>
    [
        nameof(UdpSample.Source), nameof(UdpSample.Destination),
        nameof(UdpSample.SourcePort), nameof(UdpSample.DestinationPort),
        nameof(UdpSample.Tos), nameof(UdpSample.Ttl), nameof(UdpSample.Fragment), nameof(UdpSample.IpOptions),
    ];

    [Theory]
    [MemberData(nameof(Fields))]
    public void A_datagram_that_differs_from_the_run_in_one_field_does_not_join_it(string field)
    {
        UdpSample second = s_first.Next();
        UdpSample other = field switch
        {
            nameof(UdpSample.Source) => second with { Source = second.Source + 1 },
            nameof(UdpSample.Destination) => second with { Destination = second.Destination + 1 },
            nameof(UdpSample.SourcePort) => second with { SourcePort = 40_001 },
            nameof(UdpSample.DestinationPort) => second with { DestinationPort = 5202 },
            nameof(UdpSample.Tos) => second with { Tos = 1 },
            nameof(UdpSample.Ttl) => second with { Ttl = 60 },
            nameof(UdpSample.Fragment) => second with { Fragment = 0 },
            _ => second with { IpOptions = [1, 1, 1, 1] },
        };
        using CoalescingRig rig = new CoalescingRig().Add(s_first, other);

        Assert.Equal([1, 1], rig.GroupsInOrder());
    }

    [Fact]
    public void A_shorter_datagram_is_the_last_and_a_longer_one_does_not_join()
    {
        UdpSample shorter = s_first with { Payload = Sample.Bytes(1) };
        using CoalescingRig rig = new CoalescingRig().Add(s_first, s_first, shorter, s_first, s_first);

        Assert.Equal([3, 2], rig.GroupsInOrder());
    }

    [Fact]
    public void Without_dont_fragment_the_id_has_to_count_up()
    {
        UdpSample first = s_first with { Fragment = 0 };
        using CoalescingRig rig = new CoalescingRig().Add(first, first.Next(), first.Next(), first.Next().Next());

        Assert.Equal([2, 2], rig.GroupsInOrder());
    }

    [Fact]
    public void A_datagram_without_checksum_stands_alone_and_seals_its_flow()
    {
        byte[] without = s_first.Build();
        without[26] = without[27] = 0;
        using CoalescingRig rig = new CoalescingRig().Add(s_first.Build(), without, s_first.Build());
        using CoalescingRig alike = new CoalescingRig().Add(without, without);

        Assert.Equal([1, 1, 1], rig.GroupsInOrder());
        Assert.Equal([1, 1], alike.GroupsInOrder());
        Assert.Equal(0, alike.Coalescer.BadChecksums);
    }

    [Fact]
    public void A_checksum_that_comes_out_as_zero_is_written_as_ones_and_merges_while_zero_does_not()
    {
        byte[] packet = s_first.Build();
        packet[28] = packet[29] = 0;
        int sum = KernelCut.Word(Sample.Fix(packet), 26);
        packet[28] = (byte)(sum >> 8);
        packet[29] = (byte)sum;
        Assert.Equal(0xFFFF, KernelCut.Word(Sample.Fix(packet), 26));
        byte[] without = [.. packet];
        without[26] = without[27] = 0;
        using CoalescingRig rig = new CoalescingRig().Add(packet, packet);
        using CoalescingRig none = new CoalescingRig().Add(packet, without);

        Assert.Equal([2], rig.GroupsInOrder());
        Assert.Equal([1, 1], none.GroupsInOrder());
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void A_length_that_contradicts_the_packets_stands_alone_and_seals_its_flow(int difference)
    {
        byte[] wrong = s_first.Build();
        wrong[25] = (byte)(wrong[25] + difference);
        Sample.Fix(wrong);
        using CoalescingRig rig = new CoalescingRig().Add(s_first.Build(), wrong, s_first.Build());
        using CoalescingRig alike = new CoalescingRig().Add(wrong, wrong);

        Assert.Equal([1, 1, 1], rig.GroupsInOrder());
        Assert.Equal([1, 1], alike.GroupsInOrder());
    }

    [Fact]
    public void An_empty_datagram_stands_alone()
    {
        using CoalescingRig rig = new CoalescingRig().Add(s_first with { Payload = [] }, s_first with { Payload = [] });

        Assert.Equal([1, 1], rig.GroupsInOrder());
    }

    [Theory]
    [InlineData(4789)]
    [InlineData(8472)]
    [InlineData(6081)]
    [InlineData(4754)]
    [InlineData(8285)]
    [InlineData(51820)]
    public void Tunnel_ports_are_spared_where_the_kernel_loses_them(ushort port)
    {
        List<UdpSample> to = Run(s_first with { DestinationPort = port }, 2);
        List<UdpSample> from = Run(s_first with { SourcePort = port }, 2);
        using CoalescingRig sparing = new CoalescingRig(sparesTunnelPorts: true).Add(to).Add(from);
        using CoalescingRig merging = new CoalescingRig().Add(to).Add(from);
        using CoalescingRig others = new CoalescingRig(sparesTunnelPorts: true).Add(Run(s_first, 3));

        Assert.Equal([1, 1, 1, 1], sparing.GroupsInOrder());
        Assert.Equal([2, 2], merging.GroupsInOrder());
        Assert.Equal([3], others.GroupsInOrder());
    }

    [Fact]
    public void Tcp_and_udp_are_switched_apart()
    {
        var tcp = new TcpSample();
        using CoalescingRig onlyTcp = new CoalescingRig(udp: false).Add(Run(s_first, 2)).Add(tcp, tcp.Next());
        using CoalescingRig onlyUdp = new CoalescingRig(tcp: false).Add(Run(s_first, 2)).Add(tcp, tcp.Next());
        onlyUdp.Coalescer.MergesUdp = false;
        onlyUdp.Add(Run(s_first, 2));

        Assert.Equal([1, 1, 2], onlyTcp.GroupsInOrder());
        Assert.Equal([2, 1, 1, 1, 1], onlyUdp.GroupsInOrder());
    }

    internal static List<UdpSample> Run(UdpSample first, int count) =>
    [
        .. Enumerable.Range(0, count).Select(i => first with
        {
            Id = (ushort)(first.Id + i), Payload = Sample.Bytes(first.Payload.Length, i),
        }),
    ];
}
