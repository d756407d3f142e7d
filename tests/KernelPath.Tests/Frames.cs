using System;
using System.Buffers.Binary;
using Overlay.Net;
using Overlay.Router.Packets;
using Overlay.Testing;

namespace Overlay.KernelPath.Tests;

/// <summary>Frames of the underlay: Ethernet, outer IPv4, UDP, an inner packet. No code of the programs.</summary>
internal static class Frames
{
    internal const int EthernetBytes = 14;
    internal const int Ipv4Bytes = 20;
    internal const int HeaderBytes = EthernetBytes + Ipv4Bytes + 8;

    /// <summary>
    /// A datagram as a peer's kernel makes it: without a UDP checksum. A program that runs on bytes alone runs on the
    /// loopback interface, so that zeros are its own link address.
    /// </summary>
    internal static byte[] Encapsulate(Ipv4Address source, TunnelEndpoint to, ReadOnlySpan<byte> packet)
    {
        byte[] frame = new byte[HeaderBytes + packet.Length];
        frame[6] = 2;
        frame[12] = 8;
        Span<byte> udp = frame.AsSpan(EthernetBytes + Ipv4Bytes);
        BinaryPrimitives.WriteUInt16BigEndian(udp, to.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], to.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)(8 + packet.Length));
        packet.CopyTo(udp[8..]);
        PacketBuilder.Ipv4(source, to.Address, payload: udp.ToArray()).CopyTo(frame, EthernetBytes);
        return frame;
    }

    /// <summary>Whether a host's stack would give the frame's datagram to the socket of an endpoint.</summary>
    /// <param name="frame">With zeros as the host's link address.</param>
    /// <param name="to">The endpoint.</param>
    /// <param name="source">Where it is from.</param>
    /// <param name="datagram">What the socket reads.</param>
    internal static bool TryOpen(byte[] frame, TunnelEndpoint to, out Ipv4Address source, out byte[] datagram)
    {
        (source, datagram) = (default, []);
        if (frame.Length < HeaderBytes || frame.AsSpan(0, 6).ContainsAnyExcept((byte)0)
            || frame[12] != 8 || frame[13] != 0)
        {
            return false;
        }

        Span<byte> packet = frame.AsSpan(EthernetBytes);
        int headerBytes = (packet[0] & 15) * 4;
        int total = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        if (packet[0] >> 4 != 4 || headerBytes < Ipv4Bytes || total > packet.Length || total < headerBytes + 8
            || !HasRightChecksum(packet[..headerBytes]) || packet[9] != PacketBuilder.Udp
            || (BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & 0x3FFF) != 0
            || Ipv4Address.Read(packet[16..]) != to.Address)
        {
            return false;
        }

        Span<byte> udp = packet[headerBytes..total];
        int length = BinaryPrimitives.ReadUInt16BigEndian(udp[4..]);
        if (length < 8 || length > udp.Length || BinaryPrimitives.ReadUInt16BigEndian(udp[2..]) != to.Port
            || udp[6] != 0 || udp[7] != 0) // with a checksum it is from a socket, and for one
        {
            return false;
        }

        (source, datagram) = (Ipv4Address.Read(packet[12..]), udp[8..length].ToArray());
        return true;
    }

    /// <summary>The header's 16-bit words and their carries add up to all ones (RFC 1071).</summary>
    internal static bool HasRightChecksum(ReadOnlySpan<byte> header)
    {
        int sum = 0;
        for (int i = 0; i < header.Length; i += 2)
        {
            sum += (header[i] << 8) + header[i + 1];
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        return sum == 0xFFFF;
    }

    /// <summary>Chooses the identification so that this header checksum is the right one.</summary>
    /// <param name="packet">It may have options.</param>
    /// <param name="wanted">All ones and zero are the same sum, and both are right.</param>
    internal static void SetChecksum(Span<byte> packet, ushort wanted)
    {
        packet.Slice(4, 2).Clear();
        PacketBuilder.FixHeaderChecksum(packet);
        int identification = BinaryPrimitives.ReadUInt16BigEndian(packet[10..]) + (ushort)~wanted;
        identification = (identification & 0xFFFF) + (identification >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], (ushort)identification);
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], wanted);
    }
}
