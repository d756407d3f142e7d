using System;
using System.Buffers.Binary;
using Overlay.Capture.Packets;
using Overlay.Net;

namespace Overlay.Capture.Filters;

/// <summary>What filters ask of the headers of one packet. The default value, no packet, fits no test.</summary>
/// <param name="EtherType">IPv4, IPv6 or ARP; 0 for anything else.</param>
/// <param name="Protocol">The IP protocol; -1 where there is none.</param>
/// <param name="Source">The sender; an IPv4 address in the lowest 32 bits. Of ARP the sender's.</param>
/// <param name="Destination">The receiver; of ARP the address asked for.</param>
/// <param name="SourcePort">Of UDP and TCP; -1 where it is not there.</param>
/// <param name="DestinationPort">The same of the receiver.</param>
public readonly record struct HeaderFacts(
    ushort EtherType, int Protocol, UInt128 Source, UInt128 Destination, int SourcePort, int DestinationPort)
{
    private const int ProtocolOffset = 9, FragmentOffset = 6, SourceOffset = 12, DestinationOffset = 16;
    private const int PortBytes = 4, None = -1;

    /// <summary>Those of a decoded packet.</summary>
    public static HeaderFacts Of(in PacketHeaders headers)
    {
        int source = None, destination = None;
        if (headers.HasPorts)
        {
            source = headers.SourcePort;
            destination = headers.DestinationPort;
        }

        return headers.Network switch
        {
            NetworkKind.Ipv4 => new HeaderFacts(
                EtherTypes.Ipv4, headers.Protocol, headers.Ipv4.Source.Value, headers.Ipv4.Destination.Value, source,
                destination),
            NetworkKind.Ipv6 => new HeaderFacts(
                EtherTypes.Ipv6, headers.Protocol, headers.Ipv6.Source.Value, headers.Ipv6.Destination.Value, source,
                destination),
            NetworkKind.Arp => new HeaderFacts(
                EtherTypes.Arp, None, headers.Arp.Sender.Value, headers.Arp.Target.Value, None, None),
            _ => default,
        };
    }

    /// <summary>Those of an IPv4 packet in memory. Only its headers are looked at.</summary>
    /// <param name="packet">From its IP header on; the default value comes of one that has none.</param>
    public static HeaderFacts OfIpv4(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < Ipv4Header.MinimumBytes || packet[0] >> 4 != 4)
        {
            return default;
        }

        int source = None, destination = None;
        int headerBytes = (packet[0] & 0x0f) * 4;
        bool isLaterFragment = (BinaryPrimitives.ReadUInt16BigEndian(packet[FragmentOffset..]) & 0x1fff) != 0;
        if (packet[ProtocolOffset] is IpProtocols.Udp or IpProtocols.Tcp && !isLaterFragment
            && headerBytes >= Ipv4Header.MinimumBytes && packet.Length >= headerBytes + PortBytes)
        {
            source = BinaryPrimitives.ReadUInt16BigEndian(packet[headerBytes..]);
            destination = BinaryPrimitives.ReadUInt16BigEndian(packet[(headerBytes + 2)..]);
        }

        return new HeaderFacts(
            EtherTypes.Ipv4,
            packet[ProtocolOffset],
            BinaryPrimitives.ReadUInt32BigEndian(packet[SourceOffset..]),
            BinaryPrimitives.ReadUInt32BigEndian(packet[DestinationOffset..]),
            source,
            destination);
    }

    /// <summary>Those of a UDP datagram over IPv4 that is known by its ends.</summary>
    public static HeaderFacts OfDatagram(
        Ipv4Address source, ushort sourcePort, Ipv4Address destination, ushort destinationPort) =>
        new(EtherTypes.Ipv4, IpProtocols.Udp, source.Value, destination.Value, sourcePort, destinationPort);
}
