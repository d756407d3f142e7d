using System;
using System.IO;

namespace Overlay.Lease.Tests;

/// <summary>A directory of its own for one test, removed with everything in it.</summary>
internal sealed class TestDirectory : IDisposable
{
    private const string MemoryFileSystem = "/dev/shm";

    internal string Root { get; } = Create();

    internal string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    internal string Write(string text, params string[] parts)
    {
        string path = PathOf(parts);
        Directory.CreateDirectory(Path.GetDirectoryName(path) ?? Root);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    // Files in memory where there is room: 65,535 of them take a second to make there, and up to a minute on a busy
    // disk.
    private static string Create()
    {
        const long Room = 1L << 30; // a page a file, several times over
        bool hasRoom = Directory.Exists(MemoryFileSystem) && new DriveInfo(MemoryFileSystem).AvailableFreeSpace > Room;
        return hasRoom
            ? Directory.CreateDirectory(
                Path.Combine(MemoryFileSystem, $"overlay-lease-{Environment.ProcessId}-{Guid.NewGuid():N}")).FullName
            : Directory.CreateTempSubdirectory("overlay-lease-").FullName;
    }
}
