using System.Globalization;

namespace Overlay.Capture.Packets;

/// <summary>IP's numbers for what a packet carries (IANA, Protocol Numbers).</summary>
public static class IpProtocols
{
    /// <summary>RFC 792.</summary>
    public const byte Icmp = 1;

    /// <summary>RFC 9293.</summary>
    public const byte Tcp = 6;

    /// <summary>RFC 768.</summary>
    public const byte Udp = 17;

    /// <summary>RFC 4443.</summary>
    public const byte Icmp6 = 58;

    /// <summary>For experiments (RFC 3692); the kernel path's probes have it.</summary>
    public const byte Experimental = 253;

    /// <summary>For example <c>UDP</c>.</summary>
    public static string Name(byte number) => number switch
    {
        Icmp => "ICMP",
        2 => "IGMP",
        4 => "IPIP",
        Tcp => "TCP",
        Udp => "UDP",
        41 => "IPv6",
        47 => "GRE",
        50 => "ESP",
        51 => "AH",
        Icmp6 => "ICMPv6",
        89 => "OSPF",
        132 => "SCTP",
        Experimental => "Experimental",
        _ => string.Create(CultureInfo.InvariantCulture, $"protocol {number}"),
    };
}
