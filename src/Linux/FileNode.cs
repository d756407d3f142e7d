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
        statx node = default;
        fixed (byte* start = CString.From(path))
        {
            // Safe because statx writes exactly one struct statx, and this is one.
            if (LibC.statx(LibC.AT_FDCWD, start, 0, LibC.STATX_TYPE, &node) < 0)
            {
                return FileNodeKind.None;
            }
        }

        mode_t type = node.stx_mode & LibC.S_IFMT;
        return type == LibC.S_IFREG ? FileNodeKind.Regular
            : type == LibC.S_IFDIR ? FileNodeKind.Directory
            : type == LibC.S_IFSOCK ? FileNodeKind.Socket
            : FileNodeKind.Other;
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
