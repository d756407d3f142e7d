using System;
using System.Buffers.Binary;

namespace Overlay.Capture.Packets;

/// <summary>Takes captured frames apart. Never throws, whatever the bytes are, and allocates nothing.</summary>
/// <param name="overlayPort">The UDP port whose datagrams are IPv4 packets, 1 to 65535.</param>
/// <param name="vxlanPort">A UDP port of VXLAN, 1 to 65535, beside Linux' and IANA's; null for none. It goes before the
/// overlay's, where it is the same.</param>
public sealed class PacketDecoder(ushort overlayPort = PacketDecoder.DefaultPort, ushort? vxlanPort = null)
{
    /// <summary>flannel's port.</summary>
    public const ushort DefaultPort = 8285;

    /// <summary>A datagram of the overlay that is not longer is no packet.</summary>
    public const int LongestProbe = Ipv4Header.MinimumBytes - 1;

    /// <summary>Decodes a frame.</summary>
    /// <param name="type">What it begins with.</param>
    /// <param name="frame">The captured bytes; the result borrows them.</param>
    /// <param name="wireLength">How many there were; what is less than the captured ones counts as they.</param>
    public DecodedPacket Decode(LinkType type, ReadOnlyMemory<byte> frame, int wireLength)
    {
        wireLength = Math.Max(wireLength, frame.Length);
        var packet = new DecodedPacket { Bytes = frame, WireLength = wireLength };
        if (!LinkHeader.TryRead(type, frame, out LinkHeader link))
        {
            PacketFault fault = !Enum.IsDefined(type) ? PacketFault.UnknownLink
                : frame.Length < wireLength ? PacketFault.Cut : PacketFault.LinkHeaderMissing;
            return packet with { Link = link, OwnFault = fault };
        }

        int linkBytes = link.Bytes.Length;
        packet = packet with
        {
            Link = link,
            Outer = HeaderReader.Read(frame[linkBytes..], wireLength - linkBytes, link.EtherType),
        };
        return Inside(packet);
    }

    /// <summary>Goes on to the next packet of a train.</summary>
    /// <param name="packet">The inner one becomes the next; unchanged after false.</param>
    /// <returns>False when there is none.</returns>
    public static bool TryNextOfTrain(ref DecodedPacket packet)
    {
        if (packet.Rest.IsEmpty)
        {
            return false;
        }

        int passed = packet.Outer.Payload.Length - packet.Rest.Length;
        packet = WithInner(packet, packet.Rest, packet.Outer.PayloadLength - passed, packet.InnerCount);
        return true;
    }

    /// <summary>
    /// Decodes an IPv4 packet that an ICMP error quotes. Only what is quoted is there: mostly eight bytes behind its
    /// header.
    /// </summary>
    /// <param name="quoted">From its IP header on.</param>
    public static PacketHeaders DecodeQuoted(ReadOnlyMemory<byte> quoted) => HeaderReader.Read(
        quoted, quoted.Length < Ipv4Header.MinimumBytes
            ? int.MaxValue
            : Math.Max(quoted.Length, BinaryPrimitives.ReadUInt16BigEndian(quoted.Span[2..])),
        EtherTypes.Ipv4);

    private DecodedPacket Inside(in DecodedPacket packet)
    {
        if (packet.Outer.Transport != TransportKind.Udp)
        {
            return packet;
        }

        UdpHeader udp = packet.Outer.Udp;
        if (udp.DestinationPort == vxlanPort)
        {
            return InsideVxlan(packet);
        }

        if (udp.SourcePort == overlayPort || udp.DestinationPort == overlayPort)
        {
            return InsideDatagram(packet);
        }

        return udp.DestinationPort is VxlanHeader.LinuxPort or VxlanHeader.IanaPort ? InsideVxlan(packet) : packet;
    }

    private static DecodedPacket InsideDatagram(in DecodedPacket packet)
    {
        ReadOnlyMemory<byte> payload = packet.Outer.Payload;
        int length = packet.Outer.PayloadLength;
        if (length <= LongestProbe)
        {
            return packet with { Encapsulation = Encapsulation.Probe };
        }

        if (payload.IsEmpty)
        {
            return packet with { Encapsulation = Encapsulation.Udp, OwnFault = PacketFault.Cut };
        }

        if (payload.Span[0] >> 4 != 4)
        {
            return packet with { OwnFault = PacketFault.NoPacketInside };
        }

        DecodedPacket inside = WithInner(
            packet with { Encapsulation = Encapsulation.Udp }, payload, length, innerCount: 1);
        if (inside.Inner.Network != NetworkKind.Ipv4 || inside.Inner.Fault.IsMalformed()
            || inside.Inner.Ipv4.TotalLength >= length)
        {
            return inside with { Rest = default };
        }

        int count = Train.Count(payload.Span, length);
        return count > 0 ? inside with { InnerCount = count } : inside with
        {
            Rest = default,
            OwnFault = PacketFault.InnerLengthDiffers,
        };
    }

    private static DecodedPacket WithInner(
        in DecodedPacket packet, ReadOnlyMemory<byte> payload, int length, int innerCount)
    {
        PacketHeaders inner = HeaderReader.Read(payload, length, EtherTypes.Ipv4);
        int used = Math.Min(inner.Packet.Length, payload.Length);
        return packet with
        {
            Inner = inner,
            InnerCount = innerCount,
            Rest = used > 0 ? payload[used..] : default,
        };
    }

    private static DecodedPacket InsideVxlan(in DecodedPacket packet)
    {
        ReadOnlyMemory<byte> payload = packet.Outer.Payload;
        int length = packet.Outer.PayloadLength;
        if (payload.Length < VxlanHeader.Length)
        {
            return packet with { OwnFault = payload.Length < length ? PacketFault.Cut : PacketFault.NoVxlanHeader };
        }

        var vxlan = new VxlanHeader(payload);
        if (!vxlan.HasVni)
        {
            return packet with { OwnFault = PacketFault.NoVxlanHeader };
        }

        ReadOnlyMemory<byte> frame = payload[VxlanHeader.Length..];
        DecodedPacket inside = packet with { Encapsulation = Encapsulation.Vxlan, Vxlan = vxlan };
        length -= VxlanHeader.Length;
        if (!LinkHeader.TryRead(LinkType.Ethernet, frame, out LinkHeader link))
        {
            return inside with
            {
                OwnFault = frame.Length < length ? PacketFault.Cut : PacketFault.LinkHeaderMissing,
            };
        }

        int linkBytes = link.Bytes.Length;
        return inside with
        {
            InnerLink = link,
            InnerCount = 1,
            Inner = HeaderReader.Read(frame[linkBytes..], length - linkBytes, link.EtherType),
        };
    }
}
