using System;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Logging;
using Overlay.Health;
using Overlay.Lease;

namespace Overlay.Daemon.Leases;

/// <summary>Why the lease held wants looking at before its time.</summary>
[Flags]
internal enum LeaseDoubts
{
    /// <summary>Nothing is wrong with it.</summary>
    None = 0,

    /// <summary>
    /// The store does not show it as ours, or somebody has written it, or it is from a snapshot of ours.
    /// </summary>
    MayBeLost = 1,

    /// <summary>
    /// The store could not be reached, and can again: a renewal that failed meanwhile need not wait any longer.
    /// </summary>
    StoreIsBack = 2,
}

/// <summary>
/// Keeps a lease of ours in the store: renews it in time and when it is in doubt, and takes another one when it is
/// lost. Owns the lease; ends only when cancelled.
/// </summary>
internal sealed class LeaseKeeper
{
    /// <summary>
    /// How often the time is looked at: a host that was suspended, or whose clock was set, renews so soon.
    /// </summary>
    internal static readonly TimeSpan Check = TimeSpan.FromSeconds(5);

    /// <summary>How long after a renewal that failed the next one is tried.</summary>
    internal static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(60);

    /// <summary>Renewals for a doubt that go at once; further ones come one each <see cref="s_doubtEvery"/>.</summary>
    internal const int DoubtsAtOnce = 5;

    // A lease that the store never shows as ours, whatever we write, must not become a storm of writes.
    private static readonly TimeSpan s_doubtEvery = TimeSpan.FromSeconds(10);

    private readonly ILeaseStore _store;
    private readonly NetworkConfig _config;
    private readonly TimeProvider _clock;
    private readonly Random _random;
    private readonly ILogger _log;
    private readonly RenewalClock _renewal;

    // One wake-up waiting says as much as two; why is in the doubts.
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private int _doubts; // LeaseDoubts: added by anybody, taken by the loop

    private SubnetLease _held;
    private bool _isInDoubt;   // until a renewal succeeds
    private bool _isUrgent;    // the next attempt does not wait for its time
    private long? _failedAt;
    private bool _configIsUnconfirmed; // it is from a snapshot
    private int _doubtsLeft = DoubtsAtOnce;
    private long _doubtsSince; // when the last of them was given back

    /// <param name="store">Where the lease is.</param>
    /// <param name="start">The lease held at first, and the config, which decides what another lease may be.</param>
    /// <param name="margin">How long before its end a lease is renewed, more than 0.</param>
    /// <param name="clock">Decides when.</param>
    /// <param name="random">Keeps the hosts of a fleet out of step.</param>
    /// <param name="log">Gets a line for each thing that happens to the lease.</param>
    internal LeaseKeeper(
        ILeaseStore store, StartingPoint start, TimeSpan margin, TimeProvider clock, Random random, ILogger log)
    {
        _store = store;
        _config = start.Config;
        _clock = clock;
        _random = random;
        _log = log;
        _held = start.Own;
        _renewal = new RenewalClock(clock, margin, random);
        _renewal.Set(start.Own);
        _configIsUnconfirmed = start.Peers is not null;
        _doubtsSince = clock.GetTimestamp();
    }

    /// <summary>Gets the trouble that is seen.</summary>
    internal required HealthBoard Health { get; init; }

    /// <summary>What became of the lease.</summary>
    internal LeaseCounts Counts { get; init; } = new();

    /// <summary>The lease that is held. Not while <see cref="RunAsync"/> runs.</summary>
    internal SubnetLease Held => _held;

    /// <summary>Has the lease renewed at once, or as soon as that may help. Any thread.</summary>
    internal void Doubt(LeaseDoubts doubts)
    {
        Interlocked.Or(ref _doubts, (int)doubts);
        Wake();
    }

    /// <summary>Runs until cancelled.</summary>
    /// <param name="report">Gets the lease each time it was renewed or replaced by another.</param>
    /// <param name="cancellation">Ends it; the lease stays.</param>
    internal async Task RunAsync(Func<SubnetLease, CancellationToken, ValueTask> report, CancellationToken cancellation)
    {
        await using ITimer tick = _clock.CreateTimer(_ => Wake(), null, Check, Check);
        await foreach (bool _ in _wake.Reader.ReadAllAsync(cancellation))
        {
            TakeDoubts();
            if (!MayTryNow())
            {
                continue;
            }

            _isUrgent = false;
            if (await RenewAsync(cancellation) is { } lease)
            {
                _held = lease;
                _renewal.Set(lease);
                _isInDoubt = false;
                _failedAt = null;
                Health.Clear(HealthCodes.LeaseRenewalFailed);
                Health.Clear(HealthCodes.LeaseLost);
                await report(lease, cancellation);
                await ConfirmConfigAsync(cancellation);
            }
        }
    }

    private void Wake() => _wake.Writer.TryWrite(true);

    private void TakeDoubts()
    {
        var doubts = (LeaseDoubts)Interlocked.Exchange(ref _doubts, 0);
        if (doubts.HasFlag(LeaseDoubts.MayBeLost))
        {
            _isInDoubt = true;
            _isUrgent = true;
        }

        _isUrgent |= doubts.HasFlag(LeaseDoubts.StoreIsBack) && _failedAt is not null;
    }

    private bool MayTryNow()
    {
        if (!_isInDoubt && !_renewal.IsDue)
        {
            return false;
        }

        bool isTime = _failedAt is not long at || _clock.GetElapsedTime(at) >= RetryAfter;
        return _isUrgent ? TakeOneDoubt() : isTime;
    }

    private bool TakeOneDoubt()
    {
        while (_doubtsLeft < DoubtsAtOnce && _clock.GetElapsedTime(_doubtsSince) >= s_doubtEvery)
        {
            _doubtsLeft++;
            _doubtsSince += (long)(s_doubtEvery.TotalSeconds * _clock.TimestampFrequency);
        }

        if (_doubtsLeft == DoubtsAtOnce)
        {
            _doubtsSince = _clock.GetTimestamp();
        }

        return _doubtsLeft > 0 && _doubtsLeft-- > 0;
    }

    /// <returns>Null when that failed and is to be tried again.</returns>
    private async Task<SubnetLease?> RenewAsync(CancellationToken cancellation)
    {
        try
        {
            SubnetLease renewed = await _store.RenewAsync(_held, cancellation);
            Counts.AddRenewed();
            Log.Renewed(_log, renewed.Subnet.ToString(), RenewalClock.EndOf(renewed));
            return renewed;
        }
        catch (LeaseLostException problem)
        {
            Counts.AddLost();
            Log.LeaseLost(_log, _held.Subnet.ToString(), problem.Message);
            Health.Raise(HealthCodes.LeaseLost, _held.Subnet.ToString(), problem.Message);
            return await TakeAnotherAsync(cancellation);
        }
        catch (LeaseStoreException problem)
        {
            _isInDoubt = true;
            _failedAt = _clock.GetTimestamp();
            Counts.AddFailed();
            Log.RenewalFailed(_log, _held.Subnet.ToString(), (int)RetryAfter.TotalSeconds, problem.Message);
            Health.Raise(
                HealthCodes.LeaseRenewalFailed, _held.Subnet.ToString(),
                $"{problem.Message}; it ends {RenewalClock.EndOf(_held)}");
            return null;
        }
    }

    private async Task<SubnetLease> TakeAnotherAsync(CancellationToken cancellation)
    {
        var retry = new StoreRetry(_clock, _random, reason => Log.NoLease(_log, _held.Subnet.ToString(), reason));
        var request = new LeaseRequest(_held.Attributes, PreviousSubnet: null, LostSubnet: _held.Subnet);
        while (true)
        {
            try
            {
                AcquiredLease acquired = await _store.AcquireAsync(_config, request, cancellation);
                Counts.AddAcquired(acquired, request.PreviousSubnet);
                SubnetLease taken = acquired.Lease;
                Log.Acquired(
                    _log, taken.Subnet.ToString(), _config.Network.ToString(), _store.Description,
                    RenewalClock.EndOf(taken));
                return taken;
            }
            catch (LeaseStoreException problem)
            {
                Counts.AddNotAcquired();
                await retry.PauseAsync(problem.Message, cancellation);
            }

            // Pods have addresses of the subnet we had, so it goes before any other; its new owner may be gone by now.
            if (await TryTakeBackAsync(cancellation) is { } back)
            {
                return back;
            }
        }
    }

    private async Task<SubnetLease?> TryTakeBackAsync(CancellationToken cancellation)
    {
        try
        {
            SubnetLease back = await _store.RenewAsync(_held, cancellation);
            Log.Renewed(_log, back.Subnet.ToString(), RenewalClock.EndOf(back));
            return back;
        }
        catch (LeaseStoreException)
        {
            return null; // still held, or the store is away: the next attempt to acquire says which
        }
    }

    /// <summary>Says, once, when the config this daemon has started with is not the store's.</summary>
    private async Task ConfirmConfigAsync(CancellationToken cancellation)
    {
        if (!_configIsUnconfirmed)
        {
            return;
        }

        try
        {
            bool isTheSame = (await _store.ReadConfigAsync(cancellation)).Json == _config.Json;
            _configIsUnconfirmed = false;
            if (!isTheSame)
            {
                ReportOtherConfig();
            }
        }
        catch (LeaseStoreException problem) when (problem.InnerException is NetworkConfigException)
        {
            _configIsUnconfirmed = false; // it is not valid, so it cannot be ours
            ReportOtherConfig();
        }
        catch (LeaseStoreException)
        {
            // Away, or refused: that says nothing of the config. Asked again after the next renewal.
        }
    }

    private void ReportOtherConfig()
    {
        Log.ConfigChanged(_log, _store.Description);
        Health.Raise(
            HealthCodes.ConfigChanged, _store.Description,
            "its network config is another one than the snapshot's that this daemon has started from");
    }
}
