namespace Overlay.Capture.Packets;

/// <summary>Which transport header a packet has.</summary>
public enum TransportKind
{
    /// <summary>None: not an IP packet, or one that ends before it.</summary>
    None,

    /// <summary>RFC 768.</summary>
    Udp,

    /// <summary>RFC 9293.</summary>
    Tcp,

    /// <summary>RFC 792.</summary>
    Icmp,

    /// <summary>RFC 4443.</summary>
    Icmp6,

    /// <summary>A protocol that is not decoded.</summary>
    Other,

    /// <summary>A fragment but the first: what it begins with stands in the middle of the message.</summary>
    Fragment,
}
