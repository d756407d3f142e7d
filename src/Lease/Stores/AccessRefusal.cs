using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Overlay.Lease.Stores;

/// <summary>
/// Why a process that is not root is refused something in a lease directory, and what gives it: decided by owners,
/// groups and modes alone. A remedy is offered where, by the same rules, the next call passes with it.
/// </summary>
/// <param name="Root">The directory itself.</param>
/// <param name="Others">Of <c>config</c>, <c>.lock</c> and <c>subnets</c> those that can be seen.</param>
/// <param name="Subnets">The name of the directory of leases; null where it cannot be seen.</param>
/// <param name="Who">The process.</param>
internal sealed record AccessRefusal(
    StoreNode Root, IReadOnlyList<StoreNode> Others, string? Subnets, ProcessIdentity Who)
{
    private IEnumerable<StoreNode> Nodes => [Root, .. Others];

    /// <summary>One sentence: what stands there, what may not be done, the remedy.</summary>
    /// <param name="touched">What was being opened, made or written into.</param>
    /// <param name="holdsForeignFile">Whether a file in it belongs to another user.</param>
    internal string Explain(StoreNode touched, bool holdsForeignFile)
    {
        string has = $"{touched.Path} belongs to user {touched.User}, group {touched.Group} and has mode "
            + Convert.ToString((int)touched.Mode, 8).PadLeft(4, '0');
        NodeRights lacking = touched.Lacking(Who);
        if (lacking != NodeRights.None)
        {
            bool isForMembers = touched.User != Who.User
                && !Who.Groups.Contains(touched.Group)
                && touched.LackingOfGroup == NodeRights.None;
            string outsider = isForMembers ? $", who is not in group {touched.Group}," : string.Empty;
            return $"{has}, so user {Who.User}{outsider} may not {Verb(touched, lacking)}; {Remedy(touched)}";
        }

        return touched.IsSticky && touched.User != Who.User && holdsForeignFile
            ? $"{has}: by its sticky bit only a file's owner, the directory's owner (user {touched.User}) or root may "
                + "remove or replace a file in it; run as one of them"
            : $"{has}, by which user {Who.User} may {Verb(touched, touched.Needed)}, and yet that is refused; look for "
                + "an access control list (getfacl), the attribute i or a (lsattr), a security module, a file server";
    }

    private static string Verb(StoreNode node, NodeRights rights) =>
        rights.HasFlag(NodeRights.Write) ? node.IsDirectory ? "write into it" : "write it"
            : rights.HasFlag(NodeRights.Enter) ? "enter it"
            : "read it";

    private string Remedy(StoreNode touched)
    {
        bool isSeen = Root.User == Who.User || !Root.Lacking(Who).HasFlag(NodeRights.Enter);
        StoreNode[] denied = [.. Nodes.Where(node => node.Lacking(Who) != NodeRights.None)];
        bool isGroupsStore = IsShared(Root) && Who.Groups.Contains(Root.Group);
        if (isSeen && denied.All(node => IsConfig(node) || node.User == Who.User || (isGroupsStore && node != Root)))
        {
            return $"allow it with: {string.Join(" && ", denied.Select(Open))}";
        }

        foreach (uint group in (uint[])[touched.Group, Root.Group])
        {
            var member = new ProcessIdentity(Who.User, [.. Who.Groups, group]);
            if (group != 0 && !Who.Groups.Contains(group) && Passes(member)) // a member of root's group may do more
            {
                return $"run as a member of group {group}, or add user {Who.User} to that group and start again";
            }
        }

        // The owner's other groups are not known, so he is named only where he needs none.
        string owner = touched.User != 0 && isSeen && Passes(new ProcessIdentity(touched.User, []))
            ? $"user {touched.User} or as root"
            : "root";
        bool isOurs = Who.Groups.Contains(Root.Group);
        string newGroup = isOurs ? Root.Group.ToString(CultureInfo.InvariantCulture) : "GROUP";
        string sharers = isOurs ? $"group {Root.Group}" : $"a GROUP that user {Who.User} is in";
        string classes = denied.Any(node => node.User == Who.User) ? "ug" : "g";
        string unstick = Nodes.Any(node => node.IsSticky) ? ",o-w,-t" : string.Empty;
        string root = Word(Root.Path), directories = Subnets is null ? root : $"{root} {Word(Subnets)}";
        return $"run as {owner}, or let {sharers} share the directory with: chgrp -R {newGroup} {root} && "
            + $"chmod -R {classes}+rwX {root} && chmod g+s{unstick} {directories}";
    }

    private bool Passes(ProcessIdentity who) => Nodes.All(node => node.Lacking(who) == NodeRights.None);

    // What is not the process's own is opened to its group, the config to everybody: it holds no secret.
    private string Open(StoreNode node)
    {
        string path = Word(node.Path);
        if (node.User == Who.User)
        {
            return $"chmod u+{Letters(node.Lacking(Who))} {path}";
        }

        if (IsConfig(node))
        {
            return $"chmod a+r {path}";
        }

        string regroup = node.Group == Root.Group ? string.Empty : $"chgrp --reference={Word(Root.Path)} {path}";
        string open = node.LackingOfGroup == NodeRights.None
            ? string.Empty
            : $"chmod g+{Letters(node.LackingOfGroup)}{(node.IsDirectory ? "s" : string.Empty)} {path}";
        return regroup.Length > 0 && open.Length > 0 ? $"{regroup} && {open}" : regroup + open;
    }

    private static bool IsConfig(StoreNode node) => node is { IsDirectory: false, Needed: NodeRights.Read };

    private static bool IsShared(StoreNode root) => root.Mode.HasFlag(UnixFileMode.GroupWrite) && !root.IsSticky;

    private static string Letters(NodeRights rights) =>
        (rights.HasFlag(NodeRights.Read) ? "r" : "")
            + (rights.HasFlag(NodeRights.Write) ? "w" : "")
            + (rights.HasFlag(NodeRights.Enter) ? "x" : "");

    // As a shell takes it for one word.
    private static string Word(string path) =>
        path.All(letter => char.IsAsciiLetterOrDigit(letter) || "/._-+:@%,".Contains(letter, StringComparison.Ordinal))
            ? path
            : $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
