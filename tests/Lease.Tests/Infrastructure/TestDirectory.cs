using System;
using System.IO;

namespace Overlay.Lease.Tests;

/// <summary>A directory of its own for one test, removed with everything in it.</summary>
internal sealed class TestDirectory : IDisposable
{
    internal string Root { get; } = Directory.CreateTempSubdirectory("overlay-lease-").FullName;

    internal string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    internal string Write(string text, params string[] parts)
    {
        string path = PathOf(parts);
        Directory.CreateDirectory(Path.GetDirectoryName(path) ?? Root);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
