using System;
using System.Buffers.Binary;
using Overlay.Net;
using Overlay.Router.Packets;

namespace Overlay.Testing;

/// <summary>Builds IPv4 packets byte by byte, with right checksums.</summary>
public static class PacketBuilder
{
    public const byte Icmp = 1;
    public const byte Tcp = 6;
    public const byte Udp = 17;

    /// <summary>An IPv4 packet; options padded by the caller to a multiple of 4.</summary>
    public static byte[] Ipv4(
        Ipv4Address source, Ipv4Address destination, byte ttl = 64, byte protocol = Udp, byte[]? payload = null,
        byte[]? options = null, ushort fragment = 0x4000, byte typeOfService = 0, ushort id = 0x1234)
    {
        payload ??= [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20];
        options ??= [];
        int headerBytes = 20 + options.Length;
        byte[] packet = new byte[headerBytes + payload.Length];
        packet[0] = (byte)(0x40 | (headerBytes / 4));
        packet[1] = typeOfService;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), id);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), fragment);
        packet[8] = ttl;
        packet[9] = protocol;
        source.Write(packet.AsSpan(12));
        destination.Write(packet.AsSpan(16));
        options.CopyTo(packet, 20);
        payload.CopyTo(packet, headerBytes);
        FixHeaderChecksum(packet);
        return packet;
    }

    /// <summary>A TCP segment in IPv4; options of either header padded by the caller to a multiple of 4.</summary>
    /// <param name="flags">CWR 0x80 to FIN 0x01 (RFC 9293, section 3.1).</param>
    public static byte[] TcpPacket(
        Ipv4Address source, Ipv4Address destination, ushort sourcePort, ushort destinationPort, uint sequence,
        uint acknowledgment, byte flags, byte[] payload, byte[]? options = null, ushort window = 1000,
        ushort id = 0x1234, byte ttl = 64, ushort fragment = 0x4000, byte typeOfService = 0, byte[]? ipOptions = null)
    {
        options ??= [];
        int headerBytes = 20 + options.Length;
        byte[] segment = new byte[headerBytes + payload.Length];
        BinaryPrimitives.WriteUInt16BigEndian(segment, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(2), destinationPort);
        BinaryPrimitives.WriteUInt32BigEndian(segment.AsSpan(4), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(segment.AsSpan(8), acknowledgment);
        segment[12] = (byte)(headerBytes / 4 << 4);
        segment[13] = flags;
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(14), window);
        options.CopyTo(segment, 20);
        payload.CopyTo(segment, headerBytes);
        byte[] packet = Ipv4(source, destination, ttl, Tcp, segment, ipOptions, fragment, typeOfService, id);
        FixTransportChecksum(packet);
        return packet;
    }

    /// <summary>A UDP datagram in IPv4.</summary>
    public static byte[] UdpPacket(
        Ipv4Address source, Ipv4Address destination, ushort sourcePort, ushort destinationPort, byte[] payload,
        ushort id = 0x1234, byte ttl = 64, ushort fragment = 0x4000, byte typeOfService = 0)
    {
        byte[] datagram = new byte[8 + payload.Length];
        BinaryPrimitives.WriteUInt16BigEndian(datagram, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(2), destinationPort);
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(4), (ushort)datagram.Length);
        payload.CopyTo(datagram, 8);
        byte[] packet = Ipv4(source, destination, ttl, Udp, datagram, null, fragment, typeOfService, id);
        FixTransportChecksum(packet);
        return packet;
    }

    /// <summary>
    /// Writes the right TCP or UDP checksum over all that follows the IPv4 header. Byte by byte: no code of the
    /// product.
    /// </summary>
    public static void FixTransportChecksum(Span<byte> packet)
    {
        int headerBytes = (packet[0] & 15) * 4;
        Span<byte> transport = packet[headerBytes..];
        bool isUdp = packet[9] == Udp;
        Span<byte> field = transport.Slice(isUdp ? 6 : 16, 2);
        field.Clear();
        int sum = packet[9] + transport.Length;
        for (int i = 12; i < 20; i++)
        {
            sum += i % 2 == 0 ? packet[i] << 8 : packet[i];
        }

        for (int i = 0; i < transport.Length; i++)
        {
            sum += i % 2 == 0 ? transport[i] << 8 : transport[i];
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        sum = (sum & 0xFFFF) + (sum >> 16);
        ushort checksum = (ushort)~sum;

        // RFC 768: a UDP checksum that comes out as zero is sent as all ones; zero says that there is none.
        BinaryPrimitives.WriteUInt16BigEndian(field, isUdp && checksum == 0 ? (ushort)0xFFFF : checksum);
    }

    /// <summary>Writes the right header checksum, whatever else the header says.</summary>
    public static void FixHeaderChecksum(Span<byte> packet)
    {
        int headerBytes = Math.Min((packet[0] & 15) * 4, packet.Length);
        packet.Slice(10, 2).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], InternetChecksum.Compute(packet[..headerBytes]));
    }

    public static Ipv4Address Address(string dottedQuad) => Ipv4Address.Parse(dottedQuad);
}
