using System;
using System.Collections.Generic;

namespace Overlay.Lab.Decoding;

/// <summary>One frame of the underlay that is a pod's packet itself: Ethernet, IPv4, perhaps ICMP.</summary>
/// <param name="FrameBytes">The whole frame as captured, without a frame check sequence.</param>
/// <param name="Ethernet">The link's header.</param>
/// <param name="Inner">Pod to pod.</param>
/// <param name="Icmp">The message when the packet is unfragmented ICMP; otherwise null.</param>
public sealed record RoutedPacket(int FrameBytes, EthernetFields Ethernet, Ipv4Fields Inner, IcmpFields? Icmp)
{
    /// <summary>tcpdump's line: <c>10.244.1.14 > 10.244.0.6: ICMP echo request, id 1536, …</c>.</summary>
    public string InnerLine => PacketTree.Line(Inner, Icmp);

    /// <summary><c>packet 98 B = eth 14 + ip 84   overhead 0 B</c>.</summary>
    public string SizeLine =>
        $"packet {FrameBytes} B = eth {EthernetFields.HeaderBytes} + ip {Inner.TotalLength}   overhead 0 B";

    /// <summary>False when the frame is no IPv4 packet.</summary>
    /// <param name="frame">From the destination MAC on.</param>
    /// <param name="packet">The decoded frame; null after false.</param>
    public static bool TryDecode(ReadOnlySpan<byte> frame, out RoutedPacket? packet)
    {
        packet = null;
        if (!EthernetFields.TryParse(frame, out EthernetFields ethernet, out ReadOnlySpan<byte> bytes)
            || ethernet.EtherType != EthernetFields.Ipv4
            || !Ipv4Fields.TryParse(bytes, out Ipv4Fields? inner, out ReadOnlySpan<byte> message) || inner is null)
        {
            return false;
        }

        packet = new RoutedPacket(frame.Length, ethernet, inner, PacketTree.IcmpOf(inner, message));
        return true;
    }

    /// <summary>The frame as a tree, one line each, outside in.</summary>
    public IEnumerable<string> Tree() =>
        [.. PacketTree.Of(FrameBytes, Ethernet), .. PacketTree.Of(Inner), .. PacketTree.Of(Icmp)];
}
