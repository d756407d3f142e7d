using System;
using System.Diagnostics;
using System.Runtime.CompilerServices;
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

    /// <summary>Allocates one slab. Its content is undefined, and no zeros in a Debug build.</summary>
    /// <param name="lengthBytes">More than 0.</param>
    public PinnedSlab(int lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(lengthBytes);
        LengthBytes = lengthBytes;
        _start = (byte*)NativeMemory.AlignedAlloc((nuint)lengthBytes, Alignment);
        GiveBack(0, lengthBytes);
    }

    /// <summary>Frees what nobody disposed.</summary>
    ~PinnedSlab() => Free();

    /// <summary>The slab's size in bytes; 0 after <see cref="Dispose"/>.</summary>
    public int LengthBytes { get; private set; }

    /// <summary>A range of the slab.</summary>
    /// <remarks>Borrowed: it must not be used after <see cref="Dispose"/>. The owner joins its threads first.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie inside the slab.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Slice(int offset, int lengthBytes) =>
        // Safe because PointerTo has checked that so many bytes follow inside the allocation.
        new(PointerTo(offset, lengthBytes), lengthBytes);

    /// <summary>
    /// Says that nobody borrows a range of the slab any more. In a Debug build it is filled with 0xDB, so that whoever
    /// has kept a span of it notices; otherwise this is no call at all.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie inside the slab.</exception>
    [Conditional("DEBUG")]
    public void GiveBack(int offset, int lengthBytes) => Poison.Fill(Slice(offset, lengthBytes));

    /// <summary>The address of a range of the slab, for a system call.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie inside the slab.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
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
    internal int OffsetOf(byte* pointer)
    {
        long offset = pointer - _start;
        Debug.Assert(offset >= 0 && offset <= LengthBytes, "an address is not of this slab, or the slab is freed");
        return (int)offset;
    }

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
        GiveBack(0, LengthBytes);

        // Safe because _start is either null or the pointer AlignedAlloc returned, and is freed once.
        NativeMemory.AlignedFree(_start);
        _start = null;
        LengthBytes = 0;
    }
}
