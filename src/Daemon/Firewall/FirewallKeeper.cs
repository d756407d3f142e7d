using System;
using System.Collections.Generic;
using System.Threading;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Health;
using Overlay.Daemon.Host;
using Overlay.Daemon.Logging;
using Overlay.Daemon.Options;
using Overlay.Firewall;
using Overlay.Health;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Daemon.Firewall;

/// <summary>
/// Keeps flannel's firewall rules as they are wanted: made at the start, put back when somebody takes them, those of a
/// former subnet removed. They stay at the end, as stock's do, because pods go on.
/// </summary>
/// <remarks>Any thread may call; one change at a time, on the watch's thread or the timer's.</remarks>
internal sealed class FirewallKeeper : IDisposable
{
    // How often the shape of rules of which the kernel does not tell is looked at: a flush is put right within 2 s.
    private static readonly TimeSpan s_betweenGlances = TimeSpan.FromSeconds(1);

    private readonly FirewallChoice _choice;
    private readonly IRuleset _used;
    private readonly IRuleset _other;
    private readonly TimeProvider _clock;
    private readonly HealthBoard _health;
    private readonly ILogger _log;
    private readonly ObstacleReport _obstacles;
    private readonly Lock _changing = new();

    private volatile OverlayTraffic _traffic; // what the rules have to be about
    private OverlayTraffic? _tried; // what they were made for last
    private KernelWatch? _watch;
    private volatile ITimer? _timer; // of the next check or glance; armed at the end of the one before
    private long _checked; // when the last check was
    private string? _shape; // of the rules, right before it
    private string? _failure; // the last one, which is logged
    private bool _isUnheard; // the kernel refuses to tell of changes
    private bool _isDisposed;

    /// <param name="choice">Which rules are asked for.</param>
    /// <param name="used">The kind that is in use.</param>
    /// <param name="other">The kind that is not.</param>
    /// <param name="traffic">What they are about.</param>
    /// <param name="clock">Says when to look again.</param>
    /// <param name="health">Gets the trouble that is seen, and what is put back.</param>
    /// <param name="log">Gets a line for each change, and for each failure that is another than before.</param>
    internal FirewallKeeper(
        FirewallChoice choice, IRuleset used, IRuleset other, OverlayTraffic traffic, TimeProvider clock,
        HealthBoard health, ILogger log)
    {
        (_choice, _used, _other, _clock, _health, _log) = (choice, used, other, clock, health, log);
        _obstacles = new ObstacleReport(used, other, health, log);
        _traffic = traffic with
        {
            Masquerade = choice.Masquerade, Forward = choice.Forward, RandomFully = choice.RandomFully,
        };
    }

    /// <summary>
    /// How long a turn may take: longer than all programs of one, each of which is stopped after 10 s.
    /// </summary>
    internal static TimeSpan LongestTurn { get; } = TimeSpan.FromMinutes(3);

    /// <summary>Gets a turn for each check.</summary>
    internal WorkTurns Turns { get; init; } = new();

    /// <summary>
    /// Removes the rules of the other kind, makes those that are wanted, and looks after them from now on. What cannot
    /// be done is logged and tried again: a host without a firewall program forwards all the same.
    /// </summary>
    /// <exception cref="OperationCanceledException">The daemon stops.</exception>
    internal void Start()
    {
        lock (_changing)
        {
            Turns.Begin();
            try
            {
                Watch(); // a change after the first look is heard of
                RemoveOther();
                MakeFirst();
                LookForObstacles();
            }
            finally
            {
                Turns.End();
            }

            if (_choice.Masquerade || _choice.Forward)
            {
                _checked = _clock.GetTimestamp();
                _timer = _clock.CreateTimer(_ => Glance(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                Rearm();
            }
        }
    }

    /// <summary>
    /// Has the rules go over to another subnet, if it is another. Called by one thread, which waits for no program.
    /// </summary>
    internal void MoveTo(Ipv4Prefix subnet)
    {
        OverlayTraffic traffic = _traffic;
        if (subnet != traffic.Subnet)
        {
            _traffic = traffic with { Subnet = subnet };
            _ = _timer?.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Puts back what is missing, out of order, or there twice.</summary>
    /// <param name="isAnnounced">Whether somebody has changed rules.</param>
    internal void Check(bool isAnnounced)
    {
        lock (_changing)
        {
            if (_isDisposed)
            {
                return;
            }

            Turns.Begin();
            try
            {
                CheckAll(isAnnounced);
            }
            catch (OperationCanceledException)
            {
                return; // the daemon stops
            }
            finally
            {
                Turns.End();
            }

            _checked = _clock.GetTimestamp();
            Rearm();
        }
    }

    /// <summary>
    /// Looks after them no longer; they stay. A program that is under way has been stopped before by the rulesets'
    /// signal, so this does not wait for it.
    /// </summary>
    public void Dispose()
    {
        KernelWatch? watch;
        lock (_changing)
        {
            _isDisposed = true; // a timer's last call may still be on its way
            watch = _watch;
        }

        _timer?.Dispose();
        watch?.Dispose(); // outside: its thread may wait for the lock
    }

    private void MakeFirst()
    {
        if (TryAssert() is not { } findings)
        {
            return;
        }

        if (_choice.Masquerade || _choice.Forward)
        {
            Log.FirewallInPlace(_log, _used.Description, Wanted());
        }
        else if (findings.Count > 0)
        {
            Log.FirewallOtherRemoved(_log, _used.Description, string.Join(", ", findings));
        }
    }

    // A check where it is time for one, or where somebody has added or removed rules.
    private void Glance()
    {
        lock (_changing)
        {
            if (_isDisposed)
            {
                return;
            }

            if (ReferenceEquals(_traffic, _tried) && _shape is not null && _used.ReadShape(_traffic) == _shape
                && _clock.GetElapsedTime(_checked) < _choice.Resync)
            {
                Rearm();
                return;
            }
        }

        Check(isAnnounced: false);
    }

    private void CheckAll(bool isAnnounced)
    {
        Watch();
        Ipv4Prefix? former = _tried?.Subnet;
        if (TryAssert() is { Count: > 0 } findings)
        {
            isAnnounced = true;
            if (_tried?.Subnet is { } subnet && subnet != former)
            {
                Log.FirewallMoved(_log, subnet.ToString());
            }
            else
            {
                _health.Repairs.Add(RepairedObject.Firewall);
                Log.FirewallPutBack(_log, _used.Tool, string.Join(", ", findings));
            }
        }

        if (isAnnounced || !_used.IsAnnounced || _obstacles.AreFound)
        {
            LookForObstacles();
        }
    }

    // One check at a time, however long its programs take.
    private void Rearm()
    {
        TimeSpan rest = _choice.Resync - _clock.GetElapsedTime(_checked);
        TimeSpan pause = _shape is not null && rest > s_betweenGlances ? s_betweenGlances : rest;
        _ = _timer?.Change(pause > TimeSpan.Zero ? pause : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        if (!ReferenceEquals(_traffic, _tried)) // MoveTo's own wake may have been before this one
        {
            _ = _timer?.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    private void Watch()
    {
        if ((!_choice.Masquerade && !_choice.Forward) || _watch is not null || _isUnheard || !_used.IsAnnounced)
        {
            return;
        }

        try
        {
            _watch = KernelWatch.OpenRulesets(() => Check(isAnnounced: true), _log, _health, new WorkTurns());
            _watch.Start();
        }
        catch (LinuxException problem)
        {
            _isUnheard = true;
            Log.FirewallUnheard(_log, (int)_choice.Resync.TotalSeconds, problem.Message);
        }
    }

    // Null when it failed.
    private IReadOnlyList<string>? TryAssert()
    {
        OverlayTraffic traffic = _tried = _traffic;
        _shape = _used.ReadShape(traffic); // before the look: what changes behind it is another shape
        try
        {
            IReadOnlyList<string> findings = !_choice.Masquerade && !_choice.Forward && !_used.IsInstalled
                ? []
                : _used.Assert(traffic);
            if (_failure is not null)
            {
                _failure = null;
                _health.Clear(HealthCodes.FirewallRulesMissing);
                _health.Clear(HealthCodes.FirewallToolMissing);
                Log.FirewallRecovered(_log);
            }

            return findings;
        }
        catch (OperatorException problem)
        {
            if (_failure != problem.Message)
            {
                _failure = problem.Message;
                _health.Set(HealthCodes.FirewallToolMissing, "", _used.IsInstalled ? null : problem.Message);
                _health.Set(HealthCodes.FirewallRulesMissing, "", _used.IsInstalled ? problem.Message : null);
                Log.FirewallFailed(_log, (int)_choice.Resync.TotalSeconds, problem.Message);
            }

            return null;
        }
    }

    private void RemoveOther()
    {
        try
        {
            if (_other.IsInstalled && _other.Assert(_traffic.WithoutRules) is { Count: > 0 } findings)
            {
                Log.FirewallOtherRemoved(_log, _other.Tool, string.Join(", ", findings));
            }
        }
        catch (OperatorException problem)
        {
            _obstacles.ReportFailure(_other, problem);
        }
    }

    private void LookForObstacles()
    {
        if (_choice.Masquerade || _choice.Forward)
        {
            _obstacles.Look(_traffic, isUsable: _failure is null);
        }
    }

    private string Wanted() => (_choice.Masquerade, _choice.Forward) switch
    {
        (true, true) => "masquerade, forward",
        (true, false) => "masquerade",
        _ => "forward",
    };
}
