using System;
using System.Globalization;
using System.IO;
using Overlay.Lab;

namespace Overlay.Bench.Variants;

/// <summary>What an interface has received, as /proc/net/dev says it inside a namespace.</summary>
internal static class LinkBytes
{
    /// <summary>Bytes received.</summary>
    /// <exception cref="LabException">There is no such interface.</exception>
    internal static long Received(string networkNamespace, string interfaceName)
    {
        string[] lines = LabNamespace.Run(networkNamespace, () => File.ReadAllLines("/proc/thread-self/net/dev"));
        foreach (string line in lines)
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0 && line.AsSpan(0, colon).Trim().SequenceEqual(interfaceName))
            {
                string first = line[(colon + 1)..].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[0];
                return long.Parse(first, CultureInfo.InvariantCulture);
            }
        }

        throw new LabException($"{networkNamespace} has no interface {interfaceName}");
    }
}
