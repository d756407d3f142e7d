using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Net;

namespace Overlay.Lease.Stores;

/// <summary>
/// The directory that all hosts share: what is where in it, and one writer at a time. <c>config</c> is the network
/// config, <c>subnets/10.244.1.0-24</c> one lease, <c>.lock</c> is held while any of them is written.
/// </summary>
internal sealed class LeaseDirectory
{
    // errno values, as the base library hands them on in an IOException's HResult.
    private const int NoSpace = 28, QuotaExceeded = 122; // ENOSPC, EDQUOT

    private static readonly TimeSpan s_lockPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_sharingPatience = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_leftoverAge = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _clock;
    private readonly IFileNodes? _nodes;

    /// <summary>Names the directory; nothing is read or made yet.</summary>
    internal LeaseDirectory(string directory, TimeProvider clock, IFileNodes? nodes = null)
    {
        Root = Path.GetFullPath(directory);
        ConfigPath = Path.Combine(Root, "config");
        Subnets = Path.Combine(Root, "subnets");
        LockPath = Path.Combine(Root, ".lock");
        _clock = clock;
        _nodes = nodes;
    }

    /// <summary>The directory itself.</summary>
    internal string Root { get; }

    /// <summary>For messages.</summary>
    internal string Description => $"file:{Root}";

    /// <summary>The file that holds the network config.</summary>
    internal string ConfigPath { get; }

    /// <summary>The directory of the leases.</summary>
    internal string Subnets { get; }

    /// <summary>The file that is held while anything is written.</summary>
    internal string LockPath { get; }

    /// <summary>The file of a subnet's lease.</summary>
    internal string PathOf(Ipv4Prefix subnet) => Path.Combine(Subnets, new SubnetKey(subnet).Format());

    /// <summary>
    /// As <see cref="AtomicFile.Write"/>; and where a group shares the file's directory, it may write the file, too.
    /// </summary>
    /// <param name="path">In this directory or in <see cref="Subnets"/>.</param>
    /// <param name="content">All of it.</param>
    /// <param name="lastWrite">The time of last write the file gets; null for the system's time.</param>
    /// <param name="replace">False to fail with an <see cref="IOException"/> when the file exists.</param>
    internal void Write(
        string path, ReadOnlySpan<byte> content, DateTimeOffset? lastWrite = null, bool replace = true)
    {
        AtomicFile.Write(path, content, lastWrite, replace);
        string directory = Path.GetDirectoryName(path)!; // of a path with a directory
        if (IsShared(directory))
        {
            _nodes?.ShareWithGroup(path, directory);
        }
    }

    /// <summary>
    /// Requires that the directory holds a config. Without one it is no store: for example the empty directory where a
    /// network mount should be.
    /// </summary>
    /// <exception cref="IOException">It does not, or the config cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of permission.</exception>
    internal void RequireConfig()
    {
        using var config = new FileStream(
            ConfigPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
    }

    /// <summary>Waits until no other process writes, and keeps others from it until the result is disposed.</summary>
    /// <exception cref="LeaseStoreException">Another process holds the lock for 10 s.</exception>
    /// <exception cref="IOException">The lock cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of permission.</exception>
    internal async Task<IDisposable> LockAsync(CancellationToken cancellation)
    {
        bool isShared = IsShared(Root);
        IDisposable held = await StoreLock.EnterAsync(
            LockPath, s_lockPatience, isShared ? s_sharingPatience : TimeSpan.Zero, _nodes, _clock, cancellation);
        if (isShared)
        {
            _nodes?.ShareWithGroup(LockPath, Root);
        }

        return held;
    }

    /// <summary>Does something while no other process takes, renews or changes a lease.</summary>
    /// <param name="purpose">What, for a message: it follows "cannot".</param>
    /// <param name="work">Runs on another thread: a network mount may let it wait.</param>
    /// <param name="cancellation">Ends the wait for the lock.</param>
    /// <exception cref="LeaseStoreException">The directory is no store, or fails.</exception>
    internal async Task<T> UnderLockAsync<T>(string purpose, Func<T> work, CancellationToken cancellation)
    {
        string touched = ConfigPath;
        try
        {
            RequireConfig(); // before the lock is made: an empty mount point is not ours to write into
            touched = LockPath;
            using IDisposable held = await LockAsync(cancellation);
            return await Task.Run(Prepared, cancellation);
        }
        catch (UnauthorizedAccessException problem)
        {
            throw new LeaseStoreException($"{Description}: cannot {purpose}: {WhatIsInTheWay(touched)}", problem);
        }
        catch (IOException problem)
        {
            throw new LeaseStoreException(
                $"{Description}: cannot {purpose} ({OneLine.Shorten(problem.Message)}); "
                    + RemedyFor(problem),
                problem);
        }

        T Prepared()
        {
            touched = ConfigPath;
            RequireConfig();
            touched = Subnets;
            PrepareSubnets();
            AtomicFile.RemoveLeftovers(Subnets, _clock.GetUtcNow() - s_leftoverAge);
            return work();
        }
    }

    /// <summary>What to do about a failure that is no matter of permissions: it follows "; ".</summary>
    internal string RemedyFor(IOException problem) => problem.HResult switch
    {
        NoSpace => $"free space in the file system of {Root} (df, df -i)",
        QuotaExceeded => $"free space in the file system of {Root}, or raise the quota",
        _ => $"check that {Root} exists, holds the file config, and may be written",
    };

    /// <summary>Why a permission is missing, as far as files show it, and how it is given.</summary>
    /// <param name="touched">What was being opened, made or written into.</param>
    internal string WhatIsInTheWay(string touched)
    {
        string path = Path.Exists(touched) ? touched : Root; // what is missing could not be made
        UnixFileMode mode;
        try
        {
            mode = File.GetUnixFileMode(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return $"{path} may not be looked at; allow this process to enter {Root}";
        }

        if (!Environment.IsPrivilegedProcess
            && ProcessIdentity.Current() is { } who
            && Look(path, Needed(path, touched)) is { } seen
            && Look(Root, Needed(Root, touched)) is { } root)
        {
            StoreNode[] others = [.. ((string[])[ConfigPath, LockPath, Subnets])
                .Select(other => Path.Exists(other) ? Look(other, Needed(other, touched)) : null)
                .OfType<StoreNode>()];
            var refusal = new AccessRefusal(root, others, Path.Exists(Subnets) ? Subnets : null, who);
            return refusal.Explain(seen, HoldsForeignFile(path, who));
        }

        string owner = _nodes?.OwnersOf(path) is { User: var user } ? $"belongs to user {user} and " : string.Empty;
        string has = $"{path} {owner}has mode {Convert.ToString((int)mode, 8).PadLeft(4, '0')}";
        string denied = path == ConfigPath ? "read it" : Directory.Exists(path) ? "write into it" : "write it";
        return Environment.IsPrivilegedProcess
            ? $"{has}, and yet root may not {denied}: a file server (root_squash), a security module, the "
                + "attribute i (lsattr) or a missing CAP_DAC_OVERRIDE is in the way; export it with no_root_squash, "
                + "or give --lease-store a directory that root may write"
            : $"{has}, and this process may not {denied}; run as a user who may";
    }

    private NodeRights Needed(string path, string touched)
    {
        const NodeRights All = NodeRights.Read | NodeRights.Write | NodeRights.Enter;
        bool isMadeInRoot = touched == Root || !Path.Exists(LockPath) || !Path.Exists(Subnets);
        return path == ConfigPath ? NodeRights.Read
            : path == LockPath ? NodeRights.Read | NodeRights.Write
            : path == Subnets ? All
            : isMadeInRoot ? NodeRights.Write | NodeRights.Enter
            : NodeRights.Enter;
    }

    private StoreNode? Look(string path, NodeRights needed) =>
        _nodes?.OwnersOf(path) is { } owners
            ? new StoreNode(
                path, Directory.Exists(path), owners.User, owners.Group, File.GetUnixFileMode(path), needed)
            : null;

    private bool HoldsForeignFile(string directory, ProcessIdentity who)
    {
        try
        {
            return Directory.Exists(directory)
                && Directory.EnumerateFiles(directory).Any(
                    file => _nodes?.OwnersOf(file) is { } owners && owners.User != who.User);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return false; // then more is missing than to remove a file
        }
    }

    // In a sticky directory a file is its owner's alone to replace or remove, which a writable file would undo.
    private static bool IsShared(string directory) =>
        (File.GetUnixFileMode(directory) & (UnixFileMode.GroupWrite | UnixFileMode.StickyBit))
            == UnixFileMode.GroupWrite;

    private void PrepareSubnets()
    {
        AtomicFile.CreateDirectory(Subnets);
        if (IsShared(Root))
        {
            _nodes?.ShareWithGroup(Subnets, Root);
        }
    }
}
