using System;
using System.Buffers.Binary;
using Overlay.Net;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Router.Tests.Coalescing;

/// <summary>What a TCP segment and a UDP datagram have in common: their IP header and their ports.</summary>
internal abstract record Sample
{
    public Ipv4Address Source { get; init; } = PeerPod;
    public Ipv4Address Destination { get; init; } = OurPod;
    public ushort SourcePort { get; init; } = 40_000;
    public ushort DestinationPort { get; init; } = 5201;
    public byte Tos { get; init; }
    public byte Ttl { get; init; } = 61;
    public ushort Fragment { get; init; } = 0x4000;
    public ushort Id { get; init; } = 100;
    public byte[] IpOptions { get; init; } = [];
    public byte[] Payload { get; init; } = Bytes(1000);

    public static byte[] Bytes(int length, int seed = 1)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Makes both checksums right.</summary>
    public static byte[] Fix(byte[] packet)
    {
        FixHeaderChecksum(packet);
        FixTransportChecksum(packet);
        return packet;
    }

    public abstract byte[] Build();
}

/// <summary>A TCP segment of a connection in full flight.</summary>
internal sealed record TcpSample : Sample
{
    public uint Sequence { get; init; } = 0xFFFF_FC00; // so that a run wraps
    public uint Acknowledgement { get; init; } = 7000;
    public byte Flags { get; init; } = 0x10;
    public byte Reserved { get; init; }
    public ushort Window { get; init; } = 501;
    public ushort Urgent { get; init; }
    public byte[] Options { get; init; } = [1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 3, 4]; // timestamps

    /// <summary>The segment that follows.</summary>
    public TcpSample Next() => this with { Sequence = Sequence + (uint)Payload.Length, Id = (ushort)(Id + 1) };

    public override byte[] Build()
    {
        byte[] packet = TcpPacket(
            Source, Destination, SourcePort, DestinationPort, Sequence, Acknowledgement, Flags, Payload,
            Options, Window, Id, Ttl, Fragment, Tos, IpOptions);
        Span<byte> segment = packet.AsSpan(20 + IpOptions.Length);
        segment[12] |= Reserved;
        BinaryPrimitives.WriteUInt16BigEndian(segment[18..], Urgent);
        return Fix(packet);
    }
}

/// <summary>A UDP datagram of a stream.</summary>
internal sealed record UdpSample : Sample
{
    /// <summary>The datagram that follows.</summary>
    public UdpSample Next() => this with { Id = (ushort)(Id + 1) };

    public override byte[] Build()
    {
        byte[] packet = UdpPacket(Source, Destination, SourcePort, DestinationPort, Payload, Id, Ttl, Fragment, Tos);
        return Fix(Ipv4(Source, Destination, Ttl, Udp, packet[20..], IpOptions, Fragment, Tos, Id));
    }
}
