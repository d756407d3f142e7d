using System;
using System.Buffers.Binary;

namespace Overlay.Control;

/// <summary>A frame of the underlay's interface, as a capture's answer has it.</summary>
/// <param name="Nanoseconds">When, since 1970-01-01 UTC.</param>
/// <param name="IsOutgoing">Whether this host sent it.</param>
/// <param name="LinkType">What it begins with (LINKTYPE_*, pcap): 1 is Ethernet.</param>
/// <param name="WireLength">How long it was, in bytes.</param>
public readonly record struct CapturedFrame(long Nanoseconds, bool IsOutgoing, int LinkType, int WireLength)
{
    /// <summary>Bytes before the frame's own.</summary>
    public const int HeadBytes = 20;

    /// <summary>Writes what stands before the frame's own bytes.</summary>
    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Nanoseconds);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[8..], IsOutgoing ? 1 : 0);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], LinkType);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[16..], WireLength);
    }

    /// <summary>Reads a piece of kind <see cref="CapturePartKind.Frame"/>.</summary>
    /// <exception cref="ControlProtocolException">It is shorter than it has to be.</exception>
    public static CapturedFrame Read(ReadOnlyMemory<byte> piece, out ReadOnlyMemory<byte> frame)
    {
        if (piece.Length < HeadBytes)
        {
            throw new ControlProtocolException($"a captured frame of {piece.Length} bytes");
        }

        ReadOnlySpan<byte> bytes = piece.Span;
        frame = piece[HeadBytes..];
        return new CapturedFrame(
            BinaryPrimitives.ReadInt64LittleEndian(bytes), BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]) != 0,
            BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]));
    }
}
