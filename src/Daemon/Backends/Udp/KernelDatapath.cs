using System;
using System.Collections.Generic;
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
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(500);

    private readonly KernelForwardingOptions _options;
    private readonly PeerRoutes _peerRoutes;
    private readonly PeerPaths _paths;
    private readonly RouteNetlink _netlink;
    private readonly ILogger _log;
    private readonly Lock _changing = new();
    private readonly Timer _asking;

    private RouteTable _table;
    private IReadOnlyList<KernelPeer> _peers = [];
    private KernelForwarding? _kernel;
    private string _state = "user";
    private KernelCounters _before; // of what was opened before
    private string? _loggedReason;
    private bool _isDisposed;

    /// <summary>Opens it, where the kernel takes all of it.</summary>
    /// <param name="wanted">Auto or kernel.</param>
    /// <param name="options">What it is made of.</param>
    /// <param name="table">The one in force.</param>
    /// <param name="paths">What is learned of the paths to peers.</param>
    /// <param name="log">Gets a line when it cannot be had, and when it comes and goes.</param>
    /// <exception cref="OperatorException">It was asked for, and cannot be had.</exception>
    internal KernelDatapath(
        Datapath wanted, KernelForwardingOptions options, RouteTable table, PeerPaths paths, ILogger log)
    {
        _options = options;
        _table = table;
        _paths = paths;
        _log = log;
        _netlink = RouteNetlink.Open();
        try
        {
            _peerRoutes = PeerRoutes.Open(_netlink, options.Own, options.TunnelIndex);
            if (TryOpen() is { } refusal)
            {
                if (wanted == Datapath.Kernel)
                {
                    throw new OperatorException($"--datapath kernel: {refusal.Message}", refusal);
                }

                LogReason(refusal.Message);
            }
        }
        catch
        {
            _peerRoutes?.Dispose();
            _netlink.Dispose();
            throw;
        }

        _asking = new Timer(_ => AskPeers(), null, TimeSpan.Zero, s_interval);
    }

    /// <summary>In words: <c>kernel</c>, or <c>user</c> and why.</summary>
    internal string State => Volatile.Read(ref _state);

    /// <summary>Takes up what a table has, before user space does.</summary>
    internal void Announce(RouteTable table)
    {
        lock (_changing)
        {
            _table = table;
            _kernel?.Add(table, FindPeers());
        }
    }

    /// <summary>Drops what a table no longer has, after user space has.</summary>
    internal void Settle(RouteTable table)
    {
        lock (_changing)
        {
            _kernel?.RemoveOthers(table, _peers);
        }
    }

    /// <summary>
    /// Puts it back where somebody has taken a part of it, and tries again where it could not be had.
    /// </summary>
    internal void Repair()
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
                    Refresh(open);
                    return;
                }

                Log.KernelPathLost(_log, fault);
                _before += open.ReadTotals();
                open.Dispose();
                _kernel = null;
            }

            if (TryOpen() is { } refusal)
            {
                LogReason(refusal.Message);
            }
            else
            {
                _loggedReason = null;
                Log.KernelPathBack(_log);
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
        _asking.Dispose();
        lock (_changing)
        {
            _isDisposed = true;
            _kernel?.Dispose();
            _kernel = null;
            _peerRoutes.Dispose();
            _netlink.Dispose();
        }
    }

    private LinuxException? TryOpen()
    {
        try
        {
            _kernel = KernelForwarding.Open(_options, _netlink);
            Refresh(_kernel);
            Volatile.Write(ref _state, "kernel");
            return null;
        }
        catch (LinuxException problem)
        {
            Volatile.Write(ref _state, $"user ({problem.Message})");
            return problem;
        }
    }

    private void Refresh(KernelForwarding open)
    {
        open.Add(_table, FindPeers());
        open.RemoveOthers(_table, _peers);
    }

    private IReadOnlyList<KernelPeer> FindPeers() => _peers =
    [
        .. _table.Routes.Select(route => route.NextHop).Distinct()
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
        catch (LinuxException problem)
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

    private void AskPeers()
    {
        lock (_changing)
        {
            PeerPaths.Snapshot paths = _paths.Current;
            long now = _paths.Now;
            _kernel?.AskPeers(now / 1000, peer => paths.Find(peer, now).InnerMtu);
        }
    }
}
