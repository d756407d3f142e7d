using System.Text;
using Overlay.Capture.Packets;

namespace Overlay.Capture.Text;

/// <summary>
/// ICMP messages in words (RFC 792, RFC 1122, RFC 1812, RFC 4443): what every command of ours calls them.
/// </summary>
public static class IcmpText
{
    private const byte HostProhibited = 10, Filtered = 13;

    /// <summary>tcpdump's words for a message, without its length: <c>ICMP echo request, id 1536, seq 32</c>.</summary>
    internal static void AppendLine(StringBuilder text, IcmpMessage icmp)
    {
        switch (icmp.Type)
        {
            case IcmpMessage.EchoRequest or IcmpMessage.EchoReply:
                text.Append(
                    $"ICMP echo {(icmp.Type == IcmpMessage.EchoRequest ? "request" : "reply")}, id {icmp.Identifier}, "
                        + $"seq {icmp.Sequence}");
                break;
            case IcmpMessage.Unreachable:
                AppendUnreachable(text.Append("ICMP "), icmp);
                break;
            case IcmpMessage.Redirect:
                text.Append("ICMP redirect ");
                AppendDestination(text, icmp);
                text.Append($" to {(icmp.Code is 0 or 2 ? "net" : "host")} {icmp.Gateway}");
                break;
            default:
                text.Append($"ICMP {Name(icmp.Type, icmp.Code)}");
                break;
        }
    }

    /// <summary>A type and code in words: <c>host prohibited</c>.</summary>
    public static string Name(byte type, byte code) => (type, code) switch
    {
        (IcmpMessage.EchoReply, _) => "echo reply",
        (IcmpMessage.EchoRequest, _) => "echo request",
        (IcmpMessage.Unreachable, _) => UnreachableName(code),
        (4, _) => "source quench",
        (IcmpMessage.Redirect, 0) => "redirect for net",
        (IcmpMessage.Redirect, 1) => "redirect for host",
        (IcmpMessage.Redirect, 2) => "redirect for type of service and net",
        (IcmpMessage.Redirect, 3) => "redirect for type of service and host",
        (9, _) => "router advertisement",
        (10, _) => "router solicitation",
        (IcmpMessage.TimeExceeded, 0) => "time exceeded in-transit",
        (IcmpMessage.TimeExceeded, 1) => "ip reassembly time exceeded",
        (IcmpMessage.ParameterProblem, _) => "parameter problem",
        (13, _) => "time stamp query",
        (14, _) => "time stamp reply",
        (17, _) => "address mask request",
        (18, _) => "address mask reply",
        _ => $"type {type}, code {code}",
    };

    /// <summary>A type and code of ICMPv6 in words.</summary>
    internal static string Name6(byte type, byte code) => (type, code) switch
    {
        (1, 0) => "destination unreachable, no route",
        (1, 1) => "destination unreachable, prohibited",
        (1, 3) => "destination unreachable, address",
        (1, 4) => "destination unreachable, port",
        (1, _) => "destination unreachable",
        (2, _) => "packet too big",
        (3, _) => "time exceeded",
        (4, _) => "parameter problem",
        (128, _) => "echo request",
        (129, _) => "echo reply",
        (130, _) => "multicast listener query",
        (131 or 143, _) => "multicast listener report",
        (133, _) => "router solicitation",
        (134, _) => "router advertisement",
        (135, _) => "neighbor solicitation",
        (136, _) => "neighbor advertisement",
        _ => $"type {type}, code {code}",
    };

    private static string UnreachableName(byte code) => code switch
    {
        0 => "net unreachable",
        1 => "host unreachable",
        2 => "protocol unreachable",
        3 => "port unreachable",
        IcmpMessage.FragmentationNeeded => "fragmentation needed",
        5 => "source route failed",
        6 => "net unknown",
        7 => "host unknown",
        8 => "source host isolated",
        9 => "net prohibited",
        HostProhibited => "host prohibited",
        11 => "net unreachable for type of service",
        12 => "host unreachable for type of service",
        Filtered => "communication prohibited by a filter",
        14 => "host precedence violation",
        15 => "precedence cutoff",
        _ => $"unreachable, code {code}",
    };

    // As print-icmp.c of tcpdump words them, about the destination of the quoted packet.
    private static void AppendUnreachable(StringBuilder text, IcmpMessage icmp)
    {
        PacketHeaders quoted = PacketDecoder.DecodeQuoted(icmp.Quoted);
        switch (icmp.Code)
        {
            case 0:
                text.Append("net ");
                AppendDestination(text, icmp);
                text.Append(" unreachable");
                break;
            case 1:
                text.Append("host ");
                AppendDestination(text, icmp);
                text.Append(" unreachable");
                break;
            case 2:
                AppendDestination(text, icmp);
                text.Append($" protocol {quoted.Protocol} unreachable");
                break;
            case 3 when quoted.HasPorts:
                AppendDestination(text, icmp);
                text.Append(quoted.Protocol == IpProtocols.Udp ? " udp" : " tcp")
                    .Append($" port {quoted.DestinationPort} unreachable");
                break;
            case IcmpMessage.FragmentationNeeded:
                AppendDestination(text, icmp);
                text.Append($" unreachable - need to frag (mtu {icmp.NextMtu})");
                break;
            case HostProhibited:
                text.Append("host ");
                AppendDestination(text, icmp);
                text.Append(" unreachable - admin prohibited");
                break;
            case Filtered:
                text.Append("host ");
                AppendDestination(text, icmp);
                text.Append(" unreachable - admin prohibited filter");
                break;
            default:
                AppendDestination(text, icmp);
                text.Append($" {UnreachableName(icmp.Code)}");
                break;
        }
    }

    private static void AppendDestination(StringBuilder text, IcmpMessage icmp)
    {
        PacketHeaders quoted = PacketDecoder.DecodeQuoted(icmp.Quoted);
        text.Append(quoted.Network == NetworkKind.Ipv4 ? quoted.Ipv4.Destination.ToString() : "?");
    }
}
