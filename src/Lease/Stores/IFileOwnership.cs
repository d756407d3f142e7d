using System.IO;

namespace Overlay.Lease.Stores;

/// <summary>What the base library does not say of files: whose they are.</summary>
public interface IFileOwnership
{
    /// <summary>Whose a file or directory is.</summary>
    /// <returns>A user id; null when that cannot be found out.</returns>
    uint? OwnerOf(string path);

    /// <summary>
    /// Opens a file or directory of ours to the group of the directory it is in: its group, what its owner may, and the
    /// set-group-ID bit of a directory. What is another user's, a link, or refused by the kernel stays as it is.
    /// </summary>
    /// <param name="path">What is opened.</param>
    /// <param name="directory">Whose group it is opened to.</param>
    /// <param name="more">What else may be done with it.</param>
    void ShareWithGroup(string path, string directory, UnixFileMode more = UnixFileMode.None);
}
