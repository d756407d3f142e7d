using System;
using System.Buffers.Binary;
using Overlay.Capture.Packets;
using Overlay.Net;
using Overlay.Testing;

namespace Overlay.Capture.Tests;

/// <summary>Packets that the test library's builder does not make.</summary>
internal static class SamplePackets
{
    private static ReadOnlySpan<byte> HostMac => [0x02, 0, 0, 0, 0, 1];

    /// <summary>An Ethernet frame from 02:00:00:00:00:01.</summary>
    internal static byte[] Ethernet(ushort etherType, byte[] payload) =>
        [0x02, 0, 0, 0, 0, 2, .. HostMac, (byte)(etherType >> 8), (byte)etherType, .. payload];

    /// <summary>A broadcast frame that asks for an address.</summary>
    internal static byte[] ArpRequest(string sender, string target)
    {
        byte[] message = new byte[ArpMessage.Length];
        byte[] head = [0, 1, 8, 0, 6, 4, 0, 1, .. HostMac];
        head.CopyTo(message, 0);
        Ipv4Address.Parse(sender).Write(message.AsSpan(14));
        Ipv4Address.Parse(target).Write(message.AsSpan(24));
        return [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, .. HostMac, 0x08, 0x06, .. message];
    }

    /// <summary>An IPv6 packet; no transport checksum is computed.</summary>
    internal static byte[] Ipv6(string source, string destination, byte nextHeader, byte[] payload)
    {
        byte[] packet = [0x60, 0, 0, 0, 0, 0, nextHeader, 64, .. new byte[32], .. payload];
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)payload.Length);
        BinaryPrimitives.WriteUInt128BigEndian(packet.AsSpan(8), Ipv6Address.Parse(source).Value);
        BinaryPrimitives.WriteUInt128BigEndian(packet.AsSpan(24), Ipv6Address.Parse(destination).Value);
        return packet;
    }

    /// <summary>A UDP datagram of four data bytes over IPv6.</summary>
    internal static byte[] UdpOverIpv6(string source, string destination, ushort sourcePort, ushort destinationPort)
    {
        byte[] datagram = new byte[12];
        BinaryPrimitives.WriteUInt16BigEndian(datagram, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(2), destinationPort);
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(4), (ushort)datagram.Length);
        return Ipv6(source, destination, IpProtocols.Udp, datagram);
    }

    /// <summary>A datagram of the overlay with this data.</summary>
    internal static byte[] Carrier(byte[] data, ushort port = PacketDecoder.DefaultPort) => PacketBuilder.UdpPacket(
        Ipv4Address.Parse("172.16.0.5"), Ipv4Address.Parse("172.16.0.4"), port, port, data);

    /// <summary>An ICMP error about a packet, which it quotes with eight bytes behind its header.</summary>
    internal static byte[] IcmpError(byte type, byte code, byte[] about, ushort word = 0)
    {
        byte[] message = [type, code, 0, 0, 0, 0, (byte)(word >> 8), (byte)word, .. about.AsSpan(0, 28)];
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), (ushort)~OnesComplement.Sum(message));
        return PacketBuilder.Ipv4(
            Ipv4Address.Parse("172.16.0.4"), Ipv4Address.Parse("172.16.0.5"), protocol: IpProtocols.Icmp,
            payload: message);
    }
}
