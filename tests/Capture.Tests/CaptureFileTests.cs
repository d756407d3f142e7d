using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Capture.Files;
using Overlay.Capture.Packets;
using Overlay.Testing;
using Xunit;

namespace Overlay.Capture.Tests;

public sealed class CaptureFileTests
{
    private const long Time = 1528098443_058527123;

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Pcap_of_either_byte_order_and_resolution_is_read(bool isBigEndian, bool isNano)
    {
        byte[] file = CaptureBuilder.Pcap(
            isBigEndian, isNano, LinkType.Ethernet, (Time, SeedFrames.Frame59(), 126), (Time + 1000, [1, 2, 3], 2000));
        (IReadOnlyList<CapturedPacket> packets, CaptureReader reader) = await ReadAsync(file);

        Assert.Equal(new CaptureInterface(LinkType.Ethernet, 65535), Assert.Single(reader.Interfaces));
        Assert.Equal(isNano ? Time : Time / 1000 * 1000, packets[0].Nanoseconds);
        Assert.Equal((126, 126), (packets[0].Bytes.Length, packets[0].WireLength));
        Assert.Equal(SeedFrames.Frame59(), packets[0].Bytes.ToArray());
        Assert.Equal((3, 2000), (packets[1].Bytes.Length, packets[1].WireLength));
        Assert.Equal(2, packets.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pcapng_of_either_byte_order_is_read_with_all_its_kinds_of_packets(bool isBigEndian)
    {
        var file = new CaptureBuilder(isBigEndian);
        file.Section();
        file.Block(4, [0, 0, 0, 0]); // names, which are skipped
        file.Interface(LinkType.Ethernet, 96, (2, "eth0"u8.ToArray()), (3, "underlay"u8.ToArray()));
        file.Interface(LinkType.Raw, 0, (9, [9]), (14, file.Number64(1000)));
        file.Interface(LinkType.Raw, 0, (9, [0x80 | 10]));
        file.Block(0x0000_0bad, new byte[40]); // nobody knows it
        file.Enhanced(0, 1_000_001, SeedFrames.Frame59()[..96], 126);
        file.Enhanced(
            1, 5, [1, 2, 3], 4, (1, "dropped: no route"u8.ToArray()), (2, file.Number32(2)), (4, file.Number64(3)),
            (5, file.Number64(77)));
        file.Enhanced(2, 1536, [], 0);
        file.Simple([.. SeedFrames.Frame60()[..96]], 126);
        file.Old(1, 9, 2_000_000_000, [4, 5], 2);
        file.Block(5, new byte[12]); // statistics
        (IReadOnlyList<CapturedPacket> packets, CaptureReader reader) = await ReadAsync(file.ToArray());

        Assert.Equal(
            [new(LinkType.Ethernet, 96, "eth0", "underlay"), new(LinkType.Raw), new(LinkType.Raw)], reader.Interfaces);
        Assert.Equal([0, 1, 2, 0, 1], packets.Select(packet => packet.Interface));
        Assert.Equal(
            [1_000_001_000, 1_000_000_000_005, 1_500_000_000, 0, 1_002_000_000_000],
            packets.Select(packet => packet.Nanoseconds));
        Assert.Equal([96, 3, 0, 96, 2], packets.Select(packet => packet.Bytes.Length));
        Assert.Equal([126, 4, 0, 126, 2], packets.Select(packet => packet.WireLength));
        Assert.Equal(
            (CaptureDirection.Outbound, 3ul, 77ul, "dropped: no route"),
            (packets[1].Direction, packets[1].DropCount, packets[1].PacketId, packets[1].Comment));
        Assert.Equal(9ul, packets[4].DropCount);
    }

    [Fact]
    public async Task Of_the_texts_of_an_interface_256_bytes_are_read()
    {
        var file = new CaptureBuilder(isBigEndian: false);
        file.Section();
        byte[] text = new byte[60_000];
        Array.Fill(text, (byte)'x');
        file.Interface(LinkType.Raw, 0, (2, text), (3, text), (11, [0, .. text]));
        file.Enhanced(0, 0, [], 0);
        CaptureInterface read = Assert.Single((await ReadAsync(file.ToArray())).Reader.Interfaces);
        Assert.Equal((256, 256, 256), (read.Name?.Length, read.Description?.Length, read.Filter?.Length));
    }

    [Fact]
    public async Task Sections_have_interfaces_and_byte_orders_of_their_own()
    {
        var first = new CaptureBuilder(isBigEndian: false);
        first.Section();
        first.Interface(LinkType.Ethernet, 0);
        first.Enhanced(0, 1, [1], 1);
        var second = new CaptureBuilder(isBigEndian: true);
        second.Section();
        second.Interface(LinkType.Raw, 0);
        second.Enhanced(0, 2, [2], 1);
        (IReadOnlyList<CapturedPacket> packets, CaptureReader reader) =
            await ReadAsync([.. first.ToArray(), .. second.ToArray()]);
        Assert.Equal([0, 1], packets.Select(packet => packet.Interface));
        Assert.Equal([LinkType.Ethernet, LinkType.Raw], reader.Interfaces.Select(each => each.LinkType));
        Assert.Equal([1000, 2000], packets.Select(packet => packet.Nanoseconds));

        var third = new CaptureBuilder(isBigEndian: false);
        third.Section();
        third.Enhanced(0, 1, [1], 1);
        CaptureFormatException problem = await Assert.ThrowsAsync<CaptureFormatException>(
            () => ReadAsync([.. first.ToArray(), .. third.ToArray()]));
        Assert.Contains("interface 0, which the section does not have", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_became_of_a_capture_is_read_in_either_byte_order_and_in_the_interfaces_units(
        bool isBigEndian)
    {
        var file = new CaptureBuilder(isBigEndian);
        file.Section();
        file.Interface(LinkType.Ethernet, 0);
        file.Interface(LinkType.Ethernet, 0, (9, [3])); // milliseconds
        file.Statistics(0, 7);
        file.Statistics(
            1, (5UL << 32) + 6, (2, [.. file.Number32(5), .. file.Number32(1)]), (4, file.Number64(40)),
            (5, file.Number64(4)), (6, file.Number64(39)), (7, file.Number64(2)), (8, file.Number64(33)), (4, [1]));
        (_, CaptureReader reader) = await ReadAsync(file.ToArray());
        const long Milliseconds = 1_000_000;
        Assert.Equal(
            [
                new InterfaceStatistics(0, null, 7_000, null, null),
                new InterfaceStatistics(1, ((5L << 32) + 1) * Milliseconds, ((5L << 32) + 6) * Milliseconds, 40, 4)
                {
                    Accepted = 39, DroppedBySystem = 2, Delivered = 33,
                },
            ],
            reader.Statistics);

        file.Statistics(2, 0);
        CaptureFormatException problem = await Assert.ThrowsAsync<CaptureFormatException>(
            () => ReadAsync(file.ToArray()));
        Assert.Contains("interface 2, which the section does not have", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_written_is_read_back()
    {
        var stream = new MemoryStream();
        var writer = new PcapngWriter(stream, "overlay 0.1", "Linux");
        CaptureInterface[] interfaces =
        [
            new(LinkType.Raw, 96, "flannel0", "packets of pods", "host 10.244.1.5"),
            new(LinkType.Ethernet),
        ];
        Assert.Equal([0, 1], interfaces.Select(writer.Add));
        CapturedPacket[] packets =
        [
            new(new byte[] { 1, 2, 3 }, 1500, 0, Time) { Direction = CaptureDirection.Outbound, PacketId = 7 },
            new(SeedFrames.Frame59(), 126, 1, Time + 1)
            {
                Direction = CaptureDirection.Inbound, PacketId = ulong.MaxValue, DropCount = 12,
                Comment = "ein Wort — hier",
            },
            new(default, 0, 0, 0),
        ];
        foreach (CapturedPacket packet in packets)
        {
            writer.Write(packet);
        }

        writer.Write(new InterfaceStatistics(0, Time, Time + 5, 10, 2));
        Assert.Equal(0, stream.Length); // a small file is written at once
        writer.Flush();

        (IReadOnlyList<CapturedPacket> read, CaptureReader reader) = await ReadAsync(stream.ToArray());
        Assert.Equal(interfaces, reader.Interfaces);
        Assert.Equal(packets.Select(Comparable), read.Select(Comparable));
        Assert.Equal([new InterfaceStatistics(0, Time, Time + 5, 10, 2)], reader.Statistics);
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Write(new CapturedPacket(default, 0, 2, 0)));
    }

    [Fact]
    public async Task A_reader_of_a_pipe_sees_each_packet_when_it_is_written()
    {
        var stream = new MemoryStream();
        var writer = new PcapngWriter(stream, "overlay", "Linux", flushesEachPacket: true);
        _ = writer.Add(new CaptureInterface(LinkType.Raw));
        for (int count = 1; count <= 3; count++)
        {
            writer.Write(new CapturedPacket(new byte[count], count, 0, count));
            Assert.Equal(count, (await ReadAsync(stream.ToArray())).Packets.Count);
        }
    }

    [Fact]
    public async Task Whatever_sizes_a_stream_gives_bytes_in_the_packets_are_the_same()
    {
        byte[] file = CaptureBuilder.Pcap(
            true, true, LinkType.Ethernet,
            [.. Enumerable.Range(0, 50).Select(i => ((long)i, new byte[i * 700], i * 700))]);
        foreach (int step in (int[])[1, 7, 4096])
        {
            using var slow = new SteppedStream(file, step);
            CaptureReader reader = await CaptureReader.OpenAsync(slow, TestContext.Current.CancellationToken);
            int count = 0;
            while (await reader.ReadAsync(TestContext.Current.CancellationToken) is { } packet)
            {
                Assert.Equal(count++ * 700, packet.Bytes.Length);
            }

            Assert.Equal(50, count);
        }
    }

    [Fact]
    public async Task Every_cut_file_gives_the_packets_before_the_cut_and_says_that_it_is_cut()
    {
        byte[] pcap = CaptureBuilder.Pcap(
            false, false, LinkType.Ethernet, (1, SeedFrames.Frame59(), 126), (2, SeedFrames.Frame60(), 126));
        var stream = new MemoryStream();
        var writer = new PcapngWriter(stream, "overlay", "Linux");
        _ = writer.Add(new CaptureInterface(LinkType.Ethernet));
        writer.Write(new CapturedPacket(SeedFrames.Frame59(), 126, 0, 1));
        writer.Write(new CapturedPacket(SeedFrames.Frame60(), 126, 0, 2));
        writer.Flush();
        foreach (byte[] file in new[] { pcap, stream.ToArray() })
        {
            int whole = 0, cut = 0, longest = 0;
            for (int length = 0; length < file.Length; length++)
            {
                List<CapturedPacket> packets = [];
                try
                {
                    _ = await ReadAsync(file[..length], packets);
                    whole++; // the cut is between two blocks
                }
                catch (CaptureFormatException problem)
                {
                    Assert.True(problem.IsCut, problem.Message);
                    cut++;
                }

                Assert.True(packets.Count >= longest, $"{length} bytes");
                longest = packets.Count;
            }

            Assert.InRange(whole, 2, 5);
            Assert.Equal(file.Length, whole + cut);
            Assert.Equal(1, longest);
        }
    }

    [Theory]
    [InlineData("a1b2cd34" + "0000000000000000", "modified pcap (0xa1b2cd34)")]
    [InlineData("34cdb2a1" + "0000000000000000", "modified pcap (0xa1b2cd34)")]
    [InlineData("7f454c46", "begins with 0x7f454c46")]
    [InlineData("a1b2c3d4" + "00010000" + "0000000000000000" + "0000ffff00000001", "pcap of version 1")]
    [InlineData("a1b2c3d4" + "00020004" + "0000000000000000" + "0000ffff00000001" + "0000000000000000" + "01000001"
        + "01000001", "says that it has 16777217 bytes, more than the 16777216")]
    [InlineData("0a0d0d0a" + "0000001d" + "1a2b3c4d", "a block has the length 29")]
    [InlineData("0a0d0d0a" + "0000001c" + "1a2b3c4e", "the byte order 0x1a2b3c4e")]
    [InlineData("0a0d0d0a" + "0000001c" + "1a2b3c4d" + "00020000" + "ffffffffffffffff" + "0000001c",
        "pcapng of version 2")]
    [InlineData("0a0d0d0a" + "0000001c" + "1a2b3c4d" + "00010000" + "ffffffffffffffff" + "00000020",
        "a block of 28 bytes ends as one of 32")]
    [InlineData("0a0d0d0a" + "02000000" + "1a2b3c4d", "more than the 16777216 that are read")]
    public async Task What_is_no_capture_is_refused_in_one_line(string bytes, string says)
    {
        CaptureFormatException problem = await Assert.ThrowsAsync<CaptureFormatException>(
            () => ReadAsync(Convert.FromHexString(bytes)));
        Assert.Contains(says, problem.Message, StringComparison.Ordinal);
        Assert.False(problem.IsCut);
        Assert.DoesNotContain('\n', problem.Message);
    }

    [Fact]
    public async Task A_block_that_claims_16_mebibytes_costs_what_the_file_holds()
    {
        byte[] file = [.. CaptureBuilder.Pcap(false, false, LinkType.Raw), .. new byte[8], .. new byte[8], 1, 2, 3];
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(32), CaptureReader.LongestBlock);
        long before = GC.GetAllocatedBytesForCurrentThread();
        CaptureFormatException problem = await Assert.ThrowsAsync<CaptureFormatException>(() => ReadAsync(file));
        Assert.True(problem.IsCut);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000);
    }

    [Theory]
    [InlineData(0, 5, 0, 5_000_000_000)]
    [InlineData(6, 5, 0, 5_000)]
    [InlineData(9, 5, 0, 5)]
    [InlineData(12, 5_999, 0, 5)]
    [InlineData(127, ulong.MaxValue, 0, 0)]
    [InlineData(0x80, 3, 0, 3_000_000_000)]
    [InlineData(0x81, 3, 0, 1_500_000_000)]
    [InlineData(0xff, ulong.MaxValue, 0, 0)]
    [InlineData(0, ulong.MaxValue, 0, long.MaxValue)]
    [InlineData(6, 0, long.MinValue, 0)]
    [InlineData(6, 0, long.MaxValue, long.MaxValue)]
    [InlineData(6, 2_000_000, -1, 1_000_000_000)]
    public void Times_of_every_resolution_are_nanoseconds_within_what_a_long_has(
        byte exponent, ulong units, long offset, long expected) =>
        Assert.Equal(expected, new TimeResolution(exponent, offset).ToNanoseconds(units));

    private static (long, int, int, string, CaptureDirection, ulong?, ulong, string?) Comparable(
        CapturedPacket packet) => (
        packet.Nanoseconds, packet.WireLength, packet.Interface, Convert.ToHexString(packet.Bytes.Span),
        packet.Direction, packet.PacketId, packet.DropCount, packet.Comment);

    private static async Task<(IReadOnlyList<CapturedPacket> Packets, CaptureReader Reader)> ReadAsync(
        byte[] file, List<CapturedPacket>? packets = null)
    {
        packets ??= [];
        CaptureReader reader = await CaptureReader.OpenAsync(new MemoryStream(file));
        while (await reader.ReadAsync() is { } packet)
        {
            packets.Add(packet with { Bytes = packet.Bytes.ToArray() });
        }

        return (packets, reader);
    }

    private sealed class SteppedStream(byte[] bytes, int step) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
            base.ReadAsync(buffer[..Math.Min(step, buffer.Length)], cancellationToken);
    }
}
