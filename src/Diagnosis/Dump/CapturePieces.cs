using System;
using System.Buffers;
using Overlay.Control;

namespace Overlay.Diagnosis.Dump;

/// <summary>Puts the pieces of a capture's answer together, which come in parts of any length.</summary>
internal sealed class CapturePieces
{
    private readonly ArrayBufferWriter<byte> _pending = new();

    /// <summary>Takes a part of the answer.</summary>
    /// <param name="part">As it has come.</param>
    /// <param name="take">Gets each piece that is whole; borrowed until it returns.</param>
    /// <exception cref="ControlProtocolException">It cannot be a capture's answer.</exception>
    internal void Take(ReadOnlyMemory<byte> part, Action<CapturePartKind, ReadOnlyMemory<byte>> take)
    {
        _pending.Write(part.Span);
        ReadOnlyMemory<byte> bytes = _pending.WrittenMemory;
        while (CapturePart.TryTake(ref bytes, out CapturePartKind kind, out ReadOnlyMemory<byte> piece))
        {
            take(kind, piece);
        }

        byte[] rest = bytes.ToArray();
        _pending.ResetWrittenCount();
        _pending.Write(rest);
    }
}
