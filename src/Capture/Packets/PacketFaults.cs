namespace Overlay.Capture.Packets;

/// <summary>What is said about faults.</summary>
public static class PacketFaults
{
    /// <summary>Whether the packet itself is wrong, rather than cut or of a kind that is not decoded.</summary>
    public static bool IsMalformed(this PacketFault fault) =>
        fault is not (PacketFault.None or PacketFault.Cut or PacketFault.UnknownLink);

    /// <summary>In words, for the end of a line.</summary>
    public static string Words(this PacketFault fault) => fault switch
    {
        PacketFault.None => "nothing is wrong",
        PacketFault.Cut => "cut by the capture",
        PacketFault.UnknownLink => "a link type that is not decoded",
        PacketFault.LinkHeaderMissing => "it ends within its link header",
        PacketFault.NetworkHeaderMissing => "it ends within its network header",
        PacketFault.WrongVersion => "the IP version is wrong",
        PacketFault.HeaderLengthTooSmall => "the IP header length is below 20",
        PacketFault.TotalLengthTooSmall => "the total length is below the header length",
        PacketFault.TotalLengthTooLarge => "the total length is more than there is",
        PacketFault.TransportHeaderMissing => "it ends within its transport header",
        PacketFault.TransportLengthTooSmall => "the transport length is below that of a header",
        PacketFault.TransportLengthTooLarge => "the transport length is more than the packet has",
        PacketFault.NoPacketInside => "more than 19 bytes that are no IPv4 packet",
        PacketFault.InnerLengthDiffers => "the inner total length is not that of the datagram",
        PacketFault.NoVxlanHeader => "no VXLAN header with a network identifier",
        _ => "unknown",
    };
}
