using System;
using System.Buffers.Binary;
using Overlay.Capture.Packets;

namespace Overlay.Lab;

/// <summary>Makes pings.</summary>
public static class EchoRequest
{
    private const int ChecksumOffset = 2, IdentifierOffset = 4, SequenceOffset = 6;

    /// <summary>Writes an ICMP echo request over the whole of <paramref name="message"/>.</summary>
    /// <param name="message">8 bytes or more; what follows the header is filled with the offsets, as ping(8)
    /// does.</param>
    /// <param name="identifier">Which pinger.</param>
    /// <param name="sequence">Which ping.</param>
    public static void Write(Span<byte> message, ushort identifier, ushort sequence)
    {
        message[..IcmpMessage.HeaderBytes].Clear();
        message[0] = IcmpMessage.EchoRequest;
        BinaryPrimitives.WriteUInt16BigEndian(message[IdentifierOffset..], identifier);
        BinaryPrimitives.WriteUInt16BigEndian(message[SequenceOffset..], sequence);
        for (int index = IcmpMessage.HeaderBytes; index < message.Length; index++)
        {
            message[index] = (byte)index;
        }

        BinaryPrimitives.WriteUInt16BigEndian(message[ChecksumOffset..], (ushort)~OnesComplement.Sum(message));
    }
}
