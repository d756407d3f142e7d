using System;
using System.Buffers.Binary;
using BenchmarkDotNet.Attributes;
using Overlay.Linux;
using Overlay.Router.Coalescing;
using Overlay.Router.Counters;
using Overlay.Router.Packets;

namespace Overlay.Micro;

/// <summary>
/// A received train is merged into one write, without the system call. Time per packet. What the inbound direction does
/// without merging as well, parsing the IP header, and what any merging needs, the checksum, are measured by themselves
/// in <see cref="Verify"/>.
/// </summary>
[MemoryDiagnoser]
public class CoalescingBenchmarks : IDisposable
{
    // The same number for every shape, so that each gives a time per packet.
    private const int Packets = 45;
    private const int ImageRoom = 128 << 10;

    private readonly PinnedSlab _slab = new(1 << 20);
    private readonly int[] _offsets = new int[Packets];
    private readonly Coalescer _coalescer;
    private int _packetBytes;
    private int _image;

    public CoalescingBenchmarks() =>
        _coalescer = new Coalescer(_slab, 0, sparesTunnelPorts: false) { MergesTcp = true, MergesUdp = true };

    /// <summary>What the train is made of.</summary>
    public enum Shape
    {
        /// <summary>Segments of 1,472 bytes with timestamps: what one superpacket of the sender became.</summary>
        Tcp,

        /// <summary>The same with 1 byte of payload each: hardly anything is summed or copied.</summary>
        TcpOfOneByte,

        /// <summary>Datagrams of 92 bytes, as of voice or a game.</summary>
        Udp,
    }

    [Params(Shape.Tcp, Shape.TcpOfOneByte, Shape.Udp)]
    public Shape Train { get; set; }

    [GlobalSetup]
    public void Build()
    {
        int end = (Coalescer.ScratchBytes + 63) & -64;
        _packetBytes = Train switch { Shape.Tcp => 1472, Shape.TcpOfOneByte => 53, _ => 92 };
        for (int i = 0; i < Packets; i++)
        {
            // One behind the other, as UDP_GRO leaves them.
            _offsets[i] = end;
            BuildPacket(i, _slab.Slice(end, _packetBytes));
            end += _packetBytes;
        }

        _image = (end + 63) & -64;
        _ = Copy();
        Span<byte> image = _slab.Slice(_image, _coalescer[0].Vectors.TotalBytes);
        int headerBytes = image.Length - (Packets * PayloadBytes);
        for (int i = 0; i < Packets; i++)
        {
            ReadOnlySpan<byte> payload = _slab.Slice(_offsets[i] + _packetBytes - PayloadBytes, PayloadBytes);
            WrongResult.Unless(image.Slice(headerBytes + (i * PayloadBytes), PayloadBytes)
                .SequenceEqual(payload), $"the payload of packet {i}");
        }
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _coalescer.Dispose();
        _slab.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// As the data path does it: one header in the scratch, and the payloads where they were received.
    /// </summary>
    [Benchmark(OperationsPerInvoke = Packets, Baseline = true)]
    public int Gather() => Merge().Vectors.TotalBytes;

    /// <summary>The same, and all pieces copied into one, for write(2).</summary>
    [Benchmark(OperationsPerInvoke = Packets)]
    public int Copy()
    {
        IoVectors pieces = Merge().Vectors;
        Span<byte> image = _slab.Slice(_image, ImageRoom);
        for (int i = 0; i < pieces.Count; i++)
        {
            Span<byte> piece = pieces[i];
            piece.CopyTo(image);
            image = image[piece.Length..];
        }

        return ImageRoom - image.Length;
    }

    /// <summary>Without merging: the parser and the checksum.</summary>
    [Benchmark(OperationsPerInvoke = Packets)]
    public int Verify()
    {
        int right = 0;
        foreach (int offset in _offsets)
        {
            if (Ipv4Header.Parse(_slab.Slice(offset, _packetBytes), out Ipv4Header packet) == DropReason.None)
            {
                ulong pseudo = InternetChecksum.PseudoHeader(
                    packet.Packet, packet.Protocol, _packetBytes - packet.HeaderBytes);
                right += InternetChecksum.Fold(
                    InternetChecksum.Add(packet.Packet[packet.HeaderBytes..], pseudo)) == 0xFFFF ? 1 : 0;
            }
        }

        WrongResult.Unless(right == Packets, "a checksum");
        return right;
    }

    private int PayloadBytes => _packetBytes - (Train == Shape.Udp ? 28 : 52);

    private CoalescedWrite Merge()
    {
        Coalescer coalescer = _coalescer;
        coalescer.Clear();
        foreach (int offset in _offsets)
        {
            WrongResult.Unless(
                Ipv4Header.Parse(_slab.Slice(offset, _packetBytes), out Ipv4Header packet) == DropReason.None
                && coalescer.TryAdd(packet, offset, default),
                "a packet was refused");
        }

        CoalescedWrite write = coalescer[0];
        WrongResult.Unless(write.Packets == Packets, "not merged into one");
        return write;
    }

    private void BuildPacket(int index, Span<byte> packet)
    {
        bool isUdp = Train == Shape.Udp;
        new Random(index).NextBytes(packet);
        packet[..40].Clear();
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)packet.Length);
        packet[6] = 0x40;
        packet[8] = 61;
        packet[9] = isUdp ? IpProtocol.Udp : IpProtocol.Tcp;
        BinaryPrimitives.WriteUInt64BigEndian(packet[12..], 0x0A0563070A052202);
        BinaryPrimitives.WriteUInt32BigEndian(packet[20..], 0x9C401451);
        int checksum = 20 + (isUdp ? IpProtocol.UdpChecksumOffset : IpProtocol.TcpChecksumOffset);
        if (isUdp)
        {
            BinaryPrimitives.WriteUInt16BigEndian(packet[24..], (ushort)(packet.Length - 20));
        }
        else
        {
            BinaryPrimitives.WriteUInt32BigEndian(packet[24..], (uint)(1000 + (index * PayloadBytes)));
            BinaryPrimitives.WriteUInt32BigEndian(packet[28..], 7);
            ((ReadOnlySpan<byte>)[0x80, 0x10, 1, 0, 0, 0, 0, 0, 1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 3, 4])
                .CopyTo(packet[32..]);
        }

        packet[checksum..(checksum + 2)].Clear();
        ulong sum = InternetChecksum.Add(
            packet[20..], InternetChecksum.PseudoHeader(packet, packet[9], packet.Length - 20));
        BitConverter.TryWriteBytes(packet[checksum..], (ushort)~InternetChecksum.Fold(sum));
    }
}
