using System;
using System.Buffers.Binary;
using Overlay.Net;

namespace Overlay.Capture.Packets;

/// <summary>What is before the network header.</summary>
/// <param name="Type">Which form <paramref name="Bytes"/> has.</param>
/// <param name="Bytes">The header, VLAN tags included; empty for raw IP. Whole, except after
/// <see cref="PacketFault.LinkHeaderMissing"/>, when it is empty.</param>
/// <param name="EtherType">What follows; 0 where that is not known.</param>
/// <param name="VlanCount">How many VLAN tags the header has, 0 to 4.</param>
public readonly record struct LinkHeader(LinkType Type, ReadOnlyMemory<byte> Bytes, ushort EtherType, int VlanCount)
{
    /// <summary>Bytes of an Ethernet header without tags (IEEE 802.3).</summary>
    public const int EthernetBytes = 14;

    private const int CookedBytes = 16, Cooked2Bytes = 20, VlanBytes = 4, MaximumVlans = 4;
    private const int PacketOutgoing = 4; // linux/if_packet.h PACKET_OUTGOING

    /// <summary>Whether it is an Ethernet header, so that the two addresses can be asked for.</summary>
    public bool IsEthernet => Type == LinkType.Ethernet && Bytes.Length >= EthernetBytes;

    /// <summary>The receiver; only of Ethernet.</summary>
    public MacAddress Destination => MacAddress.Read(Bytes.Span);

    /// <summary>The sender; only of Ethernet.</summary>
    public MacAddress Source => MacAddress.Read(Bytes.Span[MacAddress.ByteCount..]);

    /// <summary>Which way the packet went, as far as a cooked header says.</summary>
    public CaptureDirection Direction => PacketType switch
    {
        null => CaptureDirection.Unknown,
        PacketOutgoing => CaptureDirection.Outbound,
        _ => CaptureDirection.Inbound,
    };

    /// <summary>The index of the interface; null where the header has none.</summary>
    public uint? InterfaceIndex => Type == LinkType.LinuxCooked2 && Bytes.Length >= Cooked2Bytes
        ? BinaryPrimitives.ReadUInt32BigEndian(Bytes.Span[4..]) : null;

    private int? PacketType => Type switch
    {
        LinkType.LinuxCooked when Bytes.Length >= CookedBytes => BinaryPrimitives.ReadUInt16BigEndian(Bytes.Span),
        LinkType.LinuxCooked2 when Bytes.Length >= Cooked2Bytes => Bytes.Span[10],
        _ => null,
    };

    /// <summary>The VLAN identifier of a tag, 0 to 4095.</summary>
    /// <param name="index">0 to <see cref="VlanCount"/> - 1, outside in.</param>
    public int VlanId(int index) =>
        BinaryPrimitives.ReadUInt16BigEndian(Bytes.Span[(EthernetBytes + index * VlanBytes)..]) & 0x0fff;

    /// <summary>Reads the header of a frame.</summary>
    /// <param name="type">Its form.</param>
    /// <param name="frame">From its first byte on.</param>
    /// <param name="header">The header; its <see cref="Bytes"/> are empty after false.</param>
    /// <returns>False when the frame ends within it.</returns>
    internal static bool TryRead(LinkType type, ReadOnlyMemory<byte> frame, out LinkHeader header)
    {
        header = new LinkHeader(type, default, 0, 0);
        ReadOnlySpan<byte> bytes = frame.Span;
        switch (type)
        {
            case LinkType.Ethernet:
                return TryReadEthernet(frame, ref header);
            case LinkType.LinuxCooked when bytes.Length >= CookedBytes:
                header = new LinkHeader(
                    type, frame[..CookedBytes], BinaryPrimitives.ReadUInt16BigEndian(bytes[14..]), 0);
                return true;
            case LinkType.LinuxCooked2 when bytes.Length >= Cooked2Bytes:
                header = new LinkHeader(type, frame[..Cooked2Bytes], BinaryPrimitives.ReadUInt16BigEndian(bytes), 0);
                return true;
            case LinkType.Raw when bytes.Length > 0:
                header = header with { EtherType = bytes[0] >> 4 == 6 ? EtherTypes.Ipv6 : EtherTypes.Ipv4 };
                return true;
            case LinkType.Ipv4 or LinkType.Ipv6:
                header = header with { EtherType = type == LinkType.Ipv4 ? EtherTypes.Ipv4 : EtherTypes.Ipv6 };
                return true;
            default:
                return false;
        }
    }

    private static bool TryReadEthernet(ReadOnlyMemory<byte> frame, ref LinkHeader header)
    {
        ReadOnlySpan<byte> bytes = frame.Span;
        if (bytes.Length < EthernetBytes)
        {
            return false;
        }

        int length = EthernetBytes, tags = 0;
        ushort etherType = BinaryPrimitives.ReadUInt16BigEndian(bytes[(length - 2)..]);
        while (etherType is EtherTypes.Vlan or EtherTypes.ServiceVlan && tags < MaximumVlans)
        {
            length += VlanBytes;
            if (bytes.Length < length)
            {
                return false;
            }

            tags++;
            etherType = BinaryPrimitives.ReadUInt16BigEndian(bytes[(length - 2)..]);
        }

        header = new LinkHeader(LinkType.Ethernet, frame[..length], etherType, tags);
        return true;
    }
}
