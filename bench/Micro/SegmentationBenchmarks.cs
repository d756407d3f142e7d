using System;
using System.Buffers.Binary;
using BenchmarkDotNet.Attributes;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Packets;
using Overlay.Router.Segmentation;

namespace Overlay.Micro;

/// <summary>
/// A superpacket of 64 KB, its payload cut by 1,420 bytes: parsed, summed, and the headers of all 46 segments written side by side, as
/// the outbound path does it. The payloads are summed where they stand, not copied.
/// </summary>
[MemoryDiagnoser]
public class SegmentationBenchmarks
{
    private const int SegmentBytes = 1_420;
    private const int Segments = 46;
    private const int HeaderRoom = 128;

    private readonly byte[] _tcp = Packet(6, 52 + (Segments * SegmentBytes));
    private readonly byte[] _udp = Packet(17, 28 + (Segments * SegmentBytes));
    private readonly byte[] _tiny = Packet(6, 52 + (Segments * 2));
    private readonly byte[] _headers = new byte[Segments * HeaderRoom];

    /// <summary>TCP with timestamps.</summary>
    [Benchmark]
    public int Tcp() => WriteHeaders(_tcp, Describe(SegmentationType.TcpV4, 16, SegmentBytes));

    [Benchmark]
    public int Udp() => WriteHeaders(_udp, Describe(SegmentationType.UdpL4, 6, SegmentBytes));

    /// <summary>46 segments of 2 bytes: what is left of <see cref="Tcp"/> without the sum over the payload.</summary>
    [Benchmark]
    public int TcpWithoutPayload() => WriteHeaders(_tiny, Describe(SegmentationType.TcpV4, 16, 2));

    private int WriteHeaders(byte[] frame, VirtioNetHeader header)
    {
        if (Ipv4Header.Parse(frame, out Ipv4Header packet) != DropReason.None
            || Superpacket.Parse(header, packet, frame.Length, out Superpacket superpacket) != DropReason.None)
        {
            throw new InvalidOperationException("not a superpacket");
        }

        for (int i = 0; i < superpacket.Count; i++)
        {
            superpacket.WriteHeader(i, _headers.AsSpan(i * HeaderRoom, HeaderRoom));
        }

        return superpacket.Count;
    }

    private static VirtioNetHeader Describe(SegmentationType type, ushort checksumOffset, ushort segmentBytes) => new(
        NeedsChecksum: true, HasReceiveInfo: false, type, HasEcn: false, HeaderBytes: 0, segmentBytes, ChecksumStart: 20, checksumOffset);

    private static byte[] Packet(byte protocol, int totalBytes)
    {
        byte[] packet = new byte[totalBytes];
        new Random(1).NextBytes(packet);
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        packet[6] = packet[7] = 0;
        packet[9] = protocol;
        packet[32] = 8 << 4; // TCP: a header of 32 bytes
        return packet;
    }
}
