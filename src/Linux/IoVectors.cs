using System;
using System.Runtime.InteropServices;
using Overlay.Linux.Interop;

namespace Overlay.Linux;

/// <summary>A gather list: pieces of one slab that a system call takes as one packet, in order (struct iovec, sys/uio.h).</summary>
/// <remarks>Owned by one thread. The pieces are borrowed from the slab, which outlives the list.</remarks>
public sealed unsafe class IoVectors : IDisposable
{
    private readonly PinnedSlab _slab;
    private iovec* _vectors;

    /// <summary>Allocates room once.</summary>
    /// <param name="slab">Where all pieces lie.</param>
    /// <param name="capacity">Pieces, 1 to 1,024, the kernel's limit for one call (UIO_MAXIOV, linux/uio.h).</param>
    public IoVectors(PinnedSlab slab, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, 1024);
        _slab = slab;
        Capacity = capacity;
        _vectors = (iovec*)NativeMemory.AllocZeroed((nuint)capacity, (nuint)sizeof(iovec));
    }

    /// <summary>Frees what nobody disposed.</summary>
    ~IoVectors() => Free();

    /// <summary>Pieces it can hold.</summary>
    public int Capacity { get; }

    /// <summary>Pieces it holds.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of all pieces together.</summary>
    public int TotalBytes { get; private set; }

    internal iovec* Start => _vectors;

    /// <summary>Piece <paramref name="index"/>.</summary>
    public Span<byte> this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));

            // Safe because Add has taken base and length from a range inside the slab.
            return new Span<byte>(_vectors[index].iov_base, (int)_vectors[index].iov_len);
        }
    }

    /// <summary>Empties the list.</summary>
    public void Clear() => Count = TotalBytes = 0;

    /// <summary>Appends a piece.</summary>
    /// <param name="offset">In bytes from the slab's start.</param>
    /// <param name="lengthBytes">0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The piece does not lie inside the slab, or the list is full.</exception>
    public void Add(int offset, int lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(Count, Capacity, nameof(offset));

        // Safe because Count < Capacity, and PointerTo has checked the range against the slab.
        _vectors[Count] = new iovec { iov_base = _slab.PointerTo(offset, lengthBytes), iov_len = (nuint)lengthBytes };
        Count++; // after the check: a piece that is refused must not leave the kernel an older one's address
        TotalBytes += lengthBytes;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        // Safe because _vectors is either null or what AllocZeroed returned, and is freed once.
        NativeMemory.Free(_vectors);
        _vectors = null;
        Count = TotalBytes = 0;
    }
}
