using System.Text;
using Overlay.Capture.Packets;

namespace Overlay.Capture.Text;

/// <summary>Every field of a packet as a tree, outside in, in the words of Wireshark.</summary>
public static class PacketTree
{
    /// <summary>Appends the lines; each ends with a line feed. Nothing is masked.</summary>
    /// <param name="text">Takes them.</param>
    /// <param name="packet">The packet; every packet of a train has headers in it.</param>
    /// <param name="context">What is known beside it.</param>
    public static void Append(StringBuilder text, in DecodedPacket packet, in PacketContext context)
    {
        AppendFrame(text, packet, context);
        AppendLink(text, packet.Link);
        HeaderTree.Append(text, packet.Outer);
        if (packet.Encapsulation == Encapsulation.Probe)
        {
            text.Append($"{OverlayProbe.Words(packet.Outer.Payload.Span, packet.Outer.PayloadLength)}\n");
        }

        if (packet.Encapsulation == Encapsulation.Vxlan)
        {
            AppendVxlan(text, packet.Vxlan);
            AppendLink(text, packet.InnerLink);
        }

        if (packet.HasInner)
        {
            DecodedPacket each = packet;
            do
            {
                HeaderTree.Append(text, each.Inner);
            }
            while (PacketDecoder.TryNextOfTrain(ref each));
        }

        if (packet.OwnFault != PacketFault.None)
        {
            text.Append($"[{packet.OwnFault.Words()}]\n");
        }
    }

    private static void AppendFrame(StringBuilder text, in DecodedPacket packet, in PacketContext context)
    {
        int wire = packet.WireLength, kept = packet.Bytes.Length;
        text.Append($"Frame {context.Number}: {wire} bytes on wire ({wire * 8L} bits), {kept} bytes captured ")
            .Append($"({kept * 8L} bits)\n");
        if (context.Interface is { } name)
        {
            text.Append($"    Interface: {name}\n");
        }

        CaptureDirection direction =
            context.Direction != CaptureDirection.Unknown ? context.Direction : packet.Link.Direction;
        if (direction != CaptureDirection.Unknown)
        {
            text.Append($"    Direction: {(direction == CaptureDirection.Outbound ? "sent" : "received")}\n");
        }

        text.Append($"    Encapsulation type: {NameOf(packet.Link.Type)} ({(int)packet.Link.Type})\n");
        text.Append($"    Arrival Time: {PacketTime.Whole(context.Nanoseconds)}\n");
        text.Append($"    Epoch Time: {PacketTime.Epoch(context.Nanoseconds)} seconds\n");
        text.Append($"    Frame Number: {context.Number}\n");
        text.Append($"    Frame Length: {wire} bytes ({wire * 8L} bits)\n");
        text.Append($"    Capture Length: {kept} bytes ({kept * 8L} bits)\n");
        if (context.PacketId is { } identifier)
        {
            text.Append($"    Packet id: {identifier}\n");
        }

        if (context.Note is { } note)
        {
            text.Append($"    Comment: {note}\n");
        }

        text.Append($"    [Protocols in frame: {Protocols(packet)}]\n");
    }

    private static string NameOf(LinkType type) => type switch
    {
        LinkType.Ethernet => "Ethernet",
        LinkType.Raw => "Raw IP",
        LinkType.Ipv4 => "Raw IPv4",
        LinkType.Ipv6 => "Raw IPv6",
        LinkType.LinuxCooked => "Linux cooked-mode capture v1",
        LinkType.LinuxCooked2 => "Linux cooked-mode capture v2",
        _ => "not decoded",
    };

    private static string Protocols(in DecodedPacket packet)
    {
        var text = new StringBuilder(packet.Link.Type switch
        {
            LinkType.Ethernet => "eth:ethertype",
            LinkType.LinuxCooked or LinkType.LinuxCooked2 => "sll:ethertype",
            _ => "raw",
        });
        Append(text, packet.Outer, packet.HasInner);
        if (packet.Encapsulation == Encapsulation.Vxlan)
        {
            text.Append(":vxlan:eth:ethertype");
        }

        if (packet.HasInner)
        {
            Append(text, packet.Inner, isCarrier: false);
        }

        return text.ToString();

        static void Append(StringBuilder text, in PacketHeaders headers, bool isCarrier)
        {
            text.Append(headers.Network switch
            {
                NetworkKind.Ipv4 => ":ip",
                NetworkKind.Ipv6 => ":ipv6",
                NetworkKind.Arp => ":arp",
                _ => "",
            });
            text.Append(headers.Transport switch
            {
                TransportKind.Udp => ":udp",
                TransportKind.Tcp => ":tcp",
                TransportKind.Icmp => ":icmp",
                TransportKind.Icmp6 => ":icmpv6",
                _ => "",
            });
            if (!isCarrier && headers.PayloadLength > 0)
            {
                text.Append(":data");
            }
        }
    }

    private static void AppendLink(StringBuilder text, in LinkHeader link)
    {
        if (link.IsEthernet)
        {
            text.Append($"Ethernet II, Src: {link.Source}, Dst: {link.Destination}\n");
            text.Append($"    Destination: {link.Destination}\n");
            text.Append($"    Source: {link.Source}\n");
            for (int i = 0; i < link.VlanCount; i++)
            {
                text.Append($"    802.1Q Virtual LAN, ID: {link.VlanId(i)}\n");
            }
        }
        else if (!link.Bytes.IsEmpty)
        {
            text.Append("Linux cooked capture\n");
            if (link.InterfaceIndex is { } index)
            {
                text.Append($"    Interface index: {index}\n");
            }
        }
        else
        {
            return;
        }

        text.Append($"    Type: {EtherTypes.Name(link.EtherType)} (0x{link.EtherType:x4})\n");
    }

    private static void AppendVxlan(StringBuilder text, VxlanHeader vxlan)
    {
        ushort flags = vxlan.Flags;
        text.Append("Virtual eXtensible Local Area Network\n");
        text.Append($"    Flags: 0x{flags:x4}{(vxlan.HasVni ? ", VXLAN Network ID (VNI)" : "")}\n");
        text.Append($"        {Bit(flags, 0)}... .... .... .... = GBP Extension: ")
            .Append((flags & 0x8000) != 0 ? "Defined\n" : "Not defined\n");
        text.Append($"        .... .... .{Bit(flags, 9)}.. .... = Don't Learn: {(flags & 0x0040) != 0}\n");
        text.Append($"        .... {Bit(flags, 4)}... .... .... = VXLAN Network ID (VNI): {vxlan.HasVni}\n");
        text.Append($"        .... .... .... {Bit(flags, 12)}... = Policy Applied: {(flags & 0x0008) != 0}\n");
        text.Append($"    Group Policy ID: {vxlan.GroupPolicy}\n");
        text.Append($"    VXLAN Network Identifier (VNI): {vxlan.Vni}\n");
        text.Append($"    Reserved: {vxlan.Reserved}\n");
    }

    private static char Bit(ushort word, int fromTheTop) => (word & (0x8000 >> fromTheTop)) != 0 ? '1' : '0';
}
