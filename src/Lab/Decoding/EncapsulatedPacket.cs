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
    /// <summary>
    /// What the encapsulation adds to the inner packet: the outer IPv4 header and the UDP header, in bytes.
    /// </summary>
    public int OverheadBytes => Outer.HeaderBytes + UdpFields.HeaderBytes;

    /// <summary><c>172.16.0.5:8285 > 172.16.0.4:8285</c>.</summary>
    public string OuterLine => $"{Outer.Source}:{Udp.SourcePort} > {Outer.Destination}:{Udp.DestinationPort}";

    /// <summary>
    /// tcpdump's line for the inner packet: <c>10.244.1.14 > 10.244.0.6: ICMP echo request, id 1536, …</c>.
    /// </summary>
    public string InnerLine => Icmp is null
        ? $"{Inner.Source} > {Inner.Destination}: protocol {Inner.Protocol}, length "
        + $"{Inner.TotalLength - Inner.HeaderBytes}"
        : $"{Inner.Source} > {Inner.Destination}: {Icmp.Name}, id {Icmp.Identifier}, seq {Icmp.Sequence}, length "
        + $"{Icmp.Length}";

    /// <summary><c>packet 126 B = eth 14 + ip 20 + udp 8 + inner 84   overhead 28 B</c>.</summary>
    public string SizeLine =>
        $"packet {FrameBytes} B = eth {EthernetFields.HeaderBytes} + ip {Outer.HeaderBytes} + udp "
            + $"{UdpFields.HeaderBytes}"
        + $" + inner {Inner.TotalLength}   overhead {OverheadBytes} B";

    /// <summary>
    /// False when the frame is not an unfragmented IPv4 UDP datagram whose payload is one whole IPv4 packet.
    /// </summary>
    /// <param name="frame">From the destination MAC on.</param>
    /// <param name="packet">The decoded frame; null after false.</param>
    public static bool TryDecode(ReadOnlySpan<byte> frame, out EncapsulatedPacket? packet)
    {
        packet = null;
        if (!EthernetFields.TryParse(frame, out EthernetFields ethernet, out ReadOnlySpan<byte> outerBytes)
            || ethernet.EtherType != EthernetFields.Ipv4
            || !Ipv4Fields.TryParse(outerBytes, out Ipv4Fields? outer, out ReadOnlySpan<byte> datagram)
            || outer is null || outer.Protocol != Ipv4Fields.Udp || outer.IsFragment
            || !UdpFields.TryParse(
                datagram, Ipv4Fields.Addresses(outerBytes), out UdpFields? udp, out ReadOnlySpan<byte> innerBytes)
            || udp is null
            || !Ipv4Fields.TryParse(innerBytes, out Ipv4Fields? inner, out ReadOnlySpan<byte> message)
            || inner is null || inner.TotalLength != innerBytes.Length)
        {
            return false;
        }

        IcmpFields? icmp = null;
        if (inner.Protocol == Ipv4Fields.Icmp && !inner.IsFragment)
        {
            _ = IcmpFields.TryParse(message, out icmp);
        }

        packet = new EncapsulatedPacket(frame.Length, ethernet, outer, udp, inner, icmp);
        return true;
    }

    /// <summary>The frame as a tree, one line each, outside in.</summary>
    public IEnumerable<string> Tree()
    {
        yield return $"Frame: {FrameBytes} bytes on wire ({FrameBytes * 8} bits)";
        yield return $"Ethernet II, Src: {Ethernet.Source}, Dst: {Ethernet.Destination}, Type: IPv4 "
            + $"(0x{Ethernet.EtherType:x4})";
        foreach (string line in Tree(Outer))
        {
            yield return line;
        }

        yield return $"User Datagram Protocol, Src Port: {Udp.SourcePort}, Dst Port: {Udp.DestinationPort}";
        yield return $"    Length: {Udp.Length}";
        yield return $"    Checksum: 0x{Udp.Checksum:x4} [{Describe(Udp.ChecksumState)}]";
        foreach (string line in Tree(Inner))
        {
            yield return line;
        }

        if (Icmp is null)
        {
            yield break;
        }

        yield return "Internet Control Message Protocol";
        yield return $"    Type: {Icmp.Type} ({EchoName(Icmp)}), Code: {Icmp.Code}";
        yield return $"    Checksum: 0x{Icmp.Checksum:x4} [{Describe(Icmp.ChecksumIsCorrect)}]";
        yield return $"    Identifier (BE): {Icmp.Identifier} (0x{Icmp.Identifier:x4})";
        yield return $"    Sequence number (BE): {Icmp.Sequence} (0x{Icmp.Sequence:x4})";
        yield return $"    Data ({Icmp.DataBytes} bytes)";
    }

    private static IEnumerable<string> Tree(Ipv4Fields header)
    {
        yield return $"Internet Protocol Version 4, Src: {header.Source}, Dst: {header.Destination}";
        yield return $"    Header Length: {header.HeaderBytes} bytes, Total Length: {header.TotalLength}";
        yield return $"    Identification: 0x{header.Identification:x4} ({header.Identification})";
        string flags = header.DontFragment ? ", Don't fragment" : string.Empty;
        yield return $"    Flags: 0x{header.FlagsAndOffset:x4}{flags}";
        yield return $"    Time to live: {header.TimeToLive}";
        yield return $"    Protocol: {ProtocolName(header.Protocol)} ({header.Protocol})";
        yield return $"    Header checksum: 0x{header.Checksum:x4} [{Describe(header.ChecksumIsCorrect)}]";
    }

    private static string EchoName(IcmpFields icmp) => icmp.Type switch
    {
        IcmpFields.EchoRequest => "Echo (ping) request",
        IcmpFields.EchoReply => "Echo (ping) reply",
        _ => icmp.Name,
    };

    private static string Describe(bool correct) => correct ? "correct" : "wrong";

    private static string Describe(UdpChecksumState state) => state switch
    {
        UdpChecksumState.None => "none",
        UdpChecksumState.Correct => "correct",
        UdpChecksumState.Partial => "partial: captured before the device completes it",
        _ => "wrong",
    };

    private static string ProtocolName(byte protocol) => protocol switch
    {
        Ipv4Fields.Icmp => "ICMP",
        6 => "TCP",
        Ipv4Fields.Udp => "UDP",
        _ => "IP protocol",
    };
}
