using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Overlay.Linux;

/// <summary>A network namespace of this machine, by a file that stands for it.</summary>
/// <param name="Path"><c>/run/netns/NAME</c> (ip-netns(8)) or <c>/proc/PID/ns/net</c>.</param>
/// <param name="Number">The number of its file in nsfs: no two namespaces have the same.</param>
public readonly record struct NamespaceFile(string Path, ulong Number);

/// <summary>The network namespaces that can be found from here (network_namespaces(7)).</summary>
public static class NetworkNamespaces
{
    private const string Names = "/run/netns";
    private const string Own = "/proc/thread-self/ns/net";

    /// <summary>That of the calling thread.</summary>
    /// <exception cref="LinuxException">procfs is not mounted on /proc.</exception>
    public static NamespaceFile Current() => Find(Own)
        ?? throw new LinuxException("statx", Errno.ENOENT, $"could not look at {Own}", "mount procfs on /proc");

    /// <summary>The namespace that a file stands for.</summary>
    /// <returns>Null when there is none, or it may not be looked at.</returns>
    public static NamespaceFile? Find(string path) =>
        FileNode.IdentityOf(path) is { } identity ? new NamespaceFile(path, identity.Number) : null;

    /// <summary>Those that have a name, then those that processes are in, each once.</summary>
    /// <param name="most">After so many the search ends.</param>
    public static IReadOnlyList<NamespaceFile> List(int most) =>
    [
        .. Files(Names).Order(StringComparer.Ordinal)
            .Concat(Processes().Select(process => $"/proc/{process}/ns/net"))
            .Select(Find)
            .OfType<NamespaceFile>()
            .DistinctBy(file => file.Number)
            .Take(most),
    ];

    private static IEnumerable<string> Files(string directory) =>
        Directory.Exists(directory) ? Directory.EnumerateFiles(directory) : [];

    private static IEnumerable<int> Processes() => Directory.EnumerateDirectories("/proc")
        .Select(path => int.TryParse(
            Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? id : 0)
        .Where(id => id > 0)
        .Order();
}
