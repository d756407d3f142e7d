using System;
using System.IO;
using System.Linq;

namespace Overlay.Lease.Stores;

/// <summary>A file or directory of a lease directory, and what a call must be allowed there.</summary>
/// <param name="Path">Its full name.</param>
/// <param name="IsDirectory">Whether it is one.</param>
/// <param name="User">Its owner.</param>
/// <param name="Group">Its group.</param>
/// <param name="Mode">Its permissions.</param>
/// <param name="Needed">What a call does there.</param>
internal sealed record StoreNode(
    string Path, bool IsDirectory, uint User, uint Group, UnixFileMode Mode, NodeRights Needed)
{
    /// <summary>Whether only the owner of a file in it, its own and root may remove or replace that file.</summary>
    internal bool IsSticky => IsDirectory && Mode.HasFlag(UnixFileMode.StickyBit);

    /// <summary>What of the needed rights its mode does not give. The first class that fits decides, even where
    /// another one may do more: path_resolution(7).</summary>
    internal NodeRights Lacking(ProcessIdentity who) =>
        who.User == User ? Lacking(6) : who.Groups.Contains(Group) ? LackingOfGroup : Lacking(0);

    /// <summary>The same for a member of its group who is not its owner.</summary>
    internal NodeRights LackingOfGroup => Lacking(3);

    private NodeRights Lacking(int shift) => Needed & ~(NodeRights)(((int)Mode >> shift) & 7);
}

/// <summary>The bits of one class in a mode.</summary>
[Flags]
internal enum NodeRights
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Of a directory: to reach what is in it.</summary>
    Enter = 1,

    /// <summary>To change the content, of a directory: what is in it.</summary>
    Write = 2,

    /// <summary>To read the content, of a directory: the names.</summary>
    Read = 4,
}
