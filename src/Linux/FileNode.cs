using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>
/// What stands at a path, without opening it: to open a pipe may wait, and to open a device may do anything.
/// </summary>
public static unsafe class FileNode
{
    private static uint Access =>
        LibC.STATX_MODE | LibC.STATX_TYPE | LibC.STATX_UID | LibC.STATX_GID | LibC.STATX_NLINK;

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
    /// <returns>The ids of its user and its group; null when it may not be looked at or is not there.</returns>
    public static (uint User, uint Group)? OwnersOf(string path) =>
        TryStat(path, LibC.STATX_UID | LibC.STATX_GID, out statx node) ? (node.stx_uid, node.stx_gid) : null;

    /// <summary>Which file it is; symbolic links are followed, those of procfs to namespaces too.</summary>
    /// <returns>Its device and its number there; null when it may not be looked at or is not there.</returns>
    public static (uint Major, uint Minor, ulong Number)? IdentityOf(string path) =>
        TryStat(path, LibC.STATX_INO, out statx node)
            ? (node.stx_dev_major, node.stx_dev_minor, node.stx_ino)
            : null;

    /// <summary>Whether an open file is what stands at a path now; symbolic links are followed.</summary>
    /// <returns>False when another file is there, or none; true also when the open one cannot be asked.</returns>
    public static bool IsAt(SafeFileHandle file, string path)
    {
        uint identity = LibC.STATX_INO; // the device is always given: statx(2)
        bool isHeld = false;
        try
        {
            file.DangerousAddRef(ref isHeld); // throws, or sets the flag
            return !TryStat((int)file.DangerousGetHandle(), identity, out statx opened)
                || (TryStat(path, identity, out statx found)
                    && (opened.stx_ino, opened.stx_dev_major, opened.stx_dev_minor)
                        == (found.stx_ino, found.stx_dev_major, found.stx_dev_minor));
        }
        finally
        {
            if (isHeld)
            {
                file.DangerousRelease();
            }
        }
    }

    /// <summary>
    /// Opens a file or directory of ours to the group of a directory: its group, what its owner may, and the
    /// set-group-ID bit of a directory. Where the kernel refuses that group, everything stays as it is: the group that
    /// the file has instead is not the one it is shared with.
    /// </summary>
    /// <remarks>
    /// Others may put things of their choice into a directory they share. So only what belongs to this process's user
    /// is changed, by a descriptor that followed no link, and no file that has a second name elsewhere.
    /// </remarks>
    /// <param name="path">What is opened.</param>
    /// <param name="directory">Whose group it is opened to.</param>
    public static void ShareWithGroup(string path, string directory)
    {
        if (!TryStat(directory, Access, out statx model)
            || !TryStat(path, Access, out statx seen, LibC.AT_SYMLINK_NOFOLLOW)
            || !IsOurs(seen)
            || (seen.stx_gid == model.stx_gid && PermissionsOf(seen) == SharedPermissions(seen, model)))
        {
            return;
        }

        using var owner = new SafeFd();
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

        owner.Adopt(descriptor);
        using SafeFd.Held held = owner.Hold();
        if (!TryStat(held.Number, Access, out statx node) || !IsOurs(node))
        {
            return; // another one than was seen
        }

        const uint SameOwner = uint.MaxValue; // -1: chown(2)
        if (node.stx_gid == model.stx_gid || LibC.fchown(held.Number, SameOwner, model.stx_gid) >= 0)
        {
            _ = LibC.fchmod(held.Number, (ushort)SharedPermissions(node, model));
        }
    }

    // A set-ID bit belongs to the group that the file has, and no file of ours bears one.
    private static bool IsOurs(in statx node)
    {
        bool isPlainFile = (node.stx_mode & LibC.S_IFMT) == LibC.S_IFREG
            && node.stx_nlink == 1
            && (node.stx_mode & (LibC.S_ISUID | LibC.S_ISGID)) == 0;
        return node.stx_uid == LibC.geteuid() && (IsDirectory(node) || isPlainFile);
    }

    private static bool IsDirectory(in statx node) => (node.stx_mode & LibC.S_IFMT) == LibC.S_IFDIR;

    private static uint PermissionsOf(in statx node) => (uint)(node.stx_mode & ~LibC.S_IFMT);

    private static uint SharedPermissions(in statx node, in statx model)
    {
        uint owners = (uint)(node.stx_mode & LibC.S_IRWXU);
        uint inherited = IsDirectory(node) ? (uint)(model.stx_mode & LibC.S_ISGID) : 0;
        return PermissionsOf(node) | (owners >> 3) | inherited;
    }

    private static bool TryStat(string path, uint what, out statx node, int flags = 0)
    {
        fixed (byte* start = CString.From(path))
        fixed (statx* into = &node)
        {
            // Safe because statx reads a name that ends with a zero byte, and writes exactly one struct statx, which
            // this is.
            return LibC.statx(LibC.AT_FDCWD, start, flags, what, into) >= 0;
        }
    }

    private static bool TryStat(int descriptor, uint what, out statx node)
    {
        byte noName = 0;
        fixed (statx* into = &node)
        {
            // Safe because statx reads a name that is one zero byte, and writes exactly one struct statx, which this
            // is.
            return LibC.statx(descriptor, &noName, LibC.AT_EMPTY_PATH, what, into) >= 0;
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
