using System.Runtime.InteropServices;

namespace Overlay.Linux.Interop;

/// <summary>sys/stat.h: statx(2), whose struct is the same on every architecture, as struct stat's is not.</summary>
internal static unsafe partial class Native
{
    internal const int AT_FDCWD = -100;

    internal const uint STATX_TYPE = 1;

    internal const ushort S_IFMT = 0xF000;
    internal const ushort S_IFREG = 0x8000;
    internal const ushort S_IFDIR = 0x4000;
    internal const ushort S_IFSOCK = 0xC000;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int statx(int dirfd, string pathname, int flags, uint mask, statx* statxbuf);
}

/// <summary>struct statx, linux/stat.h: 256 bytes, of which the kind of file is read.</summary>
[StructLayout(LayoutKind.Sequential, Size = 256)]
internal struct statx
{
    internal uint stx_mask;
    internal uint stx_blksize;
    internal ulong stx_attributes;
    internal uint stx_nlink;
    internal uint stx_uid;
    internal uint stx_gid;
    internal ushort stx_mode;
}
