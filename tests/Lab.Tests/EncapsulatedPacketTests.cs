using System;
using System.Linq;
using System.Net;
using Overlay.Lab.Decoding;
using Xunit;

namespace Overlay.Lab.Tests;

public sealed class EncapsulatedPacketTests
{
    [Fact]
    public void Frame_59_decodes_to_the_fields_that_the_literature_shows()
    {
        EncapsulatedPacket packet = Decode(SeedFrames.Frame59());

        Assert.Equal(126, packet.FrameBytes);
        Assert.Equal(new EthernetFields("12:34:56:78:9a:bc", "00:0d:3a:a3:fa:d5", 0x0800), packet.Ethernet);

        Assert.Equal(20, packet.Outer.HeaderBytes);
        Assert.Equal(0, packet.Outer.TypeOfService);
        Assert.Equal(112, packet.Outer.TotalLength);
        Assert.Equal(15799, packet.Outer.Identification);
        Assert.True(packet.Outer.DontFragment);
        Assert.False(packet.Outer.IsFragment);
        Assert.Equal(64, packet.Outer.TimeToLive);
        Assert.Equal(17, packet.Outer.Protocol);
        Assert.Equal(0xa49c, packet.Outer.Checksum);
        Assert.True(packet.Outer.ChecksumIsCorrect);
        Assert.Equal(IPAddress.Parse("172.16.0.5"), packet.Outer.Source);
        Assert.Equal(IPAddress.Parse("172.16.0.4"), packet.Outer.Destination);

        // Captured on the way out: the checksum holds the pseudo-header's sum, for the device to complete.
        Assert.Equal(new UdpFields(8285, 8285, 92, 0x5897, UdpChecksumState.Partial), packet.Udp);

        Assert.Equal(84, packet.Inner.TotalLength);
        Assert.Equal(16344, packet.Inner.Identification);
        Assert.True(packet.Inner.DontFragment);
        Assert.Equal(62, packet.Inner.TimeToLive);
        Assert.Equal(1, packet.Inner.Protocol);
        Assert.Equal(0xe5d5, packet.Inner.Checksum);
        Assert.True(packet.Inner.ChecksumIsCorrect);
        Assert.Equal(IPAddress.Parse("10.244.1.14"), packet.Inner.Source);
        Assert.Equal(IPAddress.Parse("10.244.0.6"), packet.Inner.Destination);

        Assert.Equal(new IcmpFields(8, 0, 0x451d, true, 1536, 32, 64), packet.Icmp);
        Assert.Equal(56, packet.Icmp!.DataBytes); // asserted just above
    }

    [Fact]
    public void Frame_60_was_received_and_its_udp_checksum_is_correct()
    {
        EncapsulatedPacket packet = Decode(SeedFrames.Frame60());

        Assert.Equal(new UdpFields(8285, 8285, 92, 0x6652, UdpChecksumState.Correct), packet.Udp);
        Assert.False(packet.Inner.DontFragment);
        Assert.Equal(new IcmpFields(0, 0, 0x4d1d, true, 1536, 32, 64), packet.Icmp);
        Assert.Equal("10.244.0.6 > 10.244.1.14: ICMP echo reply, id 1536, seq 32, length 64", packet.InnerLine);
    }

    [Fact]
    public void The_short_lines_name_both_layers_and_what_each_costs()
    {
        EncapsulatedPacket packet = Decode(SeedFrames.Frame59());

        Assert.Equal("172.16.0.5:8285 > 172.16.0.4:8285", packet.OuterLine);
        Assert.Equal("10.244.1.14 > 10.244.0.6: ICMP echo request, id 1536, seq 32, length 64", packet.InnerLine);
        Assert.Equal("packet 126 B = eth 14 + ip 20 + udp 8 + inner 84   overhead 28 B", packet.SizeLine);
    }

    [Fact]
    public void The_tree_goes_from_the_outside_in()
    {
        string[] tree = [.. Decode(SeedFrames.Frame59()).Tree()];

        Assert.Equal(
            [
                "Frame: 126 bytes on wire (1008 bits)",
                "Ethernet II, Src: 00:0d:3a:a3:fa:d5, Dst: 12:34:56:78:9a:bc, Type: IPv4 (0x0800)",
                "Internet Protocol Version 4, Src: 172.16.0.5, Dst: 172.16.0.4",
                "User Datagram Protocol, Src Port: 8285, Dst Port: 8285",
                "Internet Protocol Version 4, Src: 10.244.1.14, Dst: 10.244.0.6",
                "Internet Control Message Protocol",
            ],
            tree.Where(line => !line.StartsWith(' ')));
        Assert.Contains("    Identification: 0x3db7 (15799)", tree);
        Assert.Contains("    Flags: 0x4000, Don't fragment", tree);
        Assert.Contains("    Type: 8 (Echo (ping) request), Code: 0", tree);
        Assert.Contains("    Identifier (BE): 1536 (0x0600)", tree);
        Assert.Contains("    Sequence number (BE): 32 (0x0020)", tree);
        Assert.Equal("    Data (56 bytes)", tree[^1]);
    }

    [Fact]
    public void Every_frame_cut_short_is_refused()
    {
        byte[] frame = SeedFrames.Frame59();
        for (int length = 0; length < frame.Length; length++)
        {
            Assert.False(EncapsulatedPacket.TryDecode(frame.AsSpan(0, length), out _), $"{length} bytes");
        }
    }

    [Fact]
    public void Ethernet_padding_is_not_part_of_the_packet()
    {
        EncapsulatedPacket packet = Decode([.. SeedFrames.Frame59(), 0xdb, 0xdb, 0xdb, 0xdb]);

        Assert.Equal(130, packet.FrameBytes);
        Assert.Equal(64, packet.Icmp?.Length);
        Assert.True(packet.Icmp?.ChecksumIsCorrect);
    }

    [Theory]
    [InlineData(SeedFrames.EthernetBytes - 2, "the frame is not IPv4")]
    [InlineData(SeedFrames.EthernetBytes, "the outer version or header length")]
    [InlineData(SeedFrames.EthernetBytes + 7, "the outer packet is a fragment")]
    [InlineData(SeedFrames.EthernetBytes + 9, "the outer protocol is not UDP")]
    [InlineData(SeedFrames.OuterEnd + 4, "the UDP length is more than there is")]
    [InlineData(SeedFrames.UdpEnd, "the inner version or header length")]
    [InlineData(SeedFrames.UdpEnd + 3, "the inner length is not the datagram's")]
    public void A_frame_that_carries_no_whole_inner_packet_is_refused(int offset, string why)
    {
        byte[] frame = SeedFrames.Frame59();
        frame[offset] ^= 0xff;

        Assert.False(EncapsulatedPacket.TryDecode(frame, out EncapsulatedPacket? packet), why);
        Assert.Null(packet);
    }

    [Fact]
    public void A_changed_byte_shows_in_the_checksum_that_covers_it()
    {
        byte[] frame = SeedFrames.Frame60();
        frame[^1] ^= 0x01;
        EncapsulatedPacket data = Decode(frame);
        Assert.False(data.Icmp?.ChecksumIsCorrect);
        Assert.Equal(UdpChecksumState.Wrong, data.Udp.ChecksumState);
        Assert.True(data.Inner.ChecksumIsCorrect);

        frame = SeedFrames.Frame60();
        frame[SeedFrames.UdpEnd + 8]--;
        Assert.False(Decode(frame).Inner.ChecksumIsCorrect);
    }

    [Fact]
    public void An_inner_fragment_is_decoded_up_to_its_ip_header()
    {
        byte[] frame = SeedFrames.Frame59();
        frame[SeedFrames.UdpEnd + 6] = 0x20;

        EncapsulatedPacket packet = Decode(frame);
        Assert.Null(packet.Icmp);
        Assert.Equal("10.244.1.14 > 10.244.0.6: protocol 1, length 64", packet.InnerLine);
    }

    [Fact]
    public void Random_frames_never_make_it_throw()
    {
        const int Seed = 20261121;
        var random = new Random(Seed);
        byte[] original = SeedFrames.Frame59();
        for (int round = 0; round < 20_000; round++)
        {
            byte[] frame = [.. original.AsSpan(0, random.Next(original.Length + 1))];
            for (int change = random.Next(8); change > 0 && frame.Length > 0; change--)
            {
                frame[random.Next(frame.Length)] = (byte)random.Next(256);
            }

            if (EncapsulatedPacket.TryDecode(frame, out EncapsulatedPacket? packet))
            {
                Assert.NotEmpty(packet!.Tree()); // not null after true
            }
        }
    }

    private static EncapsulatedPacket Decode(byte[] frame)
    {
        Assert.True(EncapsulatedPacket.TryDecode(frame, out EncapsulatedPacket? packet));
        Assert.NotNull(packet);
        return packet;
    }
}
