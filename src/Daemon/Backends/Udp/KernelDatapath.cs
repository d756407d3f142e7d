using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Microsoft.Extensions.Logging;
using Overlay.Control;
using Overlay.Daemon.Logging;
using Overlay.Daemon.Options;
using Overlay.KernelPath;
using Overlay.Linux;
using Overlay.Linux.Netlink;
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
    private const int LongestPause = 360; // of calls to Repair: an hour

    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(500);

    private readonly KernelForwardingOptions _options;
    private readonly PeerRoutes _peerRoutes;
    private readonly Datapath _wanted;
    private readonly RouteTableCell _routes;
    private readonly PeerPaths _paths;
    private readonly RouteNetlink _netlink;
    private readonly ILogger _log;
    private readonly Lock _changing = new();
    private readonly Timer _timer;

    private KernelForwarding? _kernel;
    private string _state = "user";
    private KernelCounters _before; // of what was opened before
    private string? _loggedReason;
    private int _pause = 1; // of calls to Repair, between two attempts to open it
    private int _repairsUntilNext = 1;
    private bool _isDisposed;

    /// <summary>Gets ready; <see cref="Start"/> opens it.</summary>
    /// <param name="wanted">Auto or kernel.</param>
    /// <param name="options">What it is made of.</param>
    /// <param name="routes">The table in force.</param>
    /// <param name="paths">What is learned of the paths to peers.</param>
    /// <param name="log">Gets a line when it cannot be had, and when it comes and goes.</param>
    internal KernelDatapath(
        Datapath wanted, KernelForwardingOptions options, RouteTableCell routes, PeerPaths paths, ILogger log)
    {
        _wanted = wanted;
        _options = options;
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

        _timer = new Timer(_ => LookAfter(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

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
            _kernel?.Add(table, FindPeers(table));
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

    /// <summary>Looks again which way the peers are, and tries again where it could not be had.</summary>
    internal void Repair()
    {
        lock (_changing)
        {
            if (_isDisposed || FallBackOn(FindObstacle()))
            {
                return;
            }

            if (_kernel is { } open)
            {
                Refresh(open, _routes.Current);
            }
            else if (--_repairsUntilNext <= 0)
            {
                _repairsUntilNext = _pause = Math.Min(_pause * 2, LongestPause);
                OpenAgain();
            }
        }
    }

    /// <summary>What the kernel has forwarded.</summary>
    internal KernelPathReport Report()
    {
        lock (_changing)
        {
            KernelCounters totals = _before + (_kernel?.ReadTotals() ?? default);
            return new KernelPathReport(
                State, totals.OutboundPackets, totals.OutboundBytes, totals.InboundPackets, totals.InboundBytes,
                totals.OutboundDrops, totals.InboundDrops, [.. (_kernel?.ReadPeers() ?? []).Select(peer =>
                    new KernelPeerReport(
                        peer.Peer.ToString(), peer.IsReached, peer.OutboundPackets, peer.OutboundBytes,
                        peer.InboundPackets, peer.InboundBytes))]);
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
            if (_kernel is not { } open)
            {
                return;
            }

            if (FallBackOn(FaultOf(open)))
            {
                OpenAgain();
                return;
            }

            PeerPaths.Snapshot paths = _paths.Current;
            long now = _paths.Now;
            open.AskPeers(now / 1000, peer => paths.Find(peer, now).InnerMtu);
        }
    }

    // False when there is no reason, or nothing to close.
    private bool FallBackOn(string? reason)
    {
        if (reason is null || _kernel is not { } open)
        {
            return false;
        }

        Log.KernelPathLost(_log, reason);
        _before += open.ReadTotals();
        open.Dispose();
        _kernel = null;
        Volatile.Write(ref _state, $"user ({reason})");
        return true;
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
            _pause = 1;
            Log.KernelPathBack(_log);
        }
    }

    // Null when it is open.
    private string? TryOpen()
    {
        string? refusal = FindObstacle();
        if (refusal is null)
        {
            try
            {
                var opened = KernelForwarding.Open(_options, _netlink);
                Refresh(opened, _routes.Current);
                _kernel = opened;
            }
            catch (Exception problem) when (problem is LinuxException or InvalidDataException)
            {
                refusal = problem.Message;
            }
        }

        Volatile.Write(ref _state, refusal is null ? "kernel" : $"user ({refusal})");
        return refusal;
    }

    // What the kernel would not refuse, but must not be.
    private string? FindObstacle()
    {
        try
        {
            return _netlink.FindLink(_options.UnderlayIndex) is not { Mac: not null }
                    ? "the underlay is no Ethernet interface"
                : IpsecPolicies.Count() is var policies and not 0
                    ? $"this host has {policies} policies of IPsec, which it would pass by (ip xfrm policy)"
                : null;
        }
        catch (Exception problem) when (problem is LinuxException or InvalidDataException)
        {
            return problem.Message;
        }
    }

    private void Refresh(KernelForwarding open, RouteTable table)
    {
        IReadOnlyList<KernelPeer> peers = FindPeers(table);
        open.Add(table, peers);
        open.RemoveOthers(table, peers);
    }

    private List<KernelPeer> FindPeers(RouteTable table) =>
    [
        .. table.Routes.Select(route => route.NextHop).Distinct()
            .Select(peer => new KernelPeer(
                peer, (_peerRoutes.FindMtu(peer, _options.UnderlayIndex) ?? 0) - UdpPort.EncapsulationBytes))
            .Where(peer => peer.InnerMtu > 0),
    ];

    private string? FaultOf(KernelForwarding open)
    {
        try
        {
            return open.FindFault(_netlink);
        }
        catch (Exception problem) when (problem is LinuxException or InvalidDataException)
        {
            return problem.Message;
        }
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
