using System;
using System.Buffers.Binary;
using BenchmarkDotNet.Attributes;
using Overlay.Linux;
using Overlay.Router.Coalescing;
using Overlay.Router.Counters;
using Overlay.Router.Packets;

namespace Overlay.Micro;

/// <summary>
/// A received train merged into one write, header and gather list included, the system call not. Nanoseconds per packet. Parsing
/// the IP header, which the inbound path has done by then, and the checksum are measured apart in <see cref="ChecksumOnly"/>;
/// with payloads of 1 byte, in <see cref="ChecksumOfOneByteOnly"/>.
/// </summary>
[MemoryDiagnoser]
public class CoalescingBenchmarks : IDisposable
{
    private const int TcpPackets = 45;
    private const int UdpPackets = 64;

    private readonly PinnedSlab _slab = new(1 << 20);
    private readonly int[] _offsets = new int[64];
    private Coalescer? _coalescer;
    private int _next;

    [GlobalSetup(Targets = [nameof(Tcp), nameof(ChecksumOnly)])]
    public void BuildTcp() => BuildTcp(1472 - 52);

    [GlobalSetup(Targets = [nameof(TcpOfOneByte), nameof(ChecksumOfOneByteOnly)])]
    public void BuildTcpOfOneByte() => BuildTcp(1);

    [GlobalSetup(Target = nameof(Udp))]
    public void BuildUdp()
    {
        Start();
        for (int i = 0; i < UdpPackets; i++)
        {
            Span<byte> packet = NextPacket(i, 17, 92);
            BinaryPrimitives.WriteUInt16BigEndian(packet[24..], 72);
            Finish(packet, 26);
        }
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _coalescer?.Dispose();
        _slab.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>45 segments of 1,472 bytes with timestamps: what one superpacket of the sender became.</summary>
    [Benchmark(OperationsPerInvoke = TcpPackets)]
    public int Tcp() => Merge(TcpPackets, 1472);

    /// <summary>The same with 1 byte of payload each.</summary>
    [Benchmark(OperationsPerInvoke = TcpPackets)]
    public int TcpOfOneByte() => Merge(TcpPackets, 53);

    /// <summary>64 datagrams of 92 bytes, as of voice or a game.</summary>
    [Benchmark(OperationsPerInvoke = UdpPackets)]
    public int Udp() => Merge(UdpPackets, 92);

    /// <summary>What is left of <see cref="Tcp"/> without merging: the parser and the checksum.</summary>
    [Benchmark(OperationsPerInvoke = TcpPackets)]
    public int ChecksumOnly() => Verify(1472);

    /// <summary>What is left of <see cref="TcpOfOneByte"/> without merging.</summary>
    [Benchmark(OperationsPerInvoke = TcpPackets)]
    public int ChecksumOfOneByteOnly() => Verify(53);

    private int Verify(int bytes)
    {
        int right = 0;
        foreach (int offset in _offsets.AsSpan(0, TcpPackets))
        {
            if (Ipv4Header.Parse(_slab.Slice(offset, bytes), out Ipv4Header packet) == DropReason.None)
            {
                ulong pseudo = InternetChecksum.PseudoHeader(packet.Packet, packet.Protocol, bytes - packet.HeaderBytes);
                right += InternetChecksum.Fold(InternetChecksum.Add(packet.Packet[packet.HeaderBytes..], pseudo)) == 0xFFFF ? 1 : 0;
            }
        }

        return right == TcpPackets ? right : throw new InvalidOperationException("wrong checksum");
    }

    private int Merge(int packets, int bytes)
    {
        Coalescer coalescer = _coalescer!;
        coalescer.Clear();
        for (int i = 0; i < packets; i++)
        {
            if (Ipv4Header.Parse(_slab.Slice(_offsets[i], bytes), out Ipv4Header packet) != DropReason.None
                || !coalescer.TryAdd(packet, _offsets[i]))
            {
                throw new InvalidOperationException("refused");
            }
        }

        CoalescedWrite write = coalescer[0];
        return write.Packets == packets ? write.Vectors.TotalBytes : throw new InvalidOperationException("not merged");
    }

    private void BuildTcp(int payloadBytes)
    {
        Start();
        for (int i = 0; i < TcpPackets; i++)
        {
            Span<byte> packet = NextPacket(i, 6, 52 + payloadBytes);
            BinaryPrimitives.WriteUInt32BigEndian(packet[24..], (uint)(1000 + (i * payloadBytes)));
            BinaryPrimitives.WriteUInt32BigEndian(packet[28..], 7);
            ((ReadOnlySpan<byte>)[0x80, 0x10, 1, 0, 0, 0, 0, 0, 1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 3, 4]).CopyTo(packet[32..]);
            Finish(packet, 36);
        }
    }

    private void Start()
    {
        _coalescer = new Coalescer(_slab, 0, sparesTunnelPorts: false) { MergesTcp = true, MergesUdp = true };
        _next = Coalescer.ScratchBytes;
    }

    // One after the other, as UDP_GRO leaves them.
    private Span<byte> NextPacket(int index, byte protocol, int bytes)
    {
        Span<byte> packet = _slab.Slice(_next, bytes);
        _offsets[index] = _next;
        _next += bytes;
        new Random(index).NextBytes(packet);
        packet[..40].Clear();
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)bytes);
        packet[6] = 0x40;
        packet[8] = 61;
        packet[9] = protocol;
        BinaryPrimitives.WriteUInt64BigEndian(packet[12..], 0x0A0563070A052202);
        BinaryPrimitives.WriteUInt32BigEndian(packet[20..], 0x9C401451);
        return packet;
    }

    private static void Finish(Span<byte> packet, int checksumField)
    {
        packet[checksumField..(checksumField + 2)].Clear();
        ulong sum = InternetChecksum.Add(packet[20..], InternetChecksum.PseudoHeader(packet, packet[9], packet.Length - 20));
        BitConverter.TryWriteBytes(packet[checksumField..], (ushort)~InternetChecksum.Fold(sum));
    }
}
