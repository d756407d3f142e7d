using System;
using System.Runtime.InteropServices;

namespace Overlay.Linux;

/// <summary>Packet memory outside the managed heap: cache-line aligned, never moved, committed page by page on first use.</summary>
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

    /// <summary>The slab's size in bytes.</summary>
    public int LengthBytes { get; }

    /// <summary>A range of the slab.</summary>
    /// <remarks>Borrowed: it must not be used after <see cref="Dispose"/>. The owner joins its threads first.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie inside the slab.</exception>
    public Span<byte> Slice(int offset, int lengthBytes)
    {
        if ((uint)offset > (uint)LengthBytes || (uint)lengthBytes > (uint)(LengthBytes - offset))
        {
            throw new ArgumentOutOfRangeException(nameof(offset), $"{offset}+{lengthBytes} is outside a slab of {LengthBytes} bytes");
        }

        ObjectDisposedException.ThrowIf(_start is null, this);

        // Safe because offset + lengthBytes <= LengthBytes, the size of the allocation, and the slab is not freed yet.
        return new Span<byte>(_start + offset, lengthBytes);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        // Safe because _start is either null or the pointer AlignedAlloc returned, and is freed once.
        NativeMemory.AlignedFree(_start);
        _start = null;
    }
}
