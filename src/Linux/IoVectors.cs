using System;
using System.Runtime.CompilerServices;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>
/// A gather list: pieces of one slab that a system call takes as one packet, in order (struct iovec, sys/uio.h).
/// </summary>
/// <remarks>Owned by one thread. The pieces are borrowed from the slab, which outlives the list.</remarks>
public sealed unsafe class IoVectors : IDisposable
{
    private readonly PinnedSlab _slab;
    private readonly NativeArray<iovec> _vectors;

    /// <summary>Allocates room once.</summary>
    /// <param name="slab">Where all pieces lie.</param>
    /// <param name="capacity">Pieces, 1 to 1,024, the kernel's limit for one call (UIO_MAXIOV, linux/uio.h).</param>
    public IoVectors(PinnedSlab slab, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, 1024);
        _slab = slab;
        Capacity = capacity;
        _vectors = new NativeArray<iovec>(capacity);
    }

    /// <summary>Pieces it can hold.</summary>
    public int Capacity { get; }

    /// <summary>Pieces it holds.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of all pieces together.</summary>
    public int TotalBytes { get; private set; }

    /// <summary>For writev(2): the filled vectors.</summary>
    internal iovec* Start => _vectors.PointerTo(0, Count);

    /// <summary>For a message that begins with the next piece.</summary>
    internal iovec* Next => _vectors.PointerTo(Count, 0);

    /// <summary>Piece <paramref name="index"/>.</summary>
    public Span<byte> this[int index]
    {
        get
        {
            Bounds.Check(index, Count);

            // Safe because Add has taken base and length from a range inside the slab.
            ref iovec piece = ref _vectors[index];
            return new Span<byte>(piece.iov_base, (int)piece.iov_len);
        }
    }

    /// <summary>Where piece <paramref name="index"/> lies, in bytes from the slab's start, and its length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal (int Offset, int LengthBytes) RangeOf(int index)
    {
        Bounds.Check(index, Count);

        ref iovec piece = ref _vectors[index];
        return (_slab.OffsetOf((byte*)piece.iov_base), (int)piece.iov_len);
    }

    /// <summary>Bytes of those pieces that begin in one part of the slab.</summary>
    /// <param name="start">In bytes from the slab's start.</param>
    /// <param name="lengthBytes">Of the part.</param>
    public int BytesIn(int start, int lengthBytes) => BytesIn(0, Count, start, lengthBytes);

    /// <summary>As <see cref="BytesIn(int, int)"/>, of some pieces in a row.</summary>
    internal int BytesIn(int first, int count, int start, int lengthBytes)
    {
        int sum = 0;
        for (int i = first; i < first + count; i++)
        {
            (int offset, int pieceBytes) = RangeOf(i);
            sum += (uint)(offset - start) < (uint)lengthBytes ? pieceBytes : 0;
        }

        return sum;
    }

    /// <summary>Empties the list.</summary>
    public void Clear() => Count = TotalBytes = 0;

    /// <summary>Appends a piece.</summary>
    /// <param name="offset">In bytes from the slab's start.</param>
    /// <param name="lengthBytes">0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The piece does not lie inside the slab, or the list is
    /// full.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int offset, int lengthBytes)
    {
        // Safe because PointerTo has checked the range against the slab, and the array its own bounds.
        _vectors[Count] = new iovec { iov_base = _slab.PointerTo(offset, lengthBytes), iov_len = lengthBytes };
        Count++; // after the check: a piece that is refused must not leave the kernel an older one's address
        TotalBytes += lengthBytes;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _vectors.Dispose();
        Count = TotalBytes = 0;
    }
}
