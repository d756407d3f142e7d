using Microsoft.Win32.SafeHandles;
using Overlay.Lease.Stores;
using Overlay.Linux;

namespace Overlay.Operator.Stores;

/// <summary>Asks the kernel.</summary>
internal sealed class FileNodes : IFileNodes
{
    public (uint User, uint Group)? OwnersOf(string path) => FileNode.OwnersOf(path);

    public bool IsAt(SafeFileHandle file, string path) => FileNode.IsAt(file, path);

    public void ShareWithGroup(string path, string directory) => FileNode.ShareWithGroup(path, directory);
}
