using System;

namespace Overlay.Capture.Packets;

/// <summary>Reads UDP, TCP and ICMP headers; every read is bounded by what was captured.</summary>
internal static class TransportReader
{
    /// <summary>Adds the transport header to a packet whose network header is read.</summary>
    /// <param name="headers">With its message.</param>
    /// <param name="isFirstFragment">Whether the message goes on in other packets.</param>
    internal static PacketHeaders Read(in PacketHeaders headers, bool isFirstFragment) => headers.Protocol switch
    {
        IpProtocols.Udp => ReadUdp(headers, isFirstFragment),
        IpProtocols.Tcp => ReadTcp(headers),
        IpProtocols.Icmp when headers.Network == NetworkKind.Ipv4 => ReadIcmp(headers, TransportKind.Icmp),
        IpProtocols.Icmp6 when headers.Network == NetworkKind.Ipv6 => ReadIcmp(headers, TransportKind.Icmp6),
        _ => headers with { Transport = TransportKind.Other },
    };

    private static PacketHeaders TooShort(in PacketHeaders headers) => With(
        headers, headers.Message.Length < headers.MessageLength
            ? PacketFault.Cut : PacketFault.TransportHeaderMissing);

    // What is wrong further out comes first, but that a capture is cut says nothing about what is there of it.
    private static PacketHeaders With(in PacketHeaders headers, PacketFault fault) =>
        headers.Fault.IsMalformed() || (headers.Fault != PacketFault.None && fault == PacketFault.None)
            ? headers
            : headers with { Fault = fault };

    private static PacketHeaders ReadUdp(in PacketHeaders headers, bool isFirstFragment)
    {
        if (headers.Message.Length < UdpHeader.HeaderBytes)
        {
            return TooShort(headers);
        }

        int claimed = headers.Udp.Length == 0 ? headers.MessageLength : headers.Udp.Length;
        PacketFault fault = claimed < UdpHeader.HeaderBytes ? PacketFault.TransportLengthTooSmall
            : claimed > headers.MessageLength && !isFirstFragment ? PacketFault.TransportLengthTooLarge
            : PacketFault.None;
        int length = isFirstFragment
            ? Math.Max(claimed, UdpHeader.HeaderBytes)
            : Math.Clamp(claimed, UdpHeader.HeaderBytes, headers.MessageLength);
        return With(headers, fault) with
        {
            Transport = fault == PacketFault.None ? TransportKind.Udp : TransportKind.Other,
            Payload = headers.Message[UdpHeader.HeaderBytes..Math.Min(length, headers.Message.Length)],
            PayloadLength = length - UdpHeader.HeaderBytes,
        };
    }

    private static PacketHeaders ReadTcp(in PacketHeaders headers)
    {
        if (headers.Message.Length < TcpHeader.MinimumBytes)
        {
            return TooShort(headers);
        }

        int headerBytes = headers.Tcp.HeaderBytes;
        if (headerBytes < TcpHeader.MinimumBytes || headerBytes > headers.MessageLength)
        {
            return With(headers, headerBytes < TcpHeader.MinimumBytes
                ? PacketFault.TransportLengthTooSmall : PacketFault.TransportLengthTooLarge);
        }

        return headers.Message.Length < headerBytes ? TooShort(headers) : headers with
        {
            Transport = TransportKind.Tcp,
            Payload = headers.Message[headerBytes..],
            PayloadLength = headers.MessageLength - headerBytes,
        };
    }

    private static PacketHeaders ReadIcmp(in PacketHeaders headers, TransportKind kind) =>
        headers.Message.Length < IcmpMessage.HeaderBytes ? TooShort(headers) : headers with
        {
            Transport = kind,
            Payload = headers.Message[IcmpMessage.HeaderBytes..],
            PayloadLength = headers.MessageLength - IcmpMessage.HeaderBytes,
        };
}
