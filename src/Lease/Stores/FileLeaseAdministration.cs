using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease.Judging;
using Overlay.Net;

namespace Overlay.Lease.Stores;

/// <summary>
/// The operator's side of a <see cref="FileLeaseStore"/>: the same directory, the same lock. A reservation is a lease
/// file dated <see cref="FileLeaseStore.ReservedUntil"/>, which a renewal keeps.
/// </summary>
/// <remarks>Reading takes no lock and needs no right to write.</remarks>
public sealed class FileLeaseAdministration : ILeaseAdministration
{
    private readonly LeaseDirectory _directory;
    private readonly LeaseFolder _folder;

    /// <summary>Names the directory; nothing is read or made yet.</summary>
    /// <param name="directory">What the hosts share. It need not hold a config.</param>
    /// <param name="clock">Decides expiry.</param>
    /// <param name="nodes">Says whose a file is, and which one is at a path; null where nobody can.</param>
    public FileLeaseAdministration(string directory, TimeProvider clock, IFileNodes? nodes = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentNullException.ThrowIfNull(clock);
        _directory = new LeaseDirectory(directory, clock, nodes);

        // What a host's store warns of is in the list, beside the entry it is about.
        _folder = new LeaseFolder(_directory.Subnets, clock, _ => { });
    }

    /// <inheritdoc/>
    public string Description => _directory.Description;

    /// <inheritdoc/>
    public async Task<string?> ReadConfigTextAsync(CancellationToken cancellation)
    {
        RequireDirectory();
        try
        {
            return await RegularFile.ReadAllTextAsync(_directory.ConfigPath, cancellation);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new LeaseStoreException(
                $"the network config {_directory.ConfigPath} cannot be read ({OneLine.Shorten(problem.Message)}); make "
                    + "it a readable file, or remove it",
                problem);
        }
    }

    /// <inheritdoc/>
    public async Task WriteConfigTextAsync(string json, string? replacing, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(json);
        RequireDirectory();
        string touched = _directory.LockPath;
        try
        {
            using IDisposable held = await _directory.LockAsync(cancellation);
            touched = _directory.Root;
            if (await ReadConfigTextAsync(cancellation) != replacing)
            {
                throw LeaseStoreException.ChangedMeanwhile($"the network config {_directory.ConfigPath}");
            }

            _directory.Write(_directory.ConfigPath, Encoding.UTF8.GetBytes(json));
        }
        catch (UnauthorizedAccessException problem)
        {
            throw new LeaseStoreException(
                $"the network config {_directory.ConfigPath} cannot be written: {_directory.WhatIsInTheWay(touched)}",
                problem);
        }
        catch (IOException problem) when (AtomicFile.IsMountedAlone(problem))
        {
            throw new LeaseStoreException(
                $"the network config {_directory.ConfigPath} cannot be replaced: it is a mount point; change it where "
                    + "it is mounted from",
                problem);
        }
        catch (IOException problem)
        {
            throw new LeaseStoreException(
                $"the network config {_directory.ConfigPath} cannot be written ({OneLine.Shorten(problem.Message)}); "
                    + _directory.RemedyFor(problem),
                problem);
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<LeaseEntry>> ListAsync(NetworkConfig? config, CancellationToken cancellation)
    {
        RequireDirectory();
        return Task.Run(() => List(config), cancellation);
    }

    /// <inheritdoc/>
    public Task<LeaseReservation> ReserveAsync(
        NetworkConfig config, Ipv4Prefix subnet, Ipv4Address publicIp, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(config);
        RequireDirectory();
        ReservationRules.Check(config, subnet, publicIp);
        return _directory.UnderLockAsync(
            $"reserve {subnet}", () => Reserve(config, subnet, publicIp), cancellation);
    }

    /// <inheritdoc/>
    public Task<LeaseEntry?> RemoveAsync(string name, CancellationToken cancellation)
    {
        RequireDirectory();
        return _directory.UnderLockAsync($"remove the lease {name}", () => Remove(name), cancellation);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private IReadOnlyList<LeaseEntry> List(NetworkConfig? config)
    {
        try
        {
            _folder.RefreshAll();
        }
        catch (DirectoryNotFoundException)
        {
            return []; // no host has taken a lease yet
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new LeaseStoreException(
                $"the leases in {_directory.Subnets} cannot be read ({OneLine.Shorten(problem.Message)}); check its "
                    + "permissions",
                problem);
        }

        return LeaseEntries.Of(_folder.Files, config is null ? null : _folder.Survey(config), file => file.Expires);
    }

    private LeaseReservation Reserve(NetworkConfig config, Ipv4Prefix subnet, Ipv4Address publicIp)
    {
        _folder.RefreshAll();
        string name = new SubnetKey(subnet).Format();
        string path = _directory.PathOf(subnet);
        LeaseFile? file = _folder.Find(name);
        LeaseReservation done = ReservationRules.Decide(_folder.Survey(config), subnet, publicIp, file, path);
        if (done.Kind == ReservationKind.Unchanged)
        {
            return done;
        }

        // What else the owner publishes in its lease is kept as it stands, also when that has expired.
        bool isOwn = file is { IsReadable: true } && file.IsOf(publicIp);
        byte[] content = isOwn ? File.ReadAllBytes(path) : [.. new LeaseAttributes(publicIp).ToJson(), (byte)'\n'];
        _directory.Write(path, content, FileLeaseStore.ReservedUntil, replace: file is not null);
        _folder.Refresh([name]);
        return _folder.Find(name) is { IsReservation: true }
            ? done
            : throw new LeaseStoreException(
                $"{path} is written but keeps the date {File.GetLastWriteTimeUtc(path):yyyy-MM-dd} instead of "
                    + $"{FileLeaseStore.ReservedUntil:yyyy-MM-dd}, so it ends; move the store to a file system that "
                    + "holds such a date");
    }

    // Only what a listing finds: a name may say anything, a path out of the directory, too.
    private LeaseEntry? Remove(string name)
    {
        _folder.RefreshAll();
        if (_folder.Find(name) is not { } file)
        {
            return null;
        }

        string path = Path.Combine(_directory.Subnets, name);
        if (Directory.Exists(path) && new FileInfo(path).LinkTarget is null)
        {
            throw new LeaseStoreException(
                $"{path} is a directory, which no host makes; look into it, and remove it by hand");
        }

        File.Delete(path);
        return LeaseEntries.Of(file, file.Expires);
    }

    private void RequireDirectory()
    {
        if (!Directory.Exists(_directory.Root))
        {
            throw new LeaseStoreException(
                $"the lease directory {_directory.Root} does not exist or cannot be entered; create it, or name the "
                    + "one that all hosts share");
        }
    }
}
