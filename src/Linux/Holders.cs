using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Overlay.Linux;

/// <summary>
/// Which processes hold something of the kernel's, as far as /proc tells: root sees all, others their own. For messages
/// alone: a process may have ended by now.
/// </summary>
public static class Holders
{
    private const string TunNode = "/dev/net/tun";
    private const int LocalAddressField = 1; // proc_net_udp, "sl local_address rem_address st …"
    private const int InodeField = 9;

    /// <summary>Who has a UDP port in the calling thread's network namespace.</summary>
    /// <returns>For a message: <c>12 (flanneld)</c>; null when nobody is seen.</returns>
    public static string? OfUdpPort(ushort port)
    {
        string suffix = string.Create(CultureInfo.InvariantCulture, $":{port:X4}");
        HashSet<string> sockets = [];
        foreach (string table in (string[])["/proc/thread-self/net/udp", "/proc/thread-self/net/udp6"])
        {
            foreach (string line in ReadLines(table).Skip(1))
            {
                string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields.Length > InodeField
                    && fields[LocalAddressField].EndsWith(suffix, StringComparison.Ordinal))
                {
                    sockets.Add($"socket:[{fields[InodeField]}]");
                }
            }
        }

        return sockets.Count == 0 ? null : Find((_, file) => sockets.Contains(file));
    }

    /// <summary>Who has a TUN interface of this process's network namespace open.</summary>
    /// <param name="name">The interface.</param>
    /// <returns>As <see cref="OfUdpPort"/>.</returns>
    public static string? OfTun(string name)
    {
        string? here = NamespaceOf("/proc/self");
        return Find((descriptor, file) => file == TunNode
            && NamespaceOf(Path.GetFullPath(Path.Combine(descriptor, "..", ".."))) == here
            && ReadLines(descriptor.Replace("/fd/", "/fdinfo/", StringComparison.Ordinal)).Any(
                line => line.StartsWith("iff:", StringComparison.Ordinal) && line[4..].Trim() == name));
    }

    /// <summary>Who has a file open.</summary>
    /// <param name="path">Absolute, without links.</param>
    /// <returns>As <see cref="OfUdpPort"/>.</returns>
    public static string? OfFile(string path) => Find((_, file) => file == path);

    private static string? Find(Func<string, string, bool> isHeldBy)
    {
        foreach (string process in Directory.EnumerateDirectories("/proc"))
        {
            if (!char.IsAsciiDigit(Path.GetFileName(process)[0]))
            {
                continue;
            }

            try
            {
                if (Directory.EnumerateFiles(Path.Combine(process, "fd")).Any(
                    descriptor => new FileInfo(descriptor).LinkTarget is { } file && isHeldBy(descriptor, file)))
                {
                    return $"{Path.GetFileName(process)} ({File.ReadAllText(Path.Combine(process, "comm")).Trim()})";
                }
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                // It has ended, or is nobody's that this user may look at.
            }
        }

        return null;
    }

    private static IReadOnlyList<string> ReadLines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string? NamespaceOf(string process) => new FileInfo($"{process}/ns/net").LinkTarget;
}
