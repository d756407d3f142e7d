using System;
using System.Runtime.CompilerServices;

namespace Overlay.Linux;

/// <summary>The check of an index where packets are: inlined, and what throws is apart.</summary>
public static class Bounds
{
    /// <summary>Refuses an index that is not 0 to <paramref name="count"/> - 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Check(int index, int count)
    {
        if ((uint)index >= (uint)count)
        {
            ThrowOutside(index, count);
        }
    }

    private static void ThrowOutside(int index, int count) =>
        throw new ArgumentOutOfRangeException(nameof(index), $"{index} is not one of {count}");
}
