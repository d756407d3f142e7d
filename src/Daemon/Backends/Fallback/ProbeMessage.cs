using System;
using System.Buffers.Binary;

namespace Overlay.Daemon.Backends.Fallback;

/// <summary>What two hosts ask each other, in a UDP datagram between the addresses of their tunnel devices.</summary>
/// <param name="IsAnswer">Whether it is the answer to a question with the same nonce.</param>
/// <param name="VxlanWorks">Whether VXLAN works between the two, as far as its sender's own questions say.</param>
/// <param name="Nonce">Nobody else can know it, so an answer with it proves both directions.</param>
internal readonly record struct ProbeMessage(bool IsAnswer, bool VxlanWorks, ulong Nonce)
{
    /// <summary>Its length. An answer is as long as its question, so nothing is gained by forging one.</summary>
    internal const int Bytes = 16;

    private const uint Magic = 0x4F56_4C46; // "OVLF"
    private const byte Version = 1;
    private const byte Question = 1, Answer = 2;

    /// <summary>Writes it: magic (4), version, kind, whether VXLAN works, 0, nonce (8); big-endian.</summary>
    /// <param name="buffer"><see cref="Bytes"/> long at least.</param>
    internal void Write(Span<byte> buffer)
    {
        BinaryPrimitives.WriteUInt32BigEndian(buffer, Magic);
        buffer[4] = Version;
        buffer[5] = IsAnswer ? Answer : Question;
        buffer[6] = VxlanWorks ? (byte)1 : (byte)0;
        buffer[7] = 0;
        BinaryPrimitives.WriteUInt64BigEndian(buffer[8..], Nonce);
    }

    /// <summary>Reads one.</summary>
    /// <returns>Null when it is something else, or of another version.</returns>
    internal static ProbeMessage? Read(ReadOnlySpan<byte> datagram) =>
        datagram.Length == Bytes
        && BinaryPrimitives.ReadUInt32BigEndian(datagram) == Magic
        && datagram[4] == Version
        && datagram[5] is Question or Answer
            ? new ProbeMessage(
                datagram[5] == Answer, datagram[6] != 0, BinaryPrimitives.ReadUInt64BigEndian(datagram[8..]))
            : null;
}
