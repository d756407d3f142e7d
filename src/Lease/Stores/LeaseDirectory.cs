using System;
using System.IO;
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
    private static readonly TimeSpan s_lockPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_leftoverAge = TimeSpan.FromMinutes(1);

    private readonly string _lockPath;
    private readonly TimeProvider _clock;

    /// <summary>Names the directory; nothing is read or made yet.</summary>
    internal LeaseDirectory(string directory, TimeProvider clock)
    {
        Root = Path.GetFullPath(directory);
        ConfigPath = Path.Combine(Root, "config");
        Subnets = Path.Combine(Root, "subnets");
        _lockPath = Path.Combine(Root, ".lock");
        _clock = clock;
    }

    /// <summary>The directory itself.</summary>
    internal string Root { get; }

    /// <summary>For messages.</summary>
    internal string Description => $"file:{Root}";

    /// <summary>The file that holds the network config.</summary>
    internal string ConfigPath { get; }

    /// <summary>The directory of the leases.</summary>
    internal string Subnets { get; }

    /// <summary>The file of a subnet's lease.</summary>
    internal string PathOf(Ipv4Prefix subnet) => Path.Combine(Subnets, new SubnetKey(subnet).Format());

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
    internal Task<IDisposable> LockAsync(CancellationToken cancellation) =>
        StoreLock.EnterAsync(_lockPath, s_lockPatience, _clock, cancellation);

    /// <summary>Does something while no other process takes, renews or changes a lease.</summary>
    /// <param name="purpose">What, for a message: it follows "cannot".</param>
    /// <param name="work">Runs on another thread: a network mount may let it wait.</param>
    /// <param name="cancellation">Ends the wait for the lock.</param>
    /// <exception cref="LeaseStoreException">The directory is no store, or fails.</exception>
    internal async Task<T> UnderLockAsync<T>(string purpose, Func<T> work, CancellationToken cancellation)
    {
        try
        {
            RequireConfig(); // before the lock is made: an empty mount point is not ours to write into
            using IDisposable held = await LockAsync(cancellation);
            return await Task.Run(Prepared, cancellation);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new LeaseStoreException(
                $"{Description}: cannot {purpose} ({OneLine.Shorten(problem.Message)}); check that {Root} exists, "
                    + "holds the file config, and may be written",
                problem);
        }

        T Prepared()
        {
            RequireConfig();
            AtomicFile.CreateDirectory(Subnets);
            AtomicFile.RemoveLeftovers(Subnets, _clock.GetUtcNow() - s_leftoverAge);
            return work();
        }
    }
}
