using System;
using System.Globalization;
using System.IO;
using Overlay.Lab;
using Xunit;

namespace Overlay.Netns.Tests.Support;

/// <summary>A file system of a few kilobytes (tmpfs(5)), which is full soon.</summary>
internal sealed class SmallDisk : IDisposable
{
    internal SmallDisk(int kilobytes)
    {
        Prerequisites.Require();
        Path = Directory.CreateTempSubdirectory($"overlay-t{Environment.ProcessId}-disk").FullName;
        string size = kilobytes.ToString(CultureInfo.InvariantCulture);
        CommandResult mounted = ChildCommand.Run(["mount", "-t", "tmpfs", "-o", $"size={size}k", "tmpfs", Path]);
        Assert.True(mounted.Succeeded, mounted.Error);
    }

    /// <summary>Where it is.</summary>
    internal string Path { get; }

    public void Dispose()
    {
        CommandResult unmounted = ChildCommand.Run(["umount", Path]);
        Directory.Delete(Path);
        Assert.True(unmounted.Succeeded, unmounted.Error);
    }
}
