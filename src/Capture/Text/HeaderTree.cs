using System;
using System.Text;
using Overlay.Capture.Packets;

namespace Overlay.Capture.Text;

/// <summary>The fields of the headers of one packet, in the words of Wireshark.</summary>
internal static class HeaderTree
{
    private static readonly string[] s_congestion = ["Not-ECT", "ECT(1)", "ECT(0)", "CE"]; // RFC 3168, section 5

    /// <summary>Appends network and transport header.</summary>
    internal static void Append(StringBuilder text, in PacketHeaders headers)
    {
        switch (headers.Network)
        {
            case NetworkKind.Ipv4:
                AppendIpv4(text, headers);
                break;
            case NetworkKind.Ipv6:
                AppendIpv6(text, headers);
                break;
            case NetworkKind.Arp:
                AppendArp(text, headers.Arp);
                return;
        }

        switch (headers.Transport)
        {
            case TransportKind.Udp:
                AppendUdp(text, headers);
                break;
            case TransportKind.Tcp:
                AppendTcp(text, headers);
                break;
            case TransportKind.Icmp or TransportKind.Icmp6:
                AppendIcmp(text, headers);
                break;
            case TransportKind.Other when OverlayProbe.Is(headers):
                text.Append($"{OverlayProbe.Words(headers)}\n");
                break;
            case TransportKind.Other or TransportKind.Fragment:
                text.Append($"Data ({headers.MessageLength} bytes)\n");
                break;
        }

        if (headers.Fault != PacketFault.None)
        {
            text.Append($"[{headers.Fault.Words()}]\n");
        }
    }

    private static void AppendIpv4(StringBuilder text, in PacketHeaders headers)
    {
        Ipv4Header ip = headers.Ipv4;
        text.Append($"Internet Protocol Version 4, Src: {ip.Source}, Dst: {ip.Destination}\n");
        text.Append("    0100 .... = Version: 4\n");
        text.Append($"    .... {ip.HeaderBytes / 4:b4} = Header Length: {ip.HeaderBytes} bytes ")
            .Append($"({ip.HeaderBytes / 4})\n");
        text.Append("    ");
        AppendServices(text, ip.TypeOfService);
        text.Append($"    Total Length: {ip.TotalLength}\n");
        text.Append($"    Identification: 0x{ip.Identification:x4} ({ip.Identification})\n");
        ushort flags = ip.FlagsAndOffset;
        text.Append($"    Flags: 0x{flags:x4}{(ip.DontFragment ? ", Don't fragment" : "")}")
            .Append(ip.MoreFragments ? ", More fragments\n" : "\n");
        text.Append($"        {Bit(flags, 15)}... .... .... .... = Reserved bit: {Set(flags, 15)}\n");
        text.Append($"        .{Bit(flags, 14)}.. .... .... .... = Don't fragment: {Set(flags, 14)}\n");
        text.Append($"        ..{Bit(flags, 13)}. .... .... .... = More fragments: {Set(flags, 13)}\n");
        int offset = flags & 0x1fff;
        text.Append($"        ...{offset >> 12} {(offset >> 8) & 15:b4} {(offset >> 4) & 15:b4} {offset & 15:b4}")
            .Append($" = Fragment offset: {ip.FragmentOffset}\n");
        text.Append($"    Time to live: {ip.TimeToLive}\n");
        text.Append($"    Protocol: {IpProtocols.Name(ip.Protocol)} ({ip.Protocol})\n");
        ChecksumState state = ip.ChecksumState;
        text.Append($"    Header checksum: 0x{ip.Checksum:x4} [{ChecksumText.Words(state)}]\n");
        text.Append($"    Source: {ip.Source}\n    Destination: {ip.Destination}\n");
        if (ip.HeaderBytes > Ipv4Header.MinimumBytes)
        {
            text.Append($"    Options: ({ip.HeaderBytes - Ipv4Header.MinimumBytes} bytes)\n");
        }
    }

    private static void AppendIpv6(StringBuilder text, in PacketHeaders headers)
    {
        Ipv6Header ip = headers.Ipv6;
        text.Append($"Internet Protocol Version 6, Src: {ip.Source}, Dst: {ip.Destination}\n");
        text.Append("    0110 .... = Version: 6\n    ");
        AppendServices(text, ip.TrafficClass);
        text.Append($"    Flow Label: 0x{ip.FlowLabel:x5}\n");
        text.Append($"    Payload Length: {ip.PayloadLength}\n");
        text.Append($"    Next Header: {IpProtocols.Name(ip.NextHeader)} ({ip.NextHeader})\n");
        text.Append($"    Hop Limit: {ip.HopLimit}\n");
        text.Append($"    Source: {ip.Source}\n    Destination: {ip.Destination}\n");
    }

    private static void AppendServices(StringBuilder text, byte services)
    {
        int codepoint = services >> 2;
        string name = codepoint % 8 == 0 ? $"CS{codepoint / 8}" : codepoint == 46 ? "EF PHB" : $"{codepoint}";
        text.Append($"Differentiated Services Field: 0x{services:x2} (DSCP: {name}, ECN: ")
            .Append($"{s_congestion[services & 3]})\n");
    }

    private static void AppendArp(StringBuilder text, ArpMessage arp)
    {
        string name = arp.Operation switch
        {
            ArpMessage.Request => "request",
            ArpMessage.Reply => "reply",
            _ => "unknown",
        };
        text.Append($"Address Resolution Protocol ({name})\n");
        text.Append($"    Opcode: {name} ({arp.Operation})\n");
        text.Append($"    Sender MAC address: {arp.SenderMac}\n    Sender IP address: {arp.Sender}\n");
        text.Append($"    Target MAC address: {arp.TargetMac}\n    Target IP address: {arp.Target}\n");
    }

    private static void AppendUdp(StringBuilder text, in PacketHeaders headers)
    {
        UdpHeader udp = headers.Udp;
        text.Append($"User Datagram Protocol, Src Port: {udp.SourcePort}, Dst Port: {udp.DestinationPort}\n");
        text.Append($"    Source Port: {udp.SourcePort}\n    Destination Port: {udp.DestinationPort}\n");
        text.Append($"    Length: {udp.Length}\n");
        AppendChecksum(text, udp.Checksum, headers.TransportChecksum);
    }

    private static void AppendTcp(StringBuilder text, in PacketHeaders headers)
    {
        TcpHeader tcp = headers.Tcp;
        text.Append($"Transmission Control Protocol, Src Port: {tcp.SourcePort}, Dst Port: {tcp.DestinationPort}\n");
        text.Append($"    Source Port: {tcp.SourcePort}\n    Destination Port: {tcp.DestinationPort}\n");
        text.Append($"    [TCP Segment Len: {headers.PayloadLength}]\n");
        text.Append($"    Sequence number: {tcp.Sequence}\n    Acknowledgment number: {tcp.Acknowledgment}\n");
        text.Append($"    Header Length: {tcp.HeaderBytes} bytes ({tcp.HeaderBytes / 4})\n");
        text.Append($"    Flags: 0x{tcp.Flags:x3} ({TcpText.Names(tcp.Flags)})\n");
        text.Append($"    Window size value: {tcp.Window}\n");
        AppendChecksum(text, tcp.Checksum, headers.TransportChecksum);
        text.Append($"    Urgent pointer: {tcp.Urgent}\n");
        if (!tcp.Options.IsEmpty)
        {
            text.Append($"    Options: ({tcp.Options.Length} bytes), ");
            TcpText.AppendOptions(text, tcp.Options);
            text.Append('\n');
        }

        AppendData(text, headers.PayloadLength);
    }

    private static void AppendIcmp(StringBuilder text, in PacketHeaders headers)
    {
        IcmpMessage icmp = headers.Icmp;
        bool isV6 = headers.Transport == TransportKind.Icmp6;
        text.Append($"Internet Control Message Protocol{(isV6 ? " v6" : "")}\n");
        string name = (isV6, icmp.Type) switch
        {
            (true, _) => IcmpText.Name6(icmp.Type, icmp.Code),
            (_, IcmpMessage.EchoRequest) => "Echo (ping) request",
            (_, IcmpMessage.EchoReply) => "Echo (ping) reply",
            _ => IcmpText.Name(icmp.Type, icmp.Code),
        };
        text.Append($"    Type: {icmp.Type} ({name})\n    Code: {icmp.Code}\n");
        AppendChecksum(text, icmp.Checksum, headers.TransportChecksum);
        if (!isV6 && icmp.IsEcho)
        {
            AppendBothOrders(text, "Identifier", icmp.Identifier);
            AppendBothOrders(text, "Sequence number", icmp.Sequence);
        }

        if (isV6 || !icmp.IsError)
        {
            AppendData(text, headers.PayloadLength);
            return;
        }

        if (icmp is { Type: IcmpMessage.Unreachable, Code: IcmpMessage.FragmentationNeeded })
        {
            text.Append($"    MTU of next hop: {icmp.NextMtu}\n");
        }

        if (icmp.Type == IcmpMessage.Redirect)
        {
            text.Append($"    Gateway Address: {icmp.Gateway}\n");
        }

        text.Append("  The packet that it is about, as far as it is quoted:\n");
        AppendQuoted(text, icmp.Quoted);
    }

    // Of a quoted error no further quotation is looked at: what quotes errors is broken or hostile.
    private static void AppendQuoted(StringBuilder text, ReadOnlyMemory<byte> quoted)
    {
        PacketHeaders about = PacketDecoder.DecodeQuoted(quoted);
        if (about.Network != NetworkKind.Ipv4)
        {
            text.Append($"    Data ({quoted.Length} bytes)\n");
            return;
        }

        AppendIpv4(text, about);
        if (about.HasPorts)
        {
            text.Append($"    {IpProtocols.Name(about.Protocol)} Src Port: {about.SourcePort}, Dst Port: ")
                .Append($"{about.DestinationPort}\n");
        }
        else if (about.Transport == TransportKind.Icmp)
        {
            text.Append($"    ICMP {IcmpText.Name(about.Icmp.Type, about.Icmp.Code)}\n");
        }
    }

    private static void AppendBothOrders(StringBuilder text, string name, ushort value)
    {
        ushort swapped = (ushort)((value << 8) | (value >> 8));
        text.Append($"    {name} (BE): {value} (0x{value:x4})\n    {name} (LE): {swapped} (0x{swapped:x4})\n");
    }

    private static void AppendChecksum(StringBuilder text, ushort checksum, ChecksumState state) =>
        text.Append($"    Checksum: 0x{checksum:x4} [{ChecksumText.Words(state)}]\n");

    private static void AppendData(StringBuilder text, int length)
    {
        if (length > 0)
        {
            text.Append($"    Data ({length} bytes)\n");
        }
    }

    private static char Bit(ushort word, int bit) => (word & (1 << bit)) != 0 ? '1' : '0';

    private static string Set(ushort word, int bit) => (word & (1 << bit)) != 0 ? "Set" : "Not set";
}
