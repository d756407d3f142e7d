using System;
using System.Buffers;
using System.Buffers.Binary;

namespace Overlay.Control;

/// <summary>What a piece of a capture's answer is.</summary>
public enum CapturePartKind : byte
{
    /// <summary>A <see cref="CaptureSummary"/> as JSON: the first piece, then one now and then, and the last.</summary>
    Summary = 1,

    /// <summary>Records of packets that user space has seen.</summary>
    Packets = 2,

    /// <summary>A frame of the underlay's interface.</summary>
    Frame = 3,
}

/// <summary>A capture's answer is a stream of pieces: a length, a kind, and the piece.</summary>
public static class CapturePart
{
    /// <summary>Bytes before each piece.</summary>
    public const int HeadBytes = 5;

    /// <summary>The longest piece.</summary>
    public const int MostBytes = 4 << 20;

    /// <summary>Appends a piece.</summary>
    public static void Write(IBufferWriter<byte> output, CapturePartKind kind, ReadOnlySpan<byte> piece)
    {
        Span<byte> head = output.GetSpan(HeadBytes);
        BinaryPrimitives.WriteInt32LittleEndian(head, piece.Length);
        head[4] = (byte)kind;
        output.Advance(HeadBytes);
        output.Write(piece);
    }

    /// <summary>Takes one piece off the beginning.</summary>
    /// <param name="bytes">What has come so far; unchanged after false.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="piece">Its bytes.</param>
    /// <returns>False when not all of it has come.</returns>
    /// <exception cref="ControlProtocolException">It cannot be one.</exception>
    public static bool TryTake(
        ref ReadOnlyMemory<byte> bytes, out CapturePartKind kind, out ReadOnlyMemory<byte> piece)
    {
        (kind, piece) = (default, default);
        if (bytes.Length < HeadBytes)
        {
            return false;
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(bytes.Span);
        if (length is < 0 or > MostBytes)
        {
            throw new ControlProtocolException($"a piece of a capture that says it has {length} bytes");
        }

        if (bytes.Length < HeadBytes + length)
        {
            return false;
        }

        kind = (CapturePartKind)bytes.Span[4];
        piece = bytes.Slice(HeadBytes, length);
        bytes = bytes[(HeadBytes + length)..];
        return true;
    }
}
