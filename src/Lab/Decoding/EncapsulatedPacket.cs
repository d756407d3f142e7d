using System;
using System.Collections.Generic;

namespace Overlay.Lab.Decoding;

/// <summary>
/// One frame of the underlay with a pod's packet inside: Ethernet, outer IPv4, UDP, inner IPv4, perhaps ICMP.
/// </summary>
/// <param name="FrameBytes">The whole frame as captured, without a frame check sequence.</param>
/// <param name="Ethernet">The link's header.</param>
/// <param name="Outer">Host to host.</param>
/// <param name="Udp">What carries the inner packet; the encapsulation has no header of its own.</param>
/// <param name="Inner">Pod to pod.</param>
/// <param name="Icmp">The inner message when the inner packet is unfragmented ICMP; otherwise null.</param>
public sealed record EncapsulatedPacket(
    int FrameBytes, EthernetFields Ethernet, Ipv4Fields Outer, UdpFields Udp, Ipv4Fields Inner, IcmpFields? Icmp)
{
    /// <summary>What the encapsulation adds to the inner packet, in bytes: all headers but the link's.</summary>
    public int OverheadBytes => Outer.HeaderBytes + UdpFields.HeaderBytes + Around.HeaderBytes;

    /// <summary>What is between UDP header and inner packet.</summary>
    public Encapsulation Around { get; init; } = Encapsulation.Udp;

    /// <summary><c>172.16.0.5:8285 > 172.16.0.4:8285</c>.</summary>
    public string OuterLine => $"{Outer.Source}:{Udp.SourcePort} > {Outer.Destination}:{Udp.DestinationPort}";

    /// <summary>
    /// tcpdump's line for the inner packet: <c>10.244.1.14 > 10.244.0.6: ICMP echo request, id 1536, …</c>.
    /// </summary>
    public string InnerLine => PacketTree.Line(Inner, Icmp);

    /// <summary><c>packet 126 B = eth 14 + ip 20 + udp 8 + inner 84   overhead 28 B</c>.</summary>
    public string SizeLine =>
        $"packet {FrameBytes} B = eth {EthernetFields.HeaderBytes} + ip {Outer.HeaderBytes} + udp "
            + $"{UdpFields.HeaderBytes}"
        + $"{Around.Names} + inner {Inner.TotalLength}   overhead {OverheadBytes} B";

    /// <summary>
    /// False when the frame is not an unfragmented IPv4 UDP datagram whose payload is one whole IPv4 packet.
    /// </summary>
    /// <param name="frame">From the destination MAC on.</param>
    /// <param name="packet">The decoded frame; null after false.</param>
    /// <param name="around">What precedes the inner packet; null for nothing.</param>
    public static bool TryDecode(
        ReadOnlySpan<byte> frame, out EncapsulatedPacket? packet, Encapsulation? around = null)
    {
        packet = null;
        around ??= Encapsulation.Udp;
        if (!EthernetFields.TryParse(frame, out EthernetFields ethernet, out ReadOnlySpan<byte> outerBytes)
            || ethernet.EtherType != EthernetFields.Ipv4
            || !Ipv4Fields.TryParse(outerBytes, out Ipv4Fields? outer, out ReadOnlySpan<byte> datagram)
            || outer is null || outer.Protocol != Ipv4Fields.Udp || outer.IsFragment
            || !UdpFields.TryParse(
                datagram, Ipv4Fields.Addresses(outerBytes), out UdpFields? udp, out ReadOnlySpan<byte> payload)
            || udp is null || payload.Length < around.HeaderBytes
            || !Ipv4Fields.TryParse(
                payload[around.HeaderBytes..], out Ipv4Fields? inner, out ReadOnlySpan<byte> message)
            || inner is null || inner.TotalLength != payload.Length - around.HeaderBytes)
        {
            return false;
        }

        packet = new EncapsulatedPacket(
            frame.Length, ethernet, outer, udp, inner, PacketTree.IcmpOf(inner, message)) { Around = around };
        return true;
    }

    /// <summary>The frame as a tree, one line each, outside in.</summary>
    public IEnumerable<string> Tree() =>
    [
        .. PacketTree.Of(FrameBytes, Ethernet), .. PacketTree.Of(Outer), .. PacketTree.Of(Udp), .. Around.Lines,
        .. PacketTree.Of(Inner), .. PacketTree.Of(Icmp),
    ];
}
