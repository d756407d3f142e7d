using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Net;

namespace Overlay.Lease;

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

    private static readonly TimeSpan s_leftoverAge = TimeSpan.FromMinutes(1);

    private readonly string _directory;
    private readonly string _configPath;
    private readonly string _subnetsDirectory;
    private readonly TimeProvider _time;
    private readonly Action<string> _warn;
    private readonly WarnOnce _untilTaken;
    private readonly Random _random;
    private readonly LeaseFolder _folder;
    private readonly OwnLeaseFile _ownFile;

    /// <summary>Names the directory; nothing is read or made yet.</summary>
    /// <param name="directory">It must hold a file <c>config</c> by the time the store is used.</param>
    /// <param name="time">Decides expiry and dates the files written.</param>
    /// <param name="warn">Gets one line for each thing passed over; called from any thread, one call at a time.</param>
    /// <param name="random">Chooses among free subnets; null for an unpredictable choice.</param>
    public FileLeaseStore(string directory, TimeProvider time, Action<string> warn, Random? random = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(warn);
        _directory = Path.GetFullPath(directory);
        _configPath = Path.Combine(_directory, "config");
        _subnetsDirectory = Path.Combine(_directory, "subnets");
        _time = time;
        Lock warning = new();
        _warn = line =>
        {
            lock (warning)
            {
                warn(line);
            }
        };
        _untilTaken = new WarnOnce(_warn);
        _random = random ?? new Random();
        _folder = new LeaseFolder(_subnetsDirectory, time, _warn);
        _ownFile = new OwnLeaseFile(_folder, time, _warn);
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

    /// <summary>How long to wait for another process that holds the lock. Default 10 s.</summary>
    public TimeSpan LockPatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public string Description => $"file:{_directory}";

    /// <summary>False makes a watch rely on reading again.</summary>
    internal bool UsesInotify { get; init; } = true;

    internal LeaseFolder Folder => _folder;

    internal string LockPath => Path.Combine(_directory, ".lock");

    internal string StoreDirectory => _directory;

    internal string ConfigPath => _configPath;

    /// <summary>The events of the last watch that was started.</summary>
    internal FolderEvents? LastWatchEvents { get; private set; }

    /// <inheritdoc/>
    public async Task<NetworkConfig> ReadConfigAsync(CancellationToken cancellationToken)
    {
        const string Example = """for example: {"Network":"10.244.0.0/16","Backend":{"Type":"udp"}}""";
        string json;
        try
        {
            json = await RegularFile.ReadAllTextAsync(_configPath, cancellationToken);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new LeaseStoreException($"the network config {_configPath} does not exist; create it, {Example}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LeaseStoreException($"the network config {_configPath} cannot be read "
                + $"({OneLine.Shorten(e.Message)}); make it a readable file, {Example}", e);
        }

        try
        {
            return NetworkConfig.Parse(json);
        }
        catch (NetworkConfigException e)
        {
            throw new LeaseStoreException($"the network config {_configPath} is not valid: {e.Message}; found: "
                + $"{OneLine.Shorten(json)}; correct it, {Example}", e);
        }
    }

    /// <inheritdoc/>
    public async Task<AcquiredLease> AcquireAsync(
        NetworkConfig config, LeaseRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(request);
        if (!config.EnableIPv4)
        {
            throw new LeaseStoreException($"{_configPath} has EnableIPv4 false; leases here are for IPv4: remove it");
        }

        if (LeaseJudge.FaultOfPublicIp(request.PublicIp, config) is { } fault)
        {
            throw new LeaseStoreException($"no lease can be taken: {fault}");
        }

        return await UnderLockAsync("take a lease", () => Acquire(config, request), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<SubnetLease> RenewAsync(SubnetLease own, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(own);
        return UnderLockAsync($"renew the lease {own.Subnet}", () => Renew(own), cancellationToken);
    }

    /// <inheritdoc/>
    public Task ReleaseAsync(SubnetLease own, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(own);
        return UnderLockAsync($"give back the lease {own.Subnet}", () => Release(own), cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<LeaseUpdate> WatchAsync(
        NetworkConfig config, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using FolderEvents events = new(_subnetsDirectory, _time, _warn) { IsEnabled = UsesInotify };
        LastWatchEvents = events;
        FolderWatch watch = new(_folder, events, config, RequireStore);
        FolderWake wake = new(IsTimeout: false, Names: null);
        while (true)
        {
            FolderWake reason = wake;
            LeaseUpdate? update = await Task.Run(() => watch.Look(reason), cancellationToken);
            _ownFile.Check();
            if (update is not null)
            {
                yield return update;
            }

            wake = await events.WaitAsync(RereadInterval, cancellationToken);
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
                File.Delete(Path.Combine(_subnetsDirectory, file.Name));
            }

            _folder.Refresh(choice.Obsolete.Select(file => file.Name));
            if (choice.Subnet is not { } subnet)
            {
                throw new LeaseStoreException(
                    $"out of subnets: every /{config.SubnetLength} from {config.SubnetMin} to "
                    + $"{config.SubnetMax} in {_subnetsDirectory} is leased; enlarge Network or "
                    + $"SubnetMax in {_configPath}, or remove leases of hosts that are gone");
            }

            // Those who take the lock are excluded already; this keeps off a tool that writes without it.
            bool mayReplace = _folder.Find(new SubnetKey(subnet).Format()) is not null;
            try
            {
                SubnetLease taken = Write(subnet, request.Attributes, mayReplace);
                _untilTaken.Forget();
                return new AcquiredLease(taken, IsNew: choice.Own is null);
            }
            catch (IOException) when (!mayReplace && attempt < MostAttempts && File.Exists(PathOf(subnet)))
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
            && held.Expires > _time.GetUtcNow())
        {
            throw new LeaseLostException($"the lease {own.Subnet} of {own.PublicIp} is now held by "
                + $"{held.PublicIp} ({PathOf(own.Subnet)}); look for two hosts with "
                + "one subnet.env");
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
            File.Delete(PathOf(own.Subnet));
            _folder.Refresh([name]);
        }

        return isOurs;
    }

    private SubnetLease Write(Ipv4Prefix subnet, LeaseAttributes attributes, bool mayReplace)
    {
        DateTimeOffset now = _time.GetUtcNow();
        string name = new SubnetKey(subnet).Format();
        LeaseFile? before = _folder.Find(name);
        DateTimeOffset? reservation = before is { Lease: { } held, Defect: null }
            && held.PublicIp == attributes.PublicIp
            && held.Expires == DateTimeOffset.MaxValue
                ? new DateTimeOffset(before.Stamp.LastWriteUtc, TimeSpan.Zero)
                : null;
        _ownFile.Check();
        _ownFile.Forget();
        AtomicFile.Write(PathOf(subnet), [.. attributes.ToJson(), (byte)'\n'], reservation ?? now, mayReplace);
        _folder.Refresh([name]);
        _ownFile.Remember(name, attributes.PublicIp);
        return new SubnetLease(subnet, attributes, reservation is null ? now + TimeToLive : DateTimeOffset.MaxValue);
    }

    /// <summary>Does something while no other process takes, renews or changes a lease.</summary>
    /// <exception cref="LeaseStoreException">The directory is no store, or fails.</exception>
    internal async Task<T> UnderLockAsync<T>(string purpose, Func<T> work, CancellationToken cancellationToken)
    {
        try
        {
            RequireStore(); // before the lock is made: an empty mount point is not ours to write into
            using IDisposable held = await StoreLock.EnterAsync(LockPath, LockPatience, _time, cancellationToken);
            return await Task.Run(Prepared, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LeaseStoreException($"{Description}: cannot {purpose} ({OneLine.Shorten(e.Message)}); check that "
                + $"{_directory} exists, holds the file config, and may be written", e);
        }

        T Prepared()
        {
            RequireStore();
            AtomicFile.CreateDirectory(_subnetsDirectory);
            AtomicFile.RemoveLeftovers(_subnetsDirectory, _time.GetUtcNow() - s_leftoverAge);
            return work();
        }
    }

    // The config is what tells the store from the empty directory that a mount has left behind.
    private void RequireStore()
    {
        using FileStream _ = new(
            _configPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
    }

    internal string PathOf(Ipv4Prefix subnet) => Path.Combine(_subnetsDirectory, new SubnetKey(subnet).Format());
}
