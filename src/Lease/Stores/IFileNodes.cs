using Microsoft.Win32.SafeHandles;

namespace Overlay.Lease.Stores;

/// <summary>What the base library does not say of files: whose they are, and which of them is at a path.</summary>
public interface IFileNodes
{
    /// <summary>Whose a file or directory is.</summary>
    /// <returns>The ids of its user and its group; null when that cannot be found out.</returns>
    (uint User, uint Group)? OwnersOf(string path);

    /// <summary>Whether an open file is the one at a path now.</summary>
    /// <returns>False also when that cannot be found out.</returns>
    bool IsAt(SafeFileHandle file, string path);

    /// <summary>
    /// Opens a file or directory of ours to the group of the directory it is in: its group, what its owner may, and the
    /// set-group-ID bit of a directory. What is another user's, a link, or refused by the kernel stays as it is.
    /// </summary>
    /// <param name="path">What is opened.</param>
    /// <param name="directory">Whose group it is opened to.</param>
    void ShareWithGroup(string path, string directory);
}
