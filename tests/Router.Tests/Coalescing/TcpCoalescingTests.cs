using System.Collections.Generic;
using Overlay.Linux;
using Overlay.Router.Coalescing;
using Xunit;

namespace Overlay.Router.Tests.Coalescing;

public sealed class TcpCoalescingTests
{
    private static readonly TcpSample s_first = new();

    [Fact]
    public void A_run_becomes_one_superpacket_whose_payload_is_not_copied()
    {
        using CoalescingRig rig = new CoalescingRig().Add(Run(s_first, 45));

        Assert.Equal([45], rig.GroupsInOrder());
        CoalescedWrite write = rig.Coalescer[0];
        Assert.True(write.IsMerged);
        Assert.Equal(46, write.Vectors.Count);
        Assert.Equal(10 + 52, write.Vectors[0].Length);
        Assert.Equal(45 * 1052, write.Bytes);
        Assert.Equal(
            new VirtioNetHeader(true, false, SegmentationType.TcpV4, false, 52, 1000, 20, 16),
            VirtioNetHeader.Read(write.Vectors[0]));
    }

    [Fact]
    public void A_packet_alone_is_written_as_it_came_behind_an_empty_header()
    {
        using CoalescingRig rig = new CoalescingRig().Add(s_first);

        Assert.Equal([.. new byte[10], .. s_first.Build()], rig.Written(0));
        Assert.False(rig.Coalescer[0].IsMerged);
    }

    public static TheoryData<string> Fields =>
    [
        nameof(TcpSample.Source), nameof(TcpSample.Destination),
        nameof(TcpSample.SourcePort), nameof(TcpSample.DestinationPort),
        nameof(TcpSample.Tos), "Ecn", nameof(TcpSample.Ttl), nameof(TcpSample.Fragment), nameof(TcpSample.IpOptions),
        nameof(TcpSample.Options), "OptionBytes",
        nameof(TcpSample.Acknowledgement), nameof(TcpSample.Window), "EcnEcho",
        nameof(TcpSample.Urgent), nameof(TcpSample.Sequence), "SequenceBack", "Protocol",
    ];

    [Theory]
    [MemberData(nameof(Fields))]
    public void A_packet_that_differs_from_the_run_in_one_field_does_not_join_it(string field)
    {
        TcpSample second = s_first.Next();
        Sample other = field switch
        {
            nameof(TcpSample.Source) => second with { Source = second.Source + 1 },
            nameof(TcpSample.Destination) => second with { Destination = second.Destination + 1 },
            nameof(TcpSample.SourcePort) => second with { SourcePort = 40_001 },
            nameof(TcpSample.DestinationPort) => second with { DestinationPort = 5202 },
            nameof(TcpSample.Tos) => second with { Tos = 0x20 },
            "Ecn" => second with { Tos = 3 },
            nameof(TcpSample.Ttl) => second with { Ttl = 60 },
            nameof(TcpSample.Fragment) => second with { Fragment = 0 },
            nameof(TcpSample.IpOptions) => second with { IpOptions = [1, 1, 1, 1] },
            nameof(TcpSample.Options) => second with { Options = [] },
            "OptionBytes" => second with { Options = [1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 3, 5] },
            nameof(TcpSample.Acknowledgement) => second with { Acknowledgement = 7001 },
            nameof(TcpSample.Window) => second with { Window = 502 },
            "EcnEcho" => second with { Flags = 0x50 },
            nameof(TcpSample.Urgent) => second with { Urgent = 1 },
            nameof(TcpSample.Sequence) => second with { Sequence = second.Sequence + 1 },
            "SequenceBack" => second with { Sequence = second.Sequence - 1 },
            _ => new UdpSample(),
        };
        using CoalescingRig rig = new CoalescingRig().Add(s_first, other);

        Assert.Equal([1, 1], rig.GroupsInOrder());
        Assert.Equal(0, rig.Coalescer.BadChecksums);
    }

    [Fact]
    public void After_a_packet_that_does_not_join_the_older_run_is_sealed()
    {
        TcpSample second = s_first.Next();
        using CoalescingRig rig = new CoalescingRig().Add(s_first, second with { Window = 1 }, second.Next());

        Assert.Equal([1, 1, 1], rig.GroupsInOrder());
    }

    [Fact]
    public void A_retransmission_starts_a_run_of_its_own()
    {
        List<TcpSample> run = Run(s_first, 4);
        using CoalescingRig rig = new CoalescingRig().Add(run).Add(run);

        Assert.Equal([4, 4], rig.GroupsInOrder());
    }

    [Fact]
    public void A_shorter_segment_joins_as_the_last_and_a_longer_one_does_not_join()
    {
        TcpSample second = s_first.Next() with { Payload = Sample.Bytes(999) };
        using CoalescingRig shorter = new CoalescingRig().Add(s_first, second, second.Next());
        using CoalescingRig longer = new CoalescingRig()
            .Add(s_first, s_first.Next() with { Payload = Sample.Bytes(1001) });

        Assert.Equal([2, 1], shorter.GroupsInOrder());
        Assert.Equal([1, 1], longer.GroupsInOrder());
    }

    [Fact]
    public void A_push_is_the_last_and_shows_in_the_merged_header()
    {
        TcpSample push = s_first.Next() with { Flags = 0x18 };
        using CoalescingRig rig = new CoalescingRig().Add(s_first, push, push.Next() with { Flags = 0x10 });
        using CoalescingRig atOnce = new CoalescingRig().Add(s_first with { Flags = 0x18 }, s_first.Next());

        Assert.Equal([2, 1], rig.GroupsInOrder());
        Assert.Equal(0x18, rig.Written(0)[10 + 33]);
        Assert.Equal([1, 1], atOnce.GroupsInOrder());
    }

    [Theory]
    [InlineData(0x11)] // FIN
    [InlineData(0x12)] // SYN
    [InlineData(0x14)] // RST
    [InlineData(0x30)] // URG
    [InlineData(0x90)] // CWR
    [InlineData(0x00)] // no ACK
    public void A_flag_that_means_something_stands_alone_and_seals_its_flow(byte flags)
    {
        TcpSample second = s_first.Next() with { Flags = flags };
        using CoalescingRig rig = new CoalescingRig().Add(s_first, second, second.Next() with { Flags = 0x10 });
        using CoalescingRig alike = new CoalescingRig().Add(Run(s_first with { Flags = flags }, 3));

        Assert.Equal([1, 1, 1], rig.GroupsInOrder());
        Assert.Equal([1, 1, 1], alike.GroupsInOrder());
    }

    [Theory]
    [InlineData(1)] // AE, NS
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void A_reserved_bit_stands_alone(byte reserved)
    {
        using CoalescingRig rig = new CoalescingRig().Add(Run(s_first with { Reserved = reserved }, 3));

        Assert.Equal([1, 1, 1], rig.GroupsInOrder());
    }

    [Fact]
    public void A_pure_acknowledgement_stands_alone_and_data_does_not_overtake_it()
    {
        TcpSample second = s_first.Next();
        using CoalescingRig rig = new CoalescingRig().Add(s_first, second with { Payload = [] }, second, second.Next());

        Assert.Equal([1, 1, 2], rig.GroupsInOrder());
    }

    [Fact]
    public void Packets_with_ip_options_or_the_reserved_ip_bit_stand_alone_and_seal_their_flow()
    {
        TcpSample second = s_first.Next();
        using CoalescingRig options = new CoalescingRig()
            .Add(s_first, second with { IpOptions = [1, 1, 1, 1] }, second);
        using CoalescingRig bit = new CoalescingRig().Add(Run(s_first with { Fragment = 0xC000 }, 2));

        Assert.Equal([1, 1, 1], options.GroupsInOrder());
        Assert.Equal([1, 1], bit.GroupsInOrder());
    }

    [Fact]
    public void Without_dont_fragment_the_id_has_to_count_up()
    {
        TcpSample first = s_first with { Fragment = 0, Id = 65_535 };
        using CoalescingRig counting = new CoalescingRig().Add(Run(first, 3));
        using CoalescingRig jumping = new CoalescingRig()
            .Add(first, first.Next() with { Id = 1 }, first.Next().Next() with { Id = 2 });
        using CoalescingRig same = new CoalescingRig().Add(first, first.Next() with { Id = 65_535 });

        Assert.Equal([3], counting.GroupsInOrder());
        Assert.Equal([1, 2], jumping.GroupsInOrder());
        Assert.Equal([1, 1], same.GroupsInOrder());
    }

    [Fact]
    public void With_dont_fragment_the_id_does_not_matter()
    {
        using CoalescingRig rig = new CoalescingRig().Add(s_first, s_first.Next() with { Id = 0 });

        Assert.Equal([2], rig.GroupsInOrder());
    }

    [Fact]
    public void Sixty_four_packets_are_one_write_and_the_next_starts_another()
    {
        using CoalescingRig rig = new CoalescingRig().Add(Run(s_first with { Payload = Sample.Bytes(7) }, 66));

        Assert.Equal([64, 2], rig.GroupsInOrder());
    }

    [Fact]
    public void No_superpacket_is_longer_than_an_ip_packet_can_be()
    {
        // A header of 40 bytes and 44 x 1,488 leave 23 bytes.
        List<TcpSample> full = Run(s_first with { Options = [], Payload = Sample.Bytes(1488) }, 45);
        TcpSample last = full[^1];
        using CoalescingRig exact = new CoalescingRig().Add(full[..44]).Add(last with { Payload = Sample.Bytes(23) });
        using CoalescingRig over = new CoalescingRig().Add(full[..44]).Add(last with { Payload = Sample.Bytes(24) });

        Assert.Equal([45], exact.GroupsInOrder());
        Assert.Equal(65_535, exact.Written(0).Length - 10);
        Assert.Equal([44, 1], over.GroupsInOrder());
    }

    [Fact]
    public void Switched_off_nothing_more_joins_until_switched_on_again()
    {
        List<TcpSample> run = Run(s_first, 8);
        using CoalescingRig rig = new CoalescingRig().Add(run[..2]);
        rig.Coalescer.MergesTcp = false;
        rig.Add(run[2..4]);
        rig.Coalescer.MergesTcp = true;
        rig.Add(run[4..]);

        Assert.Equal([2, 1, 1, 4], rig.GroupsInOrder());
    }

    internal static List<TcpSample> Run(TcpSample first, int count)
    {
        List<TcpSample> run = [first];
        while (run.Count < count)
        {
            run.Add(run[^1].Next() with { Payload = Sample.Bytes(first.Payload.Length, run.Count) });
        }

        return run;
    }
}
