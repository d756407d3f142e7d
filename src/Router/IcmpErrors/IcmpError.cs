using System;
using System.Buffers.Binary;
using Overlay.Router.Packets;

namespace Overlay.Router.IcmpErrors;

/// <summary>
/// ICMP error messages (RFC 792), and which packets may be answered with one (RFC 1812, section 4.3.2.7).
/// </summary>
internal static class IcmpError
{
    /// <summary>
    /// The longest message <see cref="Write"/> makes: 8 bytes, a header with every option, 8 bytes of its payload.
    /// </summary>
    public const int MaximumBytes = HeaderBytes + 60 + QuotedPayloadBytes;

    /// <summary>Destination unreachable.</summary>
    public const byte DestinationUnreachable = 3;

    /// <summary>Code of <see cref="DestinationUnreachable"/>: no route to the network.</summary>
    public const byte NetworkUnreachable = 0;

    /// <summary>
    /// Code of <see cref="DestinationUnreachable"/>: too long, and it may not be fragmented (RFC 1191, section 4).
    /// </summary>
    public const byte FragmentationNeeded = 4;

    /// <summary>Time exceeded.</summary>
    public const byte TimeExceeded = 11;

    /// <summary>Code of <see cref="TimeExceeded"/>: in transit.</summary>
    public const byte TimeToLiveExceeded = 0;

    private const int HeaderBytes = 8;
    private const int QuotedPayloadBytes = 8; // RFC 792: "64 bits of original data datagram", as stock flannel quotes

    /// <summary>True when an error about this packet is allowed.</summary>
    /// <remarks>
    /// None is allowed about an ICMP message that is or may be an error, a later fragment, a packet to a multicast or
    /// broadcast address, or a packet whose source is not a single host.
    /// </remarks>
    public static bool MayAnswer(in Ipv4Header packet)
    {
        if (packet.IsLaterFragment || !packet.HasUnicastSource || packet.Destination.IsMulticastOrBroadcast)
        {
            return false;
        }

        if (packet.Protocol != IpProtocol.Icmp)
        {
            return true;
        }

        Span<byte> message = packet.Packet[packet.HeaderBytes..];
        return !message.IsEmpty && IsQuery(message[0]);
    }

    /// <summary>
    /// Writes one message: its header, then the offender's header with its options and the first 8 bytes behind it.
    /// </summary>
    /// <param name="buffer">
    /// At least <see cref="MaximumBytes"/>. Nothing of its old content gets into the message.
    /// </param>
    /// <param name="type">The ICMP type.</param>
    /// <param name="code">The ICMP code.</param>
    /// <param name="offender">The packet as received, before its time to live was touched.</param>
    /// <param name="nextHopMtu">
    /// With <see cref="FragmentationNeeded"/>: the longest packet that passes, in bytes; 0 otherwise.
    /// </param>
    /// <returns>The message's length. It quotes fewer bytes where the packet has fewer.</returns>
    public static int Write(Span<byte> buffer, byte type, byte code, in Ipv4Header offender, int nextHopMtu = 0)
    {
        int quotedBytes = Math.Min(offender.HeaderBytes + QuotedPayloadBytes, offender.Packet.Length);
        Span<byte> message = buffer[..(HeaderBytes + quotedBytes)];
        message[..HeaderBytes].Clear();
        message[0] = type;
        message[1] = code;
        BinaryPrimitives.WriteUInt16BigEndian(message[6..], (ushort)nextHopMtu);
        offender.Packet[..quotedBytes].CopyTo(message[HeaderBytes..]);
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], InternetChecksum.Compute(message));
        return message.Length;
    }

    // Echo, router discovery, timestamp, information and address mask, each with its reply. Any other type counts as an
    // error.
    private static bool IsQuery(byte type) => type is 0 or 8 or 9 or 10 or 13 or 14 or 15 or 16 or 17 or 18;
}
