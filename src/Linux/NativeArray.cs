using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Overlay.Linux;

/// <summary>
/// Structs outside the managed heap, zeroed at first and never moved, whose address a system call is given.
/// </summary>
/// <remarks>Every access is checked, after <see cref="Dispose"/> too.</remarks>
internal sealed unsafe class NativeArray<T> : IDisposable
    where T : unmanaged
{
    private T* _start;

    /// <summary>Allocates once.</summary>
    /// <param name="length">Elements, 1 or more.</param>
    internal NativeArray(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        _start = (T*)NativeMemory.AllocZeroed((nuint)length, (nuint)sizeof(T));
        Length = length;
    }

    /// <summary>Frees what nobody disposed.</summary>
    ~NativeArray() => Free();

    /// <summary>Elements; 0 after <see cref="Dispose"/>.</summary>
    internal int Length { get; private set; }

    /// <summary>Element <paramref name="index"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such element.</exception>
    internal ref T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if ((uint)index >= (uint)Length)
            {
                ThrowOutside(index, 1);
            }

            // Safe because index < Length, the size of the allocation, which is 0 once it is freed.
            return ref _start[index];
        }
    }

    /// <summary>The address of elements in a row, for a system call.</summary>
    /// <param name="index">The first.</param>
    /// <param name="count">How many there must be from there on, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">They are not all in the array.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T* PointerTo(int index, int count)
    {
        if ((uint)index > (uint)Length || (uint)count > (uint)(Length - index))
        {
            ThrowOutside(index, count);
        }

        // Safe because index + count <= Length, as above.
        return _start + index;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    // Apart, so that the check alone is inlined where packets are.
    private void ThrowOutside(int index, int count) => throw new ArgumentOutOfRangeException(
        nameof(index), $"{count} from {index} on are outside an array of {Length}");

    private void Free()
    {
        // Safe because _start is either null or what AllocZeroed returned, and is freed once.
        NativeMemory.Free(_start);
        _start = null;
        Length = 0;
    }
}
