using System.IO;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>
/// What stands at a path, without opening it: to open a pipe may wait, and to open a device may do anything.
/// </summary>
public static unsafe class FileNode
{
    /// <summary>Asks statx(2); symbolic links are followed.</summary>
    /// <returns>A link that leads nowhere, and what may not be looked at, is <see cref="FileNodeKind.None"/> too:
    /// whoever then opens it is told why it cannot be.</returns>
    public static FileNodeKind KindOf(string path)
    {
        if (!TryStat(path, LibC.STATX_TYPE, out statx node))
        {
            return FileNodeKind.None;
        }

        mode_t type = node.stx_mode & LibC.S_IFMT;
        return type == LibC.S_IFREG ? FileNodeKind.Regular
            : type == LibC.S_IFDIR ? FileNodeKind.Directory
            : type == LibC.S_IFSOCK ? FileNodeKind.Socket
            : FileNodeKind.Other;
    }

    /// <summary>Whose it is; symbolic links are followed.</summary>
    /// <returns>A user id; null when it may not be looked at or is not there.</returns>
    public static uint? OwnerOf(string path) =>
        TryStat(path, LibC.STATX_UID, out statx node) ? node.stx_uid : null;

    /// <summary>
    /// Opens a file or directory of ours to the group of a directory: its group, what its owner may, and the
    /// set-group-ID bit of a directory. What the kernel refuses stays as it is.
    /// </summary>
    /// <remarks>
    /// Others may put things of their choice into a directory they share. So only what belongs to this process's user
    /// is changed, by a descriptor that followed no link, and no file that has a second name elsewhere.
    /// </remarks>
    /// <param name="path">What is opened.</param>
    /// <param name="directory">Whose group it is opened to.</param>
    /// <param name="more">What else may be done with it.</param>
    public static void ShareWithGroup(string path, string directory, UnixFileMode more = UnixFileMode.None)
    {
        uint wanted = LibC.STATX_MODE | LibC.STATX_TYPE | LibC.STATX_UID | LibC.STATX_GID | LibC.STATX_NLINK;
        if (!TryStat(directory, wanted, out statx model))
        {
            return;
        }

        int descriptor;
        fixed (byte* start = CString.From(path))
        {
            // Safe because open only reads a name that ends with a zero byte.
            descriptor = LibC.open(start, LibC.O_RDONLY | LibC.O_NOFOLLOW | LibC.O_NONBLOCK | LibC.O_CLOEXEC);
        }

        if (descriptor < 0)
        {
            return;
        }

        byte nothing = 0;
        statx node = default;

        // Safe because statx reads a name that is one zero byte, and writes exactly one struct statx, which this is.
        if (LibC.statx(descriptor, &nothing, LibC.AT_EMPTY_PATH, wanted, &node) >= 0 && node.stx_uid == LibC.geteuid())
        {
            mode_t type = node.stx_mode & LibC.S_IFMT;
            bool isDirectory = type == LibC.S_IFDIR;
            if (isDirectory || (type == LibC.S_IFREG && node.stx_nlink == 1))
            {
                uint bits = (uint)(node.stx_mode & ~LibC.S_IFMT), owners = (uint)(node.stx_mode & LibC.S_IRWXU);
                uint inherited = isDirectory ? (uint)(model.stx_mode & LibC.S_ISGID) : 0;
                bits |= (owners >> 3) | inherited | (uint)more; // UnixFileMode has the kernel's values
                _ = LibC.fchown(descriptor, uint.MaxValue, model.stx_gid); // -1: the owner stays
                _ = LibC.fchmod(descriptor, (ushort)bits);
            }
        }

        _ = LibC.close(descriptor);
    }

    private static bool TryStat(string path, uint what, out statx node)
    {
        fixed (byte* start = CString.From(path))
        fixed (statx* into = &node)
        {
            // Safe because statx writes exactly one struct statx, and this is one.
            return LibC.statx(LibC.AT_FDCWD, start, 0, what, into) >= 0;
        }
    }
}

/// <summary>The kinds of file that are told apart.</summary>
public enum FileNodeKind
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>A file with content of its own.</summary>
    Regular,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A unix socket's name.</summary>
    Socket,

    /// <summary>A device or a pipe.</summary>
    Other,
}
