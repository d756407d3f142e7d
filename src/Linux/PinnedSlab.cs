using System;
using System.Runtime.InteropServices;

namespace Overlay.Linux;

/// <summary>
/// Packet memory outside the managed heap: cache-line aligned, never moved, committed page by page on first use.
/// </summary>
public sealed unsafe class PinnedSlab : IDisposable
{
    // 64 bytes is a cache line on x86-64 and on nearly every arm64; a wrong guess costs speed, not correctness.
    private const int Alignment = 64;

    private byte* _start;

    /// <summary>Allocates one slab. Its content is undefined.</summary>
    /// <param name="lengthBytes">More than 0.</param>
    public PinnedSlab(int lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(lengthBytes);
        LengthBytes = lengthBytes;
        _start = (byte*)NativeMemory.AlignedAlloc((nuint)lengthBytes, Alignment);
    }

    /// <summary>Frees what nobody disposed.</summary>
    ~PinnedSlab() => Free();

    /// <summary>The slab's size in bytes; 0 after <see cref="Dispose"/>.</summary>
    public int LengthBytes { get; private set; }

    /// <summary>A range of the slab.</summary>
    /// <remarks>Borrowed: it must not be used after <see cref="Dispose"/>. The owner joins its threads first.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie inside the slab.</exception>
    public Span<byte> Slice(int offset, int lengthBytes) =>
        // Safe because PointerTo has checked that so many bytes follow inside the allocation.
        new(PointerTo(offset, lengthBytes), lengthBytes);

    /// <summary>The address of a range of the slab, for a system call.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie inside the slab.</exception>
    internal byte* PointerTo(int offset, int lengthBytes)
    {
        if ((uint)offset > (uint)LengthBytes || (uint)lengthBytes > (uint)(LengthBytes - offset))
        {
            ThrowOutside(offset, lengthBytes);
        }

        // Safe because offset + lengthBytes <= LengthBytes, the size of the allocation, which is 0 once it is freed.
        return _start + offset;
    }

    /// <summary>The reverse of <see cref="PointerTo"/>.</summary>
    internal int OffsetOf(byte* pointer) => checked((int)(pointer - _start));

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    // Apart, so that the check alone is inlined where packets are.
    private void ThrowOutside(int offset, int lengthBytes) => throw new ArgumentOutOfRangeException(
        nameof(offset), $"{offset}+{lengthBytes} is outside a slab of {LengthBytes} bytes");

    private void Free()
    {
        // Safe because _start is either null or the pointer AlignedAlloc returned, and is freed once.
        NativeMemory.AlignedFree(_start);
        _start = null;
        LengthBytes = 0;
    }
}
