using System;
using System.Buffers.Binary;
using Overlay.Router.Packets;

namespace Overlay.Testing;

/// <summary>Builds IPv4 packets byte by byte, with right checksums.</summary>
public static class PacketBuilder
{
    public const byte Icmp = 1;
    public const byte Tcp = 6;
    public const byte Udp = 17;

    /// <summary>An IPv4 packet; addresses in host order, options padded by the caller to a multiple of 4.</summary>
    public static byte[] Ipv4(
        uint source, uint destination, byte ttl = 64, byte protocol = Udp, byte[]? payload = null, byte[]? options = null,
        ushort fragment = 0x4000, byte typeOfService = 0, ushort id = 0x1234)
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
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(12), source);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(16), destination);
        options.CopyTo(packet, 20);
        payload.CopyTo(packet, headerBytes);
        FixHeaderChecksum(packet);
        return packet;
    }

    /// <summary>Writes the right header checksum, whatever else the header says.</summary>
    public static void FixHeaderChecksum(Span<byte> packet)
    {
        int headerBytes = Math.Min((packet[0] & 15) * 4, packet.Length);
        packet.Slice(10, 2).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], InternetChecksum.Compute(packet[..headerBytes]));
    }

    /// <summary>10.5.34.2 as 0x0A052202.</summary>
    public static uint Address(string dottedQuad) =>
        BinaryPrimitives.ReadUInt32BigEndian(System.Net.IPAddress.Parse(dottedQuad).GetAddressBytes());
}
