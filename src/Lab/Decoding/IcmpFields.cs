using System;
using System.Buffers.Binary;

namespace Overlay.Lab.Decoding;

/// <summary>An ICMP message (RFC 792). Identifier and sequence mean something only in an echo.</summary>
/// <param name="Type">8 is an echo request, 0 its reply.</param>
/// <param name="Code">0 in an echo.</param>
/// <param name="Checksum">As carried.</param>
/// <param name="ChecksumIsCorrect">Whether it fits the message.</param>
/// <param name="Identifier">Which pinger.</param>
/// <param name="Sequence">Which ping.</param>
/// <param name="Length">Header and data in bytes.</param>
public sealed record IcmpFields(
    byte Type, byte Code, ushort Checksum, bool ChecksumIsCorrect, ushort Identifier, ushort Sequence, int Length)
{
    /// <summary>Length of an echo header (RFC 792).</summary>
    public const int HeaderBytes = 8;

    /// <summary>Type of an answer to a ping.</summary>
    public const byte EchoReply = 0;

    /// <summary>Type of a ping.</summary>
    public const byte EchoRequest = 8;

    private const int CodeOffset = 1, ChecksumOffset = 2, IdentifierOffset = 4, SequenceOffset = 6;

    /// <summary>What follows the header, in bytes.</summary>
    public int DataBytes => Length - HeaderBytes;

    /// <summary>tcpdump's words for the type.</summary>
    public string Name => (Type, Code) switch
    {
        (EchoRequest, _) => "ICMP echo request",
        (EchoReply, _) => "ICMP echo reply",
        (3, 0) => "ICMP net unreachable",
        (3, _) => "ICMP unreachable",
        (11, _) => "ICMP time exceeded",
        _ => $"ICMP type {Type}",
    };

    /// <summary>False when <paramref name="message"/> is shorter than a header.</summary>
    public static bool TryParse(ReadOnlySpan<byte> message, out IcmpFields? fields)
    {
        if (message.Length < HeaderBytes)
        {
            fields = null;
            return false;
        }

        fields = new IcmpFields(
            message[0],
            message[CodeOffset],
            BinaryPrimitives.ReadUInt16BigEndian(message[ChecksumOffset..]),
            OnesComplement.Sum(message) == 0xffff,
            BinaryPrimitives.ReadUInt16BigEndian(message[IdentifierOffset..]),
            BinaryPrimitives.ReadUInt16BigEndian(message[SequenceOffset..]),
            message.Length);
        return true;
    }

    /// <summary>Writes an echo request over the whole of <paramref name="message"/>.</summary>
    /// <param name="message">8 bytes or more; what follows the header is filled with the offsets, as ping(8)
    /// does.</param>
    /// <param name="identifier">Which pinger.</param>
    /// <param name="sequence">Which ping.</param>
    public static void WriteEchoRequest(Span<byte> message, ushort identifier, ushort sequence)
    {
        message[..HeaderBytes].Clear();
        message[0] = EchoRequest;
        BinaryPrimitives.WriteUInt16BigEndian(message[IdentifierOffset..], identifier);
        BinaryPrimitives.WriteUInt16BigEndian(message[SequenceOffset..], sequence);
        for (int index = HeaderBytes; index < message.Length; index++)
        {
            message[index] = (byte)index;
        }

        BinaryPrimitives.WriteUInt16BigEndian(message[ChecksumOffset..], (ushort)~OnesComplement.Sum(message));
    }
}
