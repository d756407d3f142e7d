using System;

namespace Overlay.Capture.Packets;

/// <summary>
/// What daemons ask each other in a packet that nobody else takes: an IPv4 packet of protocol 253 whose header checksum
/// is wrong on purpose, so that a host that does not know it drops it in silence.
/// </summary>
public static class OverlayProbe
{
    private const int DataBytes = 16, KindOffset = 4;

    /// <summary>Whether a packet is one.</summary>
    public static bool Is(in PacketHeaders headers) => headers.Network == NetworkKind.Ipv4
        && headers.Protocol == IpProtocols.Experimental
        && headers.Message.Length == DataBytes
        && headers.Message.Span.StartsWith("OvKp"u8);

    /// <summary>What it says, of one that <see cref="Is"/> has accepted.</summary>
    public static string Words(in PacketHeaders headers) => headers.Message.Span[KindOffset] switch
    {
        1 => "overlay probe of the kernel path, request",
        2 => "overlay probe of the kernel path, answer",
        3 => "overlay probe of the kernel path, farewell",
        _ => "overlay probe of the kernel path",
    };
}
