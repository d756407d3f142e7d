using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using Overlay.Capture.Packets;
using Overlay.Linux;
using Overlay.Router.Packets;
using DecodedIpv4 = Overlay.Capture.Packets.Ipv4Header;

namespace Overlay.Diagnosis.Trace;

/// <summary>
/// The echo requests of one trace (RFC 792), and how they are known again: by a number in their data, which the answer
/// and most errors bring back, and which no address translation touches.
/// </summary>
/// <param name="identifier">Of the echo, as it is sent.</param>
/// <param name="mark">The number: the first word of the data.</param>
internal sealed class TracePing(ushort identifier, uint mark)
{
    private const int DataBytes = 56; // ping(8)'s own default: 84 bytes with the headers of IPv4 and ICMP
    private const int SnapBytes = 1024;
    private const int EchoBytes = DecodedIpv4.MinimumBytes + IcmpMessage.HeaderBytes;
    private const int DatagramBytes = DecodedIpv4.MinimumBytes + UdpHeader.HeaderBytes;
    private const int VxlanBytes = DatagramBytes + VxlanHeader.Length + LinkHeader.EthernetBytes;

    // From the network header to the mark: in an echo and in an error about one, each plain, in a datagram, in VXLAN.
    private static readonly int[] s_marks =
    [
        .. ((int[])[EchoBytes, 2 * EchoBytes])
            .SelectMany(bytes => (int[])[bytes, DatagramBytes + bytes, VxlanBytes + bytes])
            .Distinct()
            .Order(),
    ];

    /// <summary>The longest frame that is kept whole.</summary>
    internal static int MostBytes => SnapBytes;

    /// <summary>One with an identifier and a mark that nobody can know.</summary>
    internal static TracePing Create() => new(
        (ushort)Random.Shared.Next(1, ushort.MaxValue), (uint)Random.Shared.NextInt64(1, uint.MaxValue));

    /// <summary>Has the kernel pick out frames that bear the mark.</summary>
    /// <param name="type">Of the interface.</param>
    internal FrameFilter Filter(LinkType type)
    {
        int link = type == LinkType.Ethernet ? LinkHeader.EthernetBytes : 0;
        return FrameFilter.OfWord(mark, (IReadOnlyList<int>)[.. s_marks.Select(offset => link + offset)], SnapBytes);
    }

    /// <summary>A request, from its ICMP header on.</summary>
    internal byte[] Request(ushort sequence)
    {
        byte[] message = new byte[IcmpMessage.HeaderBytes + DataBytes];
        message[0] = IcmpMessage.EchoRequest;
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(4), identifier);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(6), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(IcmpMessage.HeaderBytes), mark);
        for (int i = IcmpMessage.HeaderBytes + sizeof(uint); i < message.Length; i++)
        {
            message[i] = (byte)i;
        }

        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), InternetChecksum.Compute(message));
        return message;
    }

    /// <summary>Which packet of this trace it is.</summary>
    /// <param name="packet">Any.</param>
    /// <param name="sequence">Of the echo; meaningful unless null is returned.</param>
    /// <returns>Null for a packet of others.</returns>
    internal TraceWay? Recognize(in DecodedPacket packet, out ushort sequence)
    {
        PacketHeaders headers = packet.HasInner ? packet.Inner : packet.Outer;
        sequence = 0;
        if (headers.Transport != TransportKind.Icmp)
        {
            return null;
        }

        if (headers.Icmp.IsEcho)
        {
            return IsOurs(headers, out sequence)
                ? headers.Icmp.Type == IcmpMessage.EchoRequest ? TraceWay.Request : TraceWay.Reply
                : null;
        }

        PacketHeaders quoted = headers.Icmp.IsError ? PacketDecoder.DecodeQuoted(headers.Icmp.Quoted) : default;
        return quoted.Transport == TransportKind.Icmp && quoted.Icmp.IsEcho && IsOurs(quoted, out sequence)
            ? TraceWay.Error
            : null;
    }

    private bool IsOurs(in PacketHeaders echo, out ushort sequence)
    {
        sequence = echo.Icmp.Sequence;
        return echo.Payload.Length >= sizeof(uint)
            && BinaryPrimitives.ReadUInt32BigEndian(echo.Payload.Span) == mark;
    }
}
