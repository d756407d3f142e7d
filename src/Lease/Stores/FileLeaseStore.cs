using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease.Judging;
using Overlay.Lease.StoreKit;
using Overlay.Net;

namespace Overlay.Lease.Stores;

/// <summary>
/// Leases as files in a directory that all hosts share: <c>DIR/config</c> is the network config in flannel's JSON,
/// <c>DIR/subnets/10.244.1.0-24</c> is one lease, its value in flannel's JSON, and it lasts for
/// <see cref="TimeToLive"/> after the file's last write. <c>DIR/.lock</c> is held while a lease is taken or renewed.
/// </summary>
/// <remarks>
/// The hosts' clocks must agree to well within the time to live. A file dated in the future lasts longer; one that
/// expires more than ten years from now is a reservation, whose date a renewal keeps. A bad file is passed over, with
/// one warning for each version of it; a file that was good and can no longer be read keeps its last good content until
/// it can be, is removed, or expires.
/// </remarks>
public sealed class FileLeaseStore : ILeaseStore
{
    private const int MostAttempts = 5;

    private readonly LeaseDirectory _directory;
    private readonly TimeProvider _clock;
    private readonly Action<string> _warn;
    private readonly WarnOnce _untilTaken;
    private readonly Random _random;
    private readonly LeaseFolder _folder;
    private readonly OwnLeaseFile _ownFile;

    /// <summary>Names the directory; nothing is read or made yet.</summary>
    /// <param name="directory">It must hold a file <c>config</c> by the time the store is used.</param>
    /// <param name="clock">Decides expiry and dates the files written.</param>
    /// <param name="warn">Gets one line for each thing passed over; called from any thread, one call at a time.</param>
    /// <param name="random">Chooses among free subnets; null for an unpredictable choice.</param>
    /// <param name="nodes">Says whose a file is, and which one is at a path; null where nobody can.</param>
    public FileLeaseStore(
        string directory,
        TimeProvider clock,
        Action<string> warn,
        Random? random = null,
        IFileNodes? nodes = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentNullException.ThrowIfNull(clock);
        _directory = new LeaseDirectory(directory, clock, nodes);
        _clock = clock;
        _warn = Warnings.OneAtATime(warn);
        _untilTaken = new WarnOnce(_warn);
        _random = random ?? new Random();
        _folder = new LeaseFolder(_directory.Subnets, clock, _warn);
        _ownFile = new OwnLeaseFile(_folder, clock, _warn);
    }

    /// <summary>How long a lease lasts after it was written: 24 hours, as flannel's.</summary>
    public static TimeSpan TimeToLive { get; } = TimeSpan.FromHours(24);

    /// <summary>
    /// The date of a reservation's file. Seconds in 32 bits without a sign hold it (NFSv3, FAT has its own 2107); a
    /// file system that ends in 2038 does not.
    /// </summary>
    public static DateTimeOffset ReservedUntil { get; } = new(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How often a watch reads the directory again though nothing was announced. Default 10 s.</summary>
    public TimeSpan RereadInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public string Description => _directory.Description;

    /// <inheritdoc/>
    public async Task<NetworkConfig> ReadConfigAsync(CancellationToken cancellation)
    {
        const string ForExample = $"for example: {StoredConfigText.Example}";
        string path = _directory.ConfigPath;
        string json;
        try
        {
            json = await RegularFile.ReadAllTextAsync(path, cancellation);
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new LeaseStoreException(
                $"the network config {path} does not exist; create it, {ForExample}", problem);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new LeaseStoreException(
                $"the network config {path} cannot be read ({OneLine.Shorten(problem.Message)}); make it a readable "
                    + $"file, {ForExample}",
                problem);
        }

        return StoredConfigText.Parse(json, path, $"correct it, {ForExample}");
    }

    /// <inheritdoc/>
    public async Task<AcquiredLease> AcquireAsync(
        NetworkConfig config, LeaseRequest request, CancellationToken cancellation)
    {
        AcquireRules.Check(config, request, _directory.ConfigPath);
        return await _directory.UnderLockAsync("take a lease", () => Acquire(config, request), cancellation);
    }

    /// <inheritdoc/>
    public Task<SubnetLease?> FindOwnAsync(
        NetworkConfig config, LeaseRequest request, CancellationToken cancellation)
    {
        AcquireRules.Check(config, request, _directory.ConfigPath);
        return _directory.UnderLockAsync("look for the own lease", FindOwn, cancellation);

        SubnetLease? FindOwn()
        {
            _folder.RefreshAll();
            return AcquireChoice.FindHeld(_folder.Survey(config), config, request)?.Lease;
        }
    }

    /// <inheritdoc/>
    public Task<SubnetLease> RenewAsync(SubnetLease own, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(own);
        return _directory.UnderLockAsync($"renew the lease {own.Subnet}", () => Renew(own), cancellation);
    }

    /// <inheritdoc/>
    public Task ReleaseAsync(SubnetLease own, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(own);
        return _directory.UnderLockAsync($"give back the lease {own.Subnet}", () => Release(own), cancellation);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<LeaseUpdate> WatchAsync(
        NetworkConfig config, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var events = new FolderEvents(_clock);
        using var listener = new FolderListener(_directory.Subnets, events, _warn);
        var watch = new FolderWatch(_folder, events, listener.Listen, _directory.RequireConfig, config);
        await foreach (LeaseUpdate? update in watch.LooksAsync(RereadInterval, cancellation))
        {
            _ownFile.Check();
            if (update is not null)
            {
                yield return update;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private AcquiredLease Acquire(NetworkConfig config, LeaseRequest request)
    {
        for (int attempt = 1; ; attempt++)
        {
            _folder.RefreshAll();
            LeaseSurvey survey = _folder.Survey(config);
            var choice = AcquireChoice.Make(survey, config, request, _random, _untilTaken.Warn);
            foreach (StoredLease file in choice.Obsolete)
            {
                File.Delete(Path.Combine(_directory.Subnets, file.Name));
            }

            _folder.Refresh(choice.Obsolete.Select(file => file.Name));
            if (choice.Subnet is not { } subnet)
            {
                throw AcquireRules.OutOfSubnets(config, $"in {_directory.Subnets}", _directory.ConfigPath);
            }

            // Those who take the lock are excluded already; this keeps off a tool that writes without it.
            bool mayReplace = _folder.Find(new SubnetKey(subnet).Format()) is not null;
            try
            {
                SubnetLease taken = Write(subnet, request.Attributes, mayReplace);
                _untilTaken.Forget();
                return new AcquiredLease(taken, IsNew: choice.Own is null);
            }
            catch (IOException) when (
                !mayReplace && attempt < MostAttempts && File.Exists(_directory.PathOf(subnet)))
            {
                // Somebody made the file since the listing: choose again.
            }
        }
    }

    private SubnetLease Renew(SubnetLease own)
    {
        string name = new SubnetKey(own.Subnet).Format();
        _folder.Refresh([name]);
        if (_folder.Find(name) is { Lease: { } held }
            && held.PublicIp != own.PublicIp
            && held.Expires > _clock.GetUtcNow())
        {
            throw new LeaseLostException(
                $"the lease {own.Subnet} of {own.PublicIp} is now held by {held.PublicIp} "
                    + $"({_directory.PathOf(own.Subnet)}); look for two hosts with one subnet.env");
        }

        return Write(own.Subnet, own.Attributes, mayReplace: true);
    }

    private bool Release(SubnetLease own)
    {
        string name = new SubnetKey(own.Subnet).Format();
        _folder.Refresh([name]);
        // A reservation is the operator's to end.
        bool isOurs = _folder.Find(name)?.Lease is { } held
            && held.PublicIp == own.PublicIp
            && held.Expires != DateTimeOffset.MaxValue;
        if (isOurs)
        {
            _ownFile.Forget();
            File.Delete(_directory.PathOf(own.Subnet));
            _folder.Refresh([name]);
        }

        return isOurs;
    }

    private SubnetLease Write(Ipv4Prefix subnet, LeaseAttributes attributes, bool mayReplace)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        string name = new SubnetKey(subnet).Format();
        LeaseFile? before = _folder.Find(name);
        DateTimeOffset? reservation = before is { Lease: { } held, Defect: null }
            && held.PublicIp == attributes.PublicIp
            && held.Expires == DateTimeOffset.MaxValue
                ? new DateTimeOffset(before.Stamp.LastWriteUtc, TimeSpan.Zero)
                : null;
        _ownFile.Check();
        _ownFile.Forget();
        byte[] content = [.. attributes.ToJson(), (byte)'\n'];
        string path = _directory.PathOf(subnet);
        _directory.Write(path, content, reservation ?? now, mayReplace);
        _folder.Refresh([name]);
        _ownFile.Remember(name, attributes.PublicIp);
        return new SubnetLease(subnet, attributes, reservation is null ? now + TimeToLive : DateTimeOffset.MaxValue);
    }
}
