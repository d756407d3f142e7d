namespace Overlay.Capture.Packets;

/// <summary>Which network header a packet has.</summary>
public enum NetworkKind
{
    /// <summary>None that is decoded.</summary>
    None,

    /// <summary>RFC 791.</summary>
    Ipv4,

    /// <summary>RFC 8200.</summary>
    Ipv6,

    /// <summary>RFC 826, for IPv4 over Ethernet.</summary>
    Arp,
}
