namespace Overlay.Capture.Packets;

/// <summary>How a packet is carried within another one.</summary>
public enum Encapsulation
{
    /// <summary>Nothing is inside.</summary>
    None,

    /// <summary>flannel's udp: the datagram is an IPv4 packet.</summary>
    Udp,

    /// <summary>
    /// A datagram of the overlay's port of at most 19 bytes, which no packet fits into: daemons ask each other with it.
    /// </summary>
    Probe,

    /// <summary>VXLAN (RFC 7348): its header and an Ethernet frame.</summary>
    Vxlan,
}
