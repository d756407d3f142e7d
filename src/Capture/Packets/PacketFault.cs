namespace Overlay.Capture.Packets;

/// <summary>What is wrong with a packet, or why no more of it is decoded. The first found counts.</summary>
public enum PacketFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The capture has kept less than was on the wire: no fault of the packet.</summary>
    Cut,

    /// <summary>The link type is none that is decoded here: no fault of the packet.</summary>
    UnknownLink,

    /// <summary>It ends within its link header.</summary>
    LinkHeaderMissing,

    /// <summary>It ends within its IP or ARP header.</summary>
    NetworkHeaderMissing,

    /// <summary>The version of its IP header is another than what is around it says.</summary>
    WrongVersion,

    /// <summary>The IP header says that it is shorter than a header can be.</summary>
    HeaderLengthTooSmall,

    /// <summary>The IP header says that the packet is shorter than its header.</summary>
    TotalLengthTooSmall,

    /// <summary>The IP header says that the packet is longer than it is.</summary>
    TotalLengthTooLarge,

    /// <summary>It ends within its UDP, TCP or ICMP header.</summary>
    TransportHeaderMissing,

    /// <summary>The UDP or TCP header says that it is shorter than a header can be.</summary>
    TransportLengthTooSmall,

    /// <summary>The UDP or TCP header says that it is longer than the packet.</summary>
    TransportLengthTooLarge,

    /// <summary>A datagram of the overlay's port with more than 19 bytes that are no IPv4 packet.</summary>
    NoPacketInside,

    /// <summary>An inner packet that ends before its datagram does, or after it.</summary>
    InnerLengthDiffers,

    /// <summary>A datagram of VXLAN's port that is shorter than its header, or has no network identifier.</summary>
    NoVxlanHeader,
}
