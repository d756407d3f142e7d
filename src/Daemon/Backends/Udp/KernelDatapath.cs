using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Microsoft.Extensions.Logging;
using Overlay.Control;
using Overlay.Daemon.Logging;
using Overlay.Daemon.Options;
using Overlay.Health;
using Overlay.KernelPath;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Router.Paths;
using Overlay.Router.Ports;
using Overlay.Router.Routes;
using Overlay.Terminal;

namespace Overlay.Daemon.Backends.Udp;

/// <summary>
/// Whether the kernel forwards by itself, and what is due for that: whatever it does not take, user space does.
/// </summary>
/// <remarks>Any thread may call.</remarks>
internal sealed class KernelDatapath : IDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(500);

    private readonly string _underlay;
    private readonly PeerRoutes _peerRoutes;
    private readonly Datapath _wanted;
    private readonly RouteTableCell _routes;
    private readonly PeerPaths _paths;
    private readonly RouteNetlink _netlink;
    private readonly ILogger _log;
    private readonly Lock _changing = new();
    private readonly KernelPathTotals _totals = new();
    private readonly RetryPause _pause;
    private readonly ITimer _timer;

    // What the kernel takes to each peer; looked up when a peer is new, and all anew at each repair.
    private readonly Dictionary<Ipv4Address, int> _innerMtus = [];

    private KernelForwardingOptions _options;
    private KernelForwarding? _kernel;
    private string _state = "user";
    private string? _loggedReason;
    private int _loggedLeftOut;
    private bool _isDisposed;

    /// <summary>Gets ready; <see cref="Start"/> opens it.</summary>
    /// <param name="wanted">Auto or kernel.</param>
    /// <param name="options">What it is made of. The underlay's index is looked up anew at each attempt.</param>
    /// <param name="underlay">The name of the underlay's interface.</param>
    /// <param name="routes">The table in force.</param>
    /// <param name="paths">What is learned of the paths to peers.</param>
    /// <param name="log">Gets a line when it cannot be had, and when it comes and goes.</param>
    /// <param name="clock">Measures the pauses between attempts.</param>
    internal KernelDatapath(
        Datapath wanted, KernelForwardingOptions options, string underlay, RouteTableCell routes, PeerPaths paths,
        ILogger log, TimeProvider clock)
    {
        _wanted = wanted;
        _options = options;
        _underlay = underlay;
        _pause = new RetryPause(clock);
        _routes = routes;
        _paths = paths;
        _log = log;
        _netlink = RouteNetlink.Open();
        try
        {
            _peerRoutes = PeerRoutes.Open(_netlink, options.Own, options.TunnelIndex);
        }
        catch
        {
            _netlink.Dispose();
            throw;
        }

        _timer = clock.CreateTimer(_ => LookAfter(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Gets the trouble that is seen, and how often it was made anew.</summary>
    internal required HealthBoard Health { get; init; }

    /// <summary>Opens it, where the kernel takes all of it. From now on it is told of every table.</summary>
    /// <exception cref="OperatorException">It was asked for, and cannot be had.</exception>
    internal void Start()
    {
        lock (_changing)
        {
            if (TryOpen() is { } refusal)
            {
                if (_wanted == Datapath.Kernel)
                {
                    throw new OperatorException(
                        $"--datapath kernel cannot be had: {refusal}; give --datapath auto");
                }

                LogReason(refusal);
            }
        }

        _timer.Change(TimeSpan.Zero, s_interval);
    }

    /// <summary>In words: <c>kernel</c>, or <c>user</c> and why.</summary>
    internal string State => Volatile.Read(ref _state);

    /// <summary>Takes up what a table has, before user space does.</summary>
    internal void Announce(RouteTable table)
    {
        lock (_changing)
        {
            if (_kernel is { } open)
            {
                open.Add(table, FindPeers(table));
                LogLeftOut(open);
            }
        }
    }

    /// <summary>Drops what a table no longer has, after user space has.</summary>
    internal void Settle(RouteTable table)
    {
        lock (_changing)
        {
            if (_kernel is { } open)
            {
                Refresh(open, table);
            }
        }
    }

    /// <summary>Looks again which way the peers are, and whether something has come that forbids it.</summary>
    internal void Repair()
    {
        lock (_changing)
        {
            if (_kernel is not { } open)
            {
                return;
            }

            if (!CloseForObstacle())
            {
                _innerMtus.Clear();
                Refresh(open, _routes.Current);
            }
        }
    }

    /// <summary>What the kernel has forwarded.</summary>
    internal KernelPathReport Report()
    {
        lock (_changing)
        {
            return _totals.Report(State, _kernel, _routes.Current);
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        lock (_changing)
        {
            _isDisposed = true;
            _kernel?.Dispose();
            _kernel = null;
            _peerRoutes.Dispose();
            _netlink.Dispose();
        }
    }

    // Twice a second: a helper interface that is gone takes TCP with it until it is noticed.
    private void LookAfter()
    {
        lock (_changing)
        {
            if (_isDisposed)
            {
                return;
            }

            if (_kernel is { } open)
            {
                if (FaultOf(open) is not { } fault)
                {
                    PeerPaths.Snapshot paths = _paths.Current;
                    long now = _paths.Now;
                    open.AskPeers(now / 1000, peer => paths.Find(peer, now).InnerMtu);
                    return;
                }

                if (!CloseForObstacle())
                {
                    Close(fault, _pause.Disturbed());
                }
            }

            if (_pause.IsOver)
            {
                OpenAgain();
            }
        }
    }

    private bool CloseForObstacle()
    {
        if (KernelPathObstacle.Find(_netlink, _underlay, out _) is not { } reason)
        {
            return false;
        }

        Close(reason, _pause.Obstructed());
        _loggedReason = reason; // once is enough
        return true;
    }

    private void Close(string reason, TimeSpan pause)
    {
        if (_kernel is { } open)
        {
            Log.KernelPathLost(
                _log, reason, pause == TimeSpan.Zero ? "now" : $"in {pause.TotalSeconds:0} s");
            _totals.Keep(open, _routes.Current);
            open.Dispose();
            _kernel = null;
            _loggedLeftOut = 0;
            Volatile.Write(ref _state, $"user ({reason})");
            Health.Raise(HealthCodes.KernelPathDisturbed, "", reason);
        }
    }

    private void OpenAgain()
    {
        if (TryOpen() is { } refusal)
        {
            LogReason(refusal);
        }
        else
        {
            _loggedReason = null;
            Health.Repairs.Add(RepairedObject.KernelPath);
            Log.KernelPathBack(_log);
        }
    }

    // Null when it is open; otherwise why not, and the pause has begun.
    private string? TryOpen()
    {
        string? refusal = KernelPathObstacle.Find(_netlink, _underlay, out int underlay);
        if (refusal is not null)
        {
            _ = _pause.Obstructed();
        }
        else
        {
            try
            {
                _innerMtus.Clear();
                _options = _options with { UnderlayIndex = underlay }; // which the peers are looked up by
                _options = _options with { Peers = FindPeers(_routes.Current).Count };
                _kernel = KernelForwarding.Open(_options, _netlink);
                Refresh(_kernel, _routes.Current);
                _pause.Opened();
            }
            catch (Exception problem) when (problem is LinuxException or InvalidDataException)
            {
                _kernel?.Dispose();
                _kernel = null;
                refusal = problem.Message;
                _ = _pause.Refused();
            }
        }

        Volatile.Write(ref _state, refusal is null ? "kernel" : $"user ({refusal})");
        if (refusal is null)
        {
            Health.Clear(HealthCodes.KernelPathDisturbed);
        }

        Health.Set(HealthCodes.NoKernelPath, "", refusal);
        return refusal;
    }

    private void Refresh(KernelForwarding open, RouteTable table)
    {
        IReadOnlyList<KernelPeer> peers = FindPeers(table);
        open.Add(table, peers);
        open.RemoveOthers(table, peers);
        _totals.Forget(table);
        LogLeftOut(open);
    }

    private List<KernelPeer> FindPeers(RouteTable table)
    {
        Ipv4Address[] peers = [.. table.Routes.Select(route => route.NextHop).Distinct()];
        Ipv4Address[] unknown = [.. peers.Where(peer => !_innerMtus.ContainsKey(peer))];
        foreach ((Ipv4Address peer, int? mtu) in _peerRoutes.FindMtus(unknown, _options.UnderlayIndex))
        {
            _innerMtus[peer] = (mtu ?? 0) - UdpPort.EncapsulationBytes;
        }

        return [.. peers.Select(peer => new KernelPeer(peer, _innerMtus[peer])).Where(peer => peer.InnerMtu > 0)];
    }

    private string? FaultOf(KernelForwarding open)
    {
        try
        {
            return open.FindFault(_netlink) ?? (open is { LeftOut: > 0, Room: < KernelForwarding.MostPeers }
                ? $"there are {open.LeftOut} peers more than the {open.Room} it was made for" : null);
        }
        catch (Exception problem) when (problem is LinuxException or InvalidDataException)
        {
            return problem.Message;
        }
    }

    private void LogLeftOut(KernelForwarding open)
    {
        int leftOut = open.Room < KernelForwarding.MostPeers ? 0 : open.LeftOut; // otherwise more room is made
        if (leftOut > 0 && _loggedLeftOut == 0)
        {
            Log.PeersWithoutRoom(_log, leftOut, KernelForwarding.MostPeers);
        }
        else if (leftOut == 0 && _loggedLeftOut > 0)
        {
            Log.RoomForAllPeers(_log);
        }

        _loggedLeftOut = leftOut;
    }

    private void LogReason(string reason)
    {
        if (_loggedReason != reason)
        {
            _loggedReason = reason;
            Log.NoKernelPath(_log, reason);
        }
    }
}
