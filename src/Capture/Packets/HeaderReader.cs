using System;
using System.Buffers.Binary;

namespace Overlay.Capture.Packets;

/// <summary>Reads network and transport headers; every read is bounded by what was captured.</summary>
internal static class HeaderReader
{
    /// <summary>Reads them.</summary>
    /// <param name="bytes">From the network header on, as far as captured; link padding may follow.</param>
    /// <param name="wireLength">How many there were; not fewer.</param>
    /// <param name="etherType">Which network header it is.</param>
    internal static PacketHeaders Read(ReadOnlyMemory<byte> bytes, int wireLength, ushort etherType) =>
        etherType switch
        {
            EtherTypes.Ipv4 => ReadIpv4(bytes, wireLength),
            EtherTypes.Ipv6 => ReadIpv6(bytes, wireLength),
            EtherTypes.Arp => ReadArp(bytes, wireLength),
            _ => new PacketHeaders { Packet = bytes },
        };

    private static PacketHeaders ReadArp(ReadOnlyMemory<byte> bytes, int wireLength) =>
        !ArpMessage.IsForIpv4(bytes.Span) ? new PacketHeaders { Packet = bytes }
        : bytes.Length < ArpMessage.Length ? TooShort(bytes, wireLength)
        : new PacketHeaders { Network = NetworkKind.Arp, Packet = bytes[..ArpMessage.Length] };

    private static PacketHeaders TooShort(ReadOnlyMemory<byte> bytes, int wireLength) => new()
    {
        Packet = bytes,
        Fault = bytes.Length < wireLength ? PacketFault.Cut : PacketFault.NetworkHeaderMissing,
    };

    private static PacketHeaders ReadIpv4(ReadOnlyMemory<byte> bytes, int wireLength)
    {
        if (bytes.Length < Ipv4Header.MinimumBytes)
        {
            return TooShort(bytes, wireLength);
        }

        var header = new Ipv4Header(bytes);
        if (bytes.Span[0] >> 4 != 4)
        {
            return new PacketHeaders { Packet = bytes, Fault = PacketFault.WrongVersion };
        }

        int headerBytes = header.HeaderBytes;
        if (headerBytes < Ipv4Header.MinimumBytes)
        {
            return new PacketHeaders { Packet = bytes, Fault = PacketFault.HeaderLengthTooSmall };
        }

        if (bytes.Length < headerBytes)
        {
            return TooShort(bytes, wireLength);
        }

        // A packet that a device is to cut may be too long for the field, which is 0 then (BIG TCP).
        int total = header.TotalLength == 0 ? wireLength : header.TotalLength;
        PacketFault fault = total < headerBytes ? PacketFault.TotalLengthTooSmall
            : total > wireLength ? PacketFault.TotalLengthTooLarge
            : total > bytes.Length ? PacketFault.Cut : PacketFault.None;
        int length = Math.Clamp(total, headerBytes, wireLength);
        ReadOnlyMemory<byte> packet = bytes[..Math.Min(length, bytes.Length)];
        var headers = new PacketHeaders
        {
            Network = NetworkKind.Ipv4,
            Protocol = header.Protocol,
            Packet = packet,
            Message = packet[headerBytes..],
            MessageLength = length - headerBytes,
            Fault = fault,
        };
        return header.FragmentOffset > 0
            ? headers with { Transport = TransportKind.Fragment }
            : TransportReader.Read(headers, header.MoreFragments);
    }

    private static PacketHeaders ReadIpv6(ReadOnlyMemory<byte> bytes, int wireLength)
    {
        if (bytes.Length < Ipv6Header.Length)
        {
            return TooShort(bytes, wireLength);
        }

        var header = new Ipv6Header(bytes);
        if (bytes.Span[0] >> 4 != 6)
        {
            return new PacketHeaders { Packet = bytes, Fault = PacketFault.WrongVersion };
        }

        int total = header.PayloadLength == 0 ? wireLength : Ipv6Header.Length + header.PayloadLength;
        PacketFault fault = total > wireLength ? PacketFault.TotalLengthTooLarge
            : total > bytes.Length ? PacketFault.Cut : PacketFault.None;
        int length = Math.Min(total, wireLength);
        ReadOnlyMemory<byte> packet = bytes[..Math.Min(length, bytes.Length)];
        var extensions = Extensions.Skip(packet.Span, header.NextHeader);
        var headers = new PacketHeaders
        {
            Network = NetworkKind.Ipv6,
            Protocol = extensions.Protocol,
            Packet = packet,
            Message = packet[extensions.HeaderBytes..],
            MessageLength = length - extensions.HeaderBytes,
            Fault = fault,
        };
        return extensions.IsLaterFragment
            ? headers with { Transport = TransportKind.Fragment }
            : TransportReader.Read(headers, extensions.HasMoreFragments);
    }

    /// <summary>What is between the IPv6 header and the message (RFC 8200, section 4).</summary>
    private readonly record struct Extensions(
        int HeaderBytes, byte Protocol, bool IsLaterFragment, bool HasMoreFragments)
    {
        private const byte HopByHop = 0, Routing = 43, Fragment = 44, Authentication = 51, Destination = 60;
        private const int Most = 8, ShortestBytes = 8;

        internal static Extensions Skip(ReadOnlySpan<byte> packet, byte next)
        {
            int offset = Ipv6Header.Length;
            bool hasMore = false;
            for (int count = 0; count < Most && packet.Length - offset >= ShortestBytes; count++)
            {
                ReadOnlySpan<byte> extension = packet[offset..];
                int length;
                switch (next)
                {
                    case HopByHop or Routing or Destination:
                        length = (extension[1] + 1) * 8;
                        break;
                    case Authentication:
                        length = (extension[1] + 2) * 4; // RFC 4302, section 2.2
                        break;
                    case Fragment:
                        ushort place = BinaryPrimitives.ReadUInt16BigEndian(extension[2..]);
                        hasMore |= (place & 1) != 0;
                        length = ShortestBytes;
                        if (place >> 3 != 0)
                        {
                            return new Extensions(offset + length, extension[0], true, hasMore);
                        }

                        break;
                    default:
                        return new Extensions(offset, next, false, hasMore);
                }

                if (packet.Length - offset < length)
                {
                    break;
                }

                next = extension[0];
                offset += length;
            }

            return new Extensions(offset, next, false, hasMore);
        }
    }
}
