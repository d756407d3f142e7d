using System;
using System.Globalization;
using System.IO;
using System.Text;

namespace Overlay.Linux;

/// <summary>
/// On which processors the kernel goes on with what an interface has received (RPS;
/// Documentation/networking/scaling.rst).
/// </summary>
public static class ReceivePacketSteering
{
    private const string DefaultMaskFile = "/proc/sys/net/core/rps_default_mask";
    private const int BitsPerWord = 32;

    /// <summary>
    /// Interfaces made from now on in the calling thread's network namespace spread what they receive over all
    /// processors, each flow on one.
    /// </summary>
    /// <returns>
    /// Whether it is so: not before Linux 6.3, where the file is of the first namespace alone or missing, and not where
    /// procfs is read-only.
    /// </returns>
    public static bool SpreadNewInterfaces()
    {
        try
        {
            using var file = new FileStream(DefaultMaskFile, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
            file.Write(Encoding.ASCII.GetBytes(MaskOf(ProcessorCount.ReadPossible())));
            return true;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or LinuxException)
        {
            return false;
        }
    }

    /// <summary>The first processors as the kernel reads a set: words of 32 bits in hexadecimal, highest first
    /// (lib/bitmap-str.c).</summary>
    /// <param name="processors">At least 1.</param>
    internal static string MaskOf(int processors)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(processors, 1);
        int whole = processors / BitsPerWord;
        uint rest = (1u << (processors % BitsPerWord)) - 1;
        var mask = new StringBuilder();
        if (rest != 0)
        {
            mask.Append(rest.ToString("x", CultureInfo.InvariantCulture));
        }

        for (int i = 0; i < whole; i++)
        {
            mask.Append(mask.Length == 0 ? "" : ",").Append("ffffffff");
        }

        return mask.ToString();
    }
}
