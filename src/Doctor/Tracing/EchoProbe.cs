using System;
using System.Buffers.Binary;
using Overlay.Linux;
using Overlay.Net;

namespace Overlay.Doctor.Tracing;

/// <summary>Sends ICMP echo requests (RFC 792) by which a trace knows its own packets.</summary>
/// <param name="socket">In the namespace from which they go.</param>
/// <param name="destination">Where they go.</param>
/// <param name="id">Of all of them.</param>
internal sealed class EchoProbe(IcmpSocket socket, Ipv4Address destination, ushort id)
{
    private const byte EchoRequest = 8;
    private const int Length = 16;

    private ushort _sequence;

    /// <summary>Sends one; what the kernel refuses is as good as lost.</summary>
    internal void Send()
    {
        Span<byte> message = stackalloc byte[Length];
        message.Clear();
        message[0] = EchoRequest;
        BinaryPrimitives.WriteUInt16BigEndian(message[4..], id);
        BinaryPrimitives.WriteUInt16BigEndian(message[6..], ++_sequence);
        uint sum = 0;
        for (int index = 0; index < Length; index += sizeof(ushort))
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(message[index..]);
        }

        sum = (sum & 0xFFFF) + (sum >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], (ushort)~((sum & 0xFFFF) + (sum >> 16)));
        _ = socket.Send(message, destination);
    }
}
