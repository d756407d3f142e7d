using System;
using System.Buffers;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using Overlay.Capture.Files;
using Overlay.Capture.Filters;
using Overlay.Capture.Packets;
using Overlay.Capture.Text;
using Overlay.Net;
using Overlay.Testing;
using Xunit;

namespace Overlay.Capture.Tests;

/// <summary>Captures with bytes changed, cut, repeated and put in go through everything that decode does.</summary>
/// <remarks>
/// The gate runs as many as take a second or two; OVERLAY_CAPTURES says how many otherwise, and OVERLAY_SEED repeats a
/// run.
/// </remarks>
public sealed class MutatedCaptureTests(ITestOutputHelper output)
{
    private const int Gate = 4000;

    // The reader's first buffer, and what is allocated once for a file.
    private const long ReaderBytes = 80_000;

    // The shortest record, 16 bytes of pcap, becomes one tree of some 600 characters, which are put together from
    // strings.
    private const long BytesForEachByte = 200;

    private static readonly uint[] s_hostileNumbers =
        [0, 1, 7, 19, 20, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff];

    private static readonly PacketFilter[] s_filters =
    [
        PacketFilter.Compile("inner host 10.244.1.14 or not port 8285"),
        PacketFilter.Compile("ip6 or arp or (tcp and src net 10.0.0.0/8) or outer icmp"),
    ];

    private readonly StringBuilder _text = new();
    private readonly ArrayBufferWriter<byte> _json = new(4096);
    private long _packets, _malformed, _refused;

    [Fact]
    public async Task None_crashes_none_hangs_and_none_costs_more_memory_than_its_length_allows()
    {
        int seed = Number("OVERLAY_SEED") ?? Random.Shared.Next();
        int count = Number("OVERLAY_CAPTURES") ?? Gate;
        output.WriteLine($"seed {seed}, {count} captures");
        var random = new Random(seed);
        byte[][] originals = Originals();
        foreach (byte[] original in originals)
        {
            await DecodeAsync(original); // warms up, and none of them is refused
        }

        Assert.Equal(0, _refused);
        double worst = 0;
        long began = Stopwatch.GetTimestamp();
        for (int round = 0; round < count; round++)
        {
            byte[] capture = Mutate(originals[random.Next(originals.Length)], random);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                await DecodeAsync(capture);
            }
            catch (Exception problem)
            {
                Assert.Fail($"seed {seed}, round {round}: {Convert.ToHexString(capture)}\n{problem}");
            }

            long cost = GC.GetAllocatedBytesForCurrentThread() - before - ReaderBytes;
            worst = Math.Max(worst, cost / (double)Math.Max(capture.Length, 1));
            Assert.True(
                cost <= BytesForEachByte * capture.Length,
                $"seed {seed}, round {round}: {cost} bytes for {capture.Length}: {Convert.ToHexString(capture)}");
        }

        output.WriteLine(
            $"{count} captures in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s: {_packets} packets, "
                + $"{_malformed} malformed, {_refused} files cut or refused, at most {worst:0} bytes of memory for a "
                + "byte of a file");
        Assert.True(_packets > count && _malformed > 0 && _refused > 0, "the changes reach neither packets nor files");
    }

    // Everything is on memory, so no await leaves the thread whose allocations are counted.
    private async Task DecodeAsync(byte[] capture)
    {
        var decoder = new PacketDecoder();
        var echoes = new EchoTimes();
        var writer = new PcapngWriter(Stream.Null, "overlay", "Linux");
        var options = new TextOptions(IsUnicode: true, TimeZoneInfo.Utc) { ShowsLink = true };
        long count = 0;
        try
        {
            CaptureReader reader = await CaptureReader.OpenAsync(new MemoryStream(capture));
            while (await reader.ReadAsync() is { } packet)
            {
                // No record is shorter, so a reader that stands still is found.
                Assert.True(++count <= capture.Length / 12, "more packets than a file of this length can have");
                CaptureInterface source = reader.Interfaces[packet.Interface];
                DecodedPacket decoded = decoder.Decode(source.LinkType, packet.Bytes, packet.WireLength);
                Show(decoded, packet, source, echoes, options);
                _ = writer.Add(source with { Name = null, Description = null, Filter = null });
                writer.Write(packet with { Interface = 0, Comment = null });
            }
        }
        catch (CaptureFormatException)
        {
            _refused++;
        }

        _packets += count;
    }

    private void Show(
        in DecodedPacket decoded, in CapturedPacket packet, CaptureInterface source, EchoTimes echoes,
        TextOptions options)
    {
        _malformed += decoded.Fault.IsMalformed() ? 1 : 0;
        foreach (PacketFilter filter in s_filters)
        {
            _ = filter.Matches(decoded);
        }

        _ = decoded.OverheadBytes;
        var context = new PacketContext(1, packet.Nanoseconds)
        {
            Direction = packet.Direction,
            Interface = source.Name,
            Note = packet.Comment,
            PacketId = packet.PacketId,
            RoundTrip = echoes.Look(decoded, packet.Nanoseconds),
        };
        _text.Clear();
        PacketLines.Append(_text, decoded, context, options);
        PacketTree.Append(_text, decoded, context);
        HexDump.Append(_text, decoded.Outer.Packet.Span, hasAscii: true);
        _json.ResetWrittenCount();
        using var json = new Utf8JsonWriter(_json);
        PacketJson.Write(json, decoded, context);
    }

    private static byte[] Mutate(byte[] original, Random random)
    {
        List<byte> bytes = [.. original];
        for (int change = 1 + random.Next(4); change > 0 && bytes.Count > 0; change--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(16)) // what breaks the framing of a file is rarer than what stays in packets
            {
                case 0 or 1 or 2 or 3:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 4 or 5 or 6:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 7:
                    bytes.RemoveRange(at, bytes.Count - at); // cut
                    break;
                case 8:
                    bytes.RemoveRange(at, random.Next(Math.Min(64, bytes.Count - at)));
                    break;
                case 9:
                    int length = random.Next(Math.Min(256, bytes.Count - at));
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length));
                    break;
                case 10:
                    byte[] noise = new byte[random.Next(32)];
                    random.NextBytes(noise);
                    bytes.InsertRange(at, noise);
                    break;
                default:
                    Overwrite(bytes, at, random);
                    break;
            }
        }

        return [.. bytes];
    }

    // A number of one, two or four bytes that lengths and offsets are wrong with, in either order.
    private static void Overwrite(List<byte> bytes, int at, Random random)
    {
        uint number = random.GetItems(s_hostileNumbers, 1)[0] + (uint)random.Next(-1, 2);
        int length = 1 << random.Next(3);
        bool isBigEndian = random.Next(2) == 0;
        for (int i = 0; i < length && at + i < bytes.Count; i++)
        {
            int shift = 8 * (isBigEndian ? length - 1 - i : i);
            bytes[at + i] = (byte)(number >> shift);
        }
    }

    private static byte[][] Originals()
    {
        var one = Ipv4Address.Parse("10.0.0.1");
        var two = Ipv4Address.Parse("10.0.0.2");
        byte[] inner = PacketBuilder.UdpPacket(one, two, 1, 2, new byte[30]);
        byte[] options = [2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2, 0];
        byte[][] packets =
        [
            PacketBuilder.TcpPacket(one, two, 40000, 80, 1, 0, 0x12, new byte[9], options),
            PacketBuilder.Ipv4(one, two, fragment: 0x0010, options: [7, 7, 4, 0, 0, 0, 0, 0]),
            SamplePackets.IcmpError(3, 3, inner),
            SamplePackets.Carrier([.. inner, .. inner, .. inner]),
            SamplePackets.Carrier(new byte[12]),
            SamplePackets.UdpOverIpv6("fc00::1", "fc00::2", 546, 547),
            SamplePackets.Ipv6("fc00::1", "fc00::2", 0, [44, 0, 1, 4, 0, 0, 0, 0, 17, 0, 0, 8, 0, 0, 0, 1, 9, 9, 9]),
            SamplePackets.Ipv6("fc00::1", "fc00::2", 58, [135, 0, 0, 0, 0, 0, 0, 0, .. new byte[16]]),
        ];
        byte[][] frames =
        [
            SeedFrames.Frame59(), SeedFrames.Frame60(), SeedFrames.Frame7(), SeedFrames.Frame8(),
            SamplePackets.ArpRequest("10.0.0.1", "10.0.0.2"),
            SamplePackets.Ethernet(0x8100, [0, 5, 8, 0, .. packets[0]]),
        ];
        byte[] cooked = [0, 4, 0, 1, 0, 6, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0, 0, 8, 0, .. packets[3]];
        return
        [
            CaptureBuilder.Pcap(false, false, LinkType.Ethernet, Timed(frames)),
            CaptureBuilder.Pcap(true, true, LinkType.Raw, Timed(packets)),
            CaptureBuilder.Pcap(false, true, LinkType.LinuxCooked, Timed([cooked])),
            Pcapng(isBigEndian: false, frames, packets),
            Pcapng(isBigEndian: true, frames, packets),
        ];
    }

    private static (long Nanoseconds, byte[] Bytes, int WireLength)[] Timed(byte[][] frames) =>
        Array.ConvertAll(frames, frame => (1528098443_058527000L, frame, frame.Length));

    private static byte[] Pcapng(bool isBigEndian, byte[][] frames, byte[][] packets)
    {
        var file = new CaptureBuilder(isBigEndian);
        file.Section();
        file.Interface(LinkType.Ethernet, 0, (2, "eth0"u8.ToArray()), (9, [9]));
        file.Interface(LinkType.Raw, 96, (9, [0x8a]), (14, file.Number64(3)));
        foreach (byte[] frame in frames)
        {
            file.Enhanced(0, 1528098443_058527000, frame, (uint)frame.Length, (2, file.Number32(1)));
        }

        foreach (byte[] packet in packets)
        {
            file.Enhanced(1, 99, packet, 2000, (1, "dropped"u8.ToArray()), (5, file.Number64(7)));
        }

        file.Simple(frames[0], (uint)frames[0].Length);
        file.Old(1, 3, 5, packets[0], 100);
        file.Block(4, new byte[20]);
        return file.ToArray();
    }

    private static int? Number(string variable) => int.TryParse(
        Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number : null;
}
