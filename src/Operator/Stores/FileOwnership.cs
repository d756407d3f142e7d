using System.IO;
using Overlay.Lease.Stores;
using Overlay.Linux;

namespace Overlay.Operator.Stores;

/// <summary>Asks the kernel.</summary>
internal sealed class FileOwnership : IFileOwnership
{
    public uint? OwnerOf(string path) => FileNode.OwnerOf(path);

    public void ShareWithGroup(string path, string directory, UnixFileMode more = UnixFileMode.None) =>
        FileNode.ShareWithGroup(path, directory, more);
}
