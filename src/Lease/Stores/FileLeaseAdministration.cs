using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Net;

namespace Overlay.Lease;

/// <summary>
/// The operator's side of a <see cref="FileLeaseStore"/>: the same directory, the same lock. A reservation is a lease
/// file dated <see cref="FileLeaseStore.ReservedUntil"/>, which a renewal keeps.
/// </summary>
/// <remarks>Reading takes no lock and needs no right to write.</remarks>
public sealed class FileLeaseAdministration : ILeaseAdministration
{
    private readonly FileLeaseStore _store;
    private readonly TimeProvider _time;

    /// <summary>Names the directory; nothing is read or made yet.</summary>
    /// <param name="directory">What the hosts share. It need not hold a config.</param>
    /// <param name="time">Decides expiry.</param>
    public FileLeaseAdministration(string directory, TimeProvider time)
    {
        // What a store warns of is in the list, beside the entry it is about.
        _store = new FileLeaseStore(directory, time, _ => { });
        _time = time;
    }

    /// <inheritdoc/>
    public string Description => _store.Description;

    /// <inheritdoc/>
    public async Task<string?> ReadConfigTextAsync(CancellationToken cancellationToken)
    {
        RequireDirectory();
        try
        {
            return await RegularFile.ReadAllTextAsync(_store.ConfigPath, cancellationToken);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LeaseStoreException($"the network config {_store.ConfigPath} cannot be read "
                + $"({OneLine.Shorten(e.Message)}); make it a readable file, or remove it", e);
        }
    }

    /// <inheritdoc/>
    public async Task WriteConfigTextAsync(string json, string? replacing, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(json);
        RequireDirectory();
        try
        {
            using IDisposable held = await StoreLock.EnterAsync(
                _store.LockPath, _store.LockPatience, _time, cancellationToken);
            if (await ReadConfigTextAsync(cancellationToken) != replacing)
            {
                throw new LeaseStoreException($"the network config {_store.ConfigPath} was changed by somebody else "
                    + "meanwhile, so it is left alone; look at it, and try again");
            }

            AtomicFile.Write(_store.ConfigPath, Encoding.UTF8.GetBytes(json));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LeaseStoreException($"the network config {_store.ConfigPath} cannot be written "
                + $"({OneLine.Shorten(e.Message)}); check that the directory may be written", e);
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<LeaseEntry>> ListAsync(NetworkConfig? config, CancellationToken cancellationToken)
    {
        RequireDirectory();
        return Task.Run(() => List(config), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<LeaseReservation> ReserveAsync(
        NetworkConfig config, Ipv4Prefix subnet, Ipv4Address publicIp, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(config);
        RequireDirectory();
        ReservationRules.Check(config, subnet, publicIp);
        return _store.UnderLockAsync($"reserve {subnet}", () => Reserve(config, subnet, publicIp), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<LeaseEntry?> RemoveAsync(string name, CancellationToken cancellationToken)
    {
        RequireDirectory();
        return _store.UnderLockAsync($"remove the lease {name}", () => Remove(name), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private IReadOnlyList<LeaseEntry> List(NetworkConfig? config)
    {
        LeaseFolder folder = _store.Folder;
        try
        {
            folder.RefreshAll();
        }
        catch (DirectoryNotFoundException)
        {
            return []; // no host has taken a lease yet
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LeaseStoreException($"the leases in {folder.Directory} cannot be read "
                + $"({OneLine.Shorten(e.Message)}); check its permissions", e);
        }

        return LeaseEntries.Of(
            folder.Files, config is null ? null : folder.Survey(config), file => file.Expires);
    }

    private LeaseReservation Reserve(NetworkConfig config, Ipv4Prefix subnet, Ipv4Address publicIp)
    {
        LeaseFolder folder = _store.Folder;
        folder.RefreshAll();
        LeaseSurvey survey = folder.Survey(config);
        string name = new SubnetKey(subnet).Format();
        string path = _store.PathOf(subnet);
        LeaseFile? file = folder.Find(name);
        bool isLive = file?.Expires > survey.Now;
        bool isReadable = file is { Lease: not null, Defect: null };
        if (isLive && !isReadable)
        {
            throw new LeaseStoreException($"{subnet} cannot be reserved: {path} is there and is no lease "
                + $"({file?.Defect}); remove it first: overlay lease remove {subnet}");
        }

        ReservationRules.RequireFree(subnet, publicIp, isLive ? file?.Lease : null, survey.Leases);
        LeaseReservation done = new(
            ReservationKind.Made, survey.Leases.FirstOrDefault(
                lease => lease.PublicIp == publicIp && lease.Subnet != subnet)?.Subnet);
        if (isLive && file is { IsReservation: true })
        {
            return done with { Kind = ReservationKind.Unchanged };
        }

        // What else the owner has said in its lease is kept as it stands.
        bool isOwn = isReadable && file?.Lease?.PublicIp == publicIp;
        byte[] content = isOwn ? File.ReadAllBytes(path) : [.. new LeaseAttributes(publicIp).ToJson(), (byte)'\n'];
        AtomicFile.Write(path, content, FileLeaseStore.ReservedUntil, replace: file is not null);
        folder.Refresh([name]);
        if (folder.Find(name) is not { } written || !written.IsReservation)
        {
            throw new LeaseStoreException($"{path} is written but keeps the date "
                + $"{File.GetLastWriteTimeUtc(path):yyyy-MM-dd} "
                + $"instead of {FileLeaseStore.ReservedUntil:yyyy-MM-dd}, so it ends; move the store to a file "
                + "system that holds such a date");
        }

        return isLive ? done with { Kind = ReservationKind.FromLease } : done;
    }

    // Only what a listing finds: a name may say anything, a path out of the directory, too.
    private LeaseEntry? Remove(string name)
    {
        LeaseFolder folder = _store.Folder;
        folder.RefreshAll();
        if (folder.Find(name) is not { } file)
        {
            return null;
        }

        string path = Path.Combine(folder.Directory, name);
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
        if (!Directory.Exists(_store.StoreDirectory))
        {
            throw new LeaseStoreException($"the lease directory {_store.StoreDirectory} does not exist or cannot be "
                + "entered; create it, or name the one "
                + "that all hosts share");
        }
    }
}
