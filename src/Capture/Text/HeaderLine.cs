using System.Text;
using Overlay.Capture.Packets;

namespace Overlay.Capture.Text;

/// <summary>The headers of one packet in a line, close to tcpdump's.</summary>
internal static class HeaderLine
{
    /// <summary>The packet that is inside, or one that carries none.</summary>
    internal static void Append(StringBuilder text, in PacketHeaders headers)
    {
        if (headers.Network == NetworkKind.Arp)
        {
            AppendArp(text, headers.Arp);
            return;
        }

        if (headers.Network == NetworkKind.None)
        {
            text.Append($"not decoded, length {headers.Packet.Length}");
            AppendFault(text, headers);
            return;
        }

        AppendPacket(text, headers);
        text.Append($", ttl {TimeToLive(headers)}");
        AppendFault(text, headers);
    }

    /// <summary>An IP packet's ends and what it carries.</summary>
    internal static void AppendPacket(StringBuilder text, in PacketHeaders headers)
    {
        AppendEnds(text, headers);
        AppendTransport(text, headers);
    }

    /// <summary>The datagram that carries another packet.</summary>
    internal static void AppendCarrier(StringBuilder text, in DecodedPacket packet)
    {
        PacketHeaders outer = packet.Outer;
        AppendEnds(text, outer);
        switch (packet.Encapsulation)
        {
            case Encapsulation.Vxlan:
                text.Append($"VXLAN vni {packet.Vxlan.Vni}, ");
                break;
            case Encapsulation.Probe:
                text.Append($"{OverlayProbe.Words(outer.Payload.Span, outer.PayloadLength)}, ");
                break;
        }

        text.Append($"UDP {outer.Udp.Length}, ttl {TimeToLive(outer)}");
        if (outer.Network == NetworkKind.Ipv4)
        {
            text.Append(outer.Ipv4.DontFragment ? ", DF" : "").Append($", id {outer.Ipv4.Identification}");
        }

        if (outer.IsFragment)
        {
            text.Append(", first fragment");
        }

        if (packet.InnerCount > 1)
        {
            text.Append($", train of {packet.InnerCount}");
        }

        AppendFault(text, outer);
        if (packet.OwnFault.IsMalformed())
        {
            text.Append($", malformed: {packet.OwnFault.Words()}");
        }
    }

    private static int TimeToLive(in PacketHeaders headers) =>
        headers.Network == NetworkKind.Ipv4 ? headers.Ipv4.TimeToLive : headers.Ipv6.HopLimit;

    private static void AppendArp(StringBuilder text, ArpMessage arp) => text.Append(arp.Operation switch
    {
        ArpMessage.Request => $"ARP, Request who-has {arp.Target} tell {arp.Sender}",
        ArpMessage.Reply => $"ARP, Reply {arp.Sender} is-at {arp.SenderMac}",
        _ => $"ARP, operation {arp.Operation}, {arp.Sender} to {arp.Target}",
    });

    // tcpdump puts a point between address and port.
    private static void AppendEnds(StringBuilder text, in PacketHeaders headers)
    {
        (string source, string destination) = headers.Network == NetworkKind.Ipv4
            ? (headers.Ipv4.Source.ToString(), headers.Ipv4.Destination.ToString())
            : (headers.Ipv6.Source.ToString(), headers.Ipv6.Destination.ToString());
        text.Append(source);
        if (headers.HasPorts)
        {
            text.Append($".{headers.SourcePort}");
        }

        text.Append(" > ").Append(destination);
        if (headers.HasPorts)
        {
            text.Append($".{headers.DestinationPort}");
        }

        text.Append(": ");
    }

    private static void AppendTransport(StringBuilder text, in PacketHeaders headers)
    {
        switch (headers.Transport)
        {
            case TransportKind.Udp:
                text.Append($"UDP, length {headers.PayloadLength}");
                break;
            case TransportKind.Tcp:
                TcpText.AppendLine(text, headers.Tcp, headers.PayloadLength);
                text.Append($", length {headers.PayloadLength}");
                break;
            case TransportKind.Icmp:
                IcmpText.AppendLine(text, headers.Icmp);
                text.Append($", length {headers.MessageLength}");
                break;
            case TransportKind.Icmp6:
                text.Append($"ICMP6, {IcmpText.Name6(headers.Icmp.Type, headers.Icmp.Code)}, length ")
                    .Append(headers.MessageLength);
                break;
            case TransportKind.Fragment:
                text.Append($"{IpProtocols.Name(headers.Protocol)} fragment");
                if (headers.Network == NetworkKind.Ipv4)
                {
                    text.Append($", offset {headers.Ipv4.FragmentOffset}");
                }

                text.Append($", length {headers.MessageLength}");
                return;
            case TransportKind.Other when OverlayProbe.Is(headers):
                text.Append(OverlayProbe.Words(headers));
                break;
            default:
                text.Append($"{IpProtocols.Name(headers.Protocol)}, length {headers.MessageLength}");
                break;
        }

        if (headers.IsFragment)
        {
            text.Append(", first fragment");
        }
    }

    // A partial checksum is none of the packet's faults, and what a capture has cut shows where headers are missing.
    private static void AppendFault(StringBuilder text, in PacketHeaders headers)
    {
        if (headers.Network == NetworkKind.Ipv4 && headers.Ipv4.ChecksumState == ChecksumState.Bad
            && !OverlayProbe.Is(headers))
        {
            text.Append($", wrong IP checksum 0x{headers.Ipv4.Checksum:x4}");
        }

        if (headers.TransportChecksum == ChecksumState.Bad)
        {
            text.Append($", wrong {IpProtocols.Name(headers.Protocol)} checksum");
        }

        if (headers.Fault.IsMalformed())
        {
            text.Append($", malformed: {headers.Fault.Words()}");
        }
        else if (headers.Fault == PacketFault.Cut && headers.Transport == TransportKind.None)
        {
            text.Append(", cut by the capture");
        }
    }
}
