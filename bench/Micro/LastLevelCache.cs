using System;
using System.Globalization;
using System.IO;

namespace Overlay.Micro;

/// <summary>How much memory is more than the processor's caches hold.</summary>
internal static class LastLevelCache
{
    private const string Size = "/sys/devices/system/cpu/cpu0/cache/index3/size";
    private const long SmallestWorkingSetBytes = 256L << 20;
    private const long LargestWorkingSetBytes = 1L << 30;

    /// <summary>Twice the last-level cache, 256 MB to 1 GB; never more than an eighth of the memory there is.</summary>
    internal static int FarBeyondBytes
    {
        get
        {
            long bytes = Math.Clamp(2 * Bytes(), SmallestWorkingSetBytes, LargestWorkingSetBytes);
            return (int)Math.Min(bytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8);
        }
    }

    // "491520K"; 0 where the kernel does not say.
    private static long Bytes() => File.Exists(Size)
        && long.TryParse(
            File.ReadAllText(Size).AsSpan().TrimEnd("K\n"), NumberStyles.None, CultureInfo.InvariantCulture,
            out long kilobytes)
            ? kilobytes << 10
            : 0;
}
