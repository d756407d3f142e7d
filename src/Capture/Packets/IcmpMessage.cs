using System;
using System.Buffers.Binary;
using Overlay.Net;

namespace Overlay.Capture.Packets;

/// <summary>An ICMP message (RFC 792), or one of ICMPv6 (RFC 4443), whose first eight bytes are alike.</summary>
/// <param name="Bytes">At least <see cref="HeaderBytes"/>.</param>
public readonly record struct IcmpMessage(ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Length of its header.</summary>
    public const int HeaderBytes = 8;

    /// <summary>The answer to a ping.</summary>
    public const byte EchoReply = 0;

    /// <summary>The first of the errors: something cannot be reached.</summary>
    public const byte Unreachable = 3;

    /// <summary>A better gateway.</summary>
    public const byte Redirect = 5;

    /// <summary>A ping.</summary>
    public const byte EchoRequest = 8;

    /// <summary>No hops left, or a fragment that never came.</summary>
    public const byte TimeExceeded = 11;

    /// <summary>A header that cannot be.</summary>
    public const byte ParameterProblem = 12;

    /// <summary>Of <see cref="Unreachable"/>: the packet is too long for the next link and must not be cut.</summary>
    public const byte FragmentationNeeded = 4;

    private const int ChecksumOffset = 2, IdentifierOffset = 4, SequenceOffset = 6, GatewayOffset = 4;

    /// <summary>What it is.</summary>
    public byte Type => Bytes.Span[0];

    /// <summary>What it is exactly.</summary>
    public byte Code => Bytes.Span[1];

    /// <summary>The checksum as carried.</summary>
    public ushort Checksum => Number(ChecksumOffset);

    /// <summary>Which pinger; only in an echo.</summary>
    public ushort Identifier => Number(IdentifierOffset);

    /// <summary>Which ping; only in an echo.</summary>
    public ushort Sequence => Number(SequenceOffset);

    /// <summary>The next link's MTU; only where fragmentation is needed (RFC 1191).</summary>
    public ushort NextMtu => Number(SequenceOffset);

    /// <summary>Where to send to instead; only in a redirect.</summary>
    public Ipv4Address Gateway => Ipv4Address.Read(Bytes.Span[GatewayOffset..]);

    /// <summary>Whether it answers to or asks for an echo; of IPv4's.</summary>
    public bool IsEcho => Type is EchoRequest or EchoReply;

    /// <summary>Whether it quotes the packet that it is about; of IPv4's.</summary>
    public bool IsError => Type is Unreachable or 4 or Redirect or TimeExceeded or ParameterProblem;

    /// <summary>The quoted packet, mostly cut; empty for what is no error.</summary>
    public ReadOnlyMemory<byte> Quoted => IsError ? Bytes[HeaderBytes..] : default;

    private ushort Number(int offset) => BinaryPrimitives.ReadUInt16BigEndian(Bytes.Span[offset..]);
}
