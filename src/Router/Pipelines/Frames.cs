using System;
using System.Buffers;
using System.Runtime.InteropServices;
using Overlay.Linux;
using Overlay.Net;

namespace Overlay.Router.Pipelines;

/// <summary>The frames that one read of a <see cref="FramePipe"/> found, for one <c>foreach</c>.</summary>
internal struct Frames(SlabPool pool, ReadOnlySequence<byte> bytes)
{
    private ReadOnlySequence<byte>.Enumerator _pieces = bytes.GetEnumerator();
    private int _next;
    private int _end;

    /// <summary>The frame that <see cref="MoveNext"/> went to.</summary>
    public Frame Current { get; private set; }

    /// <summary>The end of the memory that the pipe takes back when the frames are released.</summary>
    internal readonly SequencePosition End => bytes.End;

    /// <summary>An enumerator that begins at the first frame.</summary>
    public readonly Frames GetEnumerator() => this;

    /// <summary>Goes to the next frame.</summary>
    /// <returns>False after the last one.</returns>
    public bool MoveNext()
    {
        // A piece is empty when a slab was reserved for a frame that did not come.
        while (_next == _end)
        {
            if (!_pieces.MoveNext())
            {
                return false;
            }

            ReadOnlyMemory<byte> piece = _pieces.Current;
            _next = pool.OffsetOf(piece);
            _end = _next + piece.Length;
        }

        FrameHead head = MemoryMarshal.Read<FrameHead>(pool.Region.Slice(_next, FramePipe.HeadBytes));
        Current = new Frame(_next + FramePipe.HeadBytes, head);
        _next += head.StrideBytes;
        return true;
    }
}

/// <summary>A frame that waits in a pipe.</summary>
/// <param name="Offset">Where its bytes begin, from the region's start; its head ends there.</param>
/// <param name="Head">As it was committed.</param>
internal readonly record struct Frame(int Offset, FrameHead Head);

/// <summary>What stands before a frame in a <see cref="FramePipe"/>.</summary>
/// <param name="Bytes">The frame's length without its head.</param>
/// <param name="Source">A message's sender.</param>
/// <param name="SegmentBytes">Length of each datagram of a train but the last; 0 when the frame is one packet.</param>
internal readonly record struct FrameHead(int Bytes, Ipv4Address Source = default, int SegmentBytes = 0)
{
    /// <summary>Bytes from this head to the next, which begins on a cache line.</summary>
    internal int StrideBytes => FramePipe.HeadBytes + ((Bytes + FramePipe.HeadBytes - 1) & -FramePipe.HeadBytes);
}
