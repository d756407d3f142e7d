using System;
using System.Collections.Generic;

namespace Overlay.Lab.Decoding;

/// <summary>Headers as lines, in the words of tcpdump and Wireshark.</summary>
internal static class PacketTree
{
    /// <summary>tcpdump's line for a packet.</summary>
    internal static string Line(Ipv4Fields packet, IcmpFields? icmp) => icmp is null
        ? $"{packet.Source} > {packet.Destination}: protocol {packet.Protocol}, length "
        + $"{packet.TotalLength - packet.HeaderBytes}"
        : $"{packet.Source} > {packet.Destination}: {icmp.Name}, id {icmp.Identifier}, seq {icmp.Sequence}, length "
        + $"{icmp.Length}";

    /// <summary>The ICMP message of a packet; null when it has none that is whole.</summary>
    internal static IcmpFields? IcmpOf(Ipv4Fields packet, ReadOnlySpan<byte> message)
    {
        IcmpFields? icmp = null;
        if (packet.Protocol == Ipv4Fields.Icmp && !packet.IsFragment)
        {
            _ = IcmpFields.TryParse(message, out icmp);
        }

        return icmp;
    }

    internal static IEnumerable<string> Of(int frameBytes, EthernetFields ethernet)
    {
        yield return $"Frame: {frameBytes} bytes on wire ({frameBytes * 8} bits)";
        yield return $"Ethernet II, Src: {ethernet.Source}, Dst: {ethernet.Destination}, Type: IPv4 "
            + $"(0x{ethernet.EtherType:x4})";
    }

    internal static IEnumerable<string> Of(UdpFields udp)
    {
        yield return $"User Datagram Protocol, Src Port: {udp.SourcePort}, Dst Port: {udp.DestinationPort}";
        yield return $"    Length: {udp.Length}";
        yield return $"    Checksum: 0x{udp.Checksum:x4} [{Describe(udp.ChecksumState)}]";
    }

    internal static IEnumerable<string> Of(IcmpFields? icmp)
    {
        if (icmp is null)
        {
            yield break;
        }

        yield return "Internet Control Message Protocol";
        yield return $"    Type: {icmp.Type} ({EchoName(icmp)}), Code: {icmp.Code}";
        yield return $"    Checksum: 0x{icmp.Checksum:x4} [{Describe(icmp.ChecksumIsCorrect)}]";
        yield return $"    Identifier (BE): {icmp.Identifier} (0x{icmp.Identifier:x4})";
        yield return $"    Sequence number (BE): {icmp.Sequence} (0x{icmp.Sequence:x4})";
        yield return $"    Data ({icmp.DataBytes} bytes)";
    }

    internal static IEnumerable<string> Of(Ipv4Fields header)
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
