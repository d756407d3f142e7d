using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Control;
using Overlay.Daemon.Health;
using Overlay.Daemon.Host;
using Overlay.Daemon.Logging;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Daemon.Backends.HostGw;

/// <summary>
/// A route to each peer's subnet, by way of the peer. The kernel forwards; what is done here is to keep the routes as
/// the leases are. They stay at the end: pods go on while a daemon is replaced by its successor.
/// </summary>
internal sealed class HostGwBackend : IBackend
{
    private readonly ILogger _log;
    private readonly HealthBoard _health;
    private readonly WorkerProgress _progress;
    private readonly RouteNetlink _netlink;
    private readonly UnderlayInterface _underlay;
    private readonly Ipv4Prefix _network;
    private readonly TaskCompletionSource<Exception> _fault = new();

    private readonly Lock _changing = new();
    private readonly RepairAttempts _repairs;
    private readonly HashSet<Ipv4Prefix> _inTheWay = []; // subnets that are left out, and said to be
    private readonly Dictionary<Ipv4Route, string> _refused = []; // with the reason that was logged
    private SubnetLease[] _peers = [];
    private readonly List<SubnetLease> _former = []; // their routes have still to go
    private volatile int _index; // 0 while the interface is gone
    private bool _isDown;
    private KernelWatch? _watch;

    internal HostGwBackend(BackendContext context)
    {
        _log = context.Log;
        (_health, _progress) = (context.Health, context.Progress);
        _repairs = new RepairAttempts(_log) { Health = _health };
        _netlink = context.Netlink;
        RemoveRoute = _netlink.RemoveRoute;
        _underlay = context.Underlay;
        _network = context.Config.Network;
        _index = context.Underlay.Index;
    }

    /// <inheritdoc/>
    public BackendLeaseData LeaseData { get; } = new(HostGwBackendKind.Name);

    /// <inheritdoc/>
    public int Mtu => _underlay.Mtu;

    /// <summary>Never: there is nothing that could end.</summary>
    public Task<Exception> Fault => _fault.Task;

    /// <summary>
    /// Removes a route; false when it is gone. <see cref="LinuxException"/> when the kernel refuses, which a test
    /// cannot have it do to one route alone.
    /// </summary>
    internal Func<Ipv4Route, bool> RemoveRoute { get; init; }

    /// <summary>Listens to the kernel from now on. The own subnet needs no route: the pods' bridge has it.</summary>
    public void Open(Ipv4Prefix own) => _watch = KernelWatch.Open(
        NetlinkTopics.Links | NetlinkTopics.Addresses | NetlinkTopics.Routes, Concerns, Repair, _log, _health,
        _progress.Watch("host-gw watch"));

    /// <inheritdoc/>
    public bool IsRoutedPlainly(Ipv4Address peer) => true;

    /// <inheritdoc/>
    public void Apply(LeaseView leases, LeaseDelta delta)
    {
        lock (_changing)
        {
            _peers = [.. leases.Leases];
            _former.AddRange(delta.Removed);
            _ = _repairs.Try(_underlay.Name, () => Reconcile(isRepair: false));
        }
    }

    /// <summary>The kernel forwards since there is a route; from now on the routes are looked after.</summary>
    public void Forward() => _watch?.Start();

    /// <inheritdoc/>
    public void Repair()
    {
        lock (_changing)
        {
            _ = _repairs.Try(_underlay.Name, () => Reconcile(isRepair: true));
        }
    }

    /// <summary>What there is to say is said when it happens.</summary>
    public void LogTrouble()
    {
    }

    /// <inheritdoc/>
    public BackendState ReadState()
    {
        CountersReport counters = ReadCounters();
        return new BackendState(
            _underlay.Name, $"gateway {_underlay.Address}", counters.Peers,
            "host-gw: the kernel forwards, by a route for each subnet");
    }

    /// <summary>The routes that are in force. What the interface counts is not the pods' alone.</summary>
    public CountersReport ReadCounters()
    {
        lock (_changing)
        {
            Ipv4Route[] inForce = [.. Wanted().Where(route => !_isDown && !_refused.ContainsKey(route))];
            var none = new Dictionary<string, long>();
            var nothing = new DirectionReport(0, 0, none, none);
            return new CountersReport(
                nothing, nothing, none, inForce.Length, inForce.Select(route => route.Gateway).Distinct().Count(),
                new Dictionary<string, string>(), [],
                KernelForwarding: new KernelForwardingReport(_underlay.Name, IsCounted: false));
        }
    }

    /// <summary>Stops looking after the routes.</summary>
    public void Dispose() => _watch?.Dispose();

    // On the watch's thread.
    private bool Concerns(NetlinkEvent change) => change.Subject switch
    {
        NetlinkSubject.Route => change.Port != _netlink.Port && _network.Contains(change.Destination.Address),
        _ => _index == 0 || change.InterfaceIndex == _index,
    };

    private Ipv4Route[] Wanted() => _index == 0 ? [] :
    [
        .. _peers.Where(lease => !_inTheWay.Contains(lease.Subnet))
            .Select(lease => GatewayRoutes.Of(lease.Subnet, lease.PublicIp, _index)),
    ];

    private void Reconcile(bool isRepair)
    {
        LeaveOutSubnetsOfTheLink();
        if (!FindLink())
        {
            return;
        }

        Ipv4Route[] wanted = Wanted();
        RouteChanges changes = GatewayRoutes.Compare(
            _netlink.GetRoutes(), wanted,
            [.. _former.Select(lease => GatewayRoutes.Of(lease.Subnet, lease.PublicIp, _index))], _network);
        LinuxException? refusal = Remove(changes.Removed, isRepair);
        Set(changes.Set, isRepair);
        ForgetRefusals(wanted, changes.Set);
        if (refusal is not null)
        {
            throw refusal; // after everything else is done
        }
    }

    private void LeaveOutSubnetsOfTheLink()
    {
        Ipv4Prefix link = _underlay.Local;
        HashSet<Ipv4Prefix> now =
        [
            .. _peers.Select(lease => lease.Subnet).Where(subnet => GatewayRoutes.IsOfLink(subnet, link)),
        ];
        foreach (Ipv4Prefix subnet in now.Where(subnet => !_inTheWay.Contains(subnet)))
        {
            Log.SubnetOnLink(_log, subnet.ToString(), link.ToString(), _underlay.Name);
        }

        _inTheWay.Clear();
        _inTheWay.UnionWith(now);
    }

    // By its index, and made anew by its name.
    private bool FindLink()
    {
        Link? link = (_index == 0 ? null : _netlink.FindLink(_index)) ?? _netlink.FindLink(_underlay.Name);
        bool wasThere = _index != 0;
        _index = link?.Index ?? 0;
        _health.Set(
            HealthCodes.UnderlayGone, _underlay.Name, link is null ? $"interface {_underlay.Name} is gone" : null);
        _health.Set(
            HealthCodes.UnderlayDown, _underlay.Name, link is { IsUp: false } ? $"interface {link.Name} is down" : null,
            $"bring it up: ip link set {link?.Name} up");
        if (link is null)
        {
            if (wasThere)
            {
                Log.LinkGone(_log, _underlay.Name, "it is looked for until it is back");
            }

            return false;
        }

        if (!link.IsUp && !_isDown)
        {
            Log.LinkDown(_log, link.Name);
        }

        _isDown = !link.IsUp;
        return link.IsUp;
    }

    // One that is refused stays, and is tried again; the others are removed all the same. The last refusal.
    private LinuxException? Remove(IReadOnlyList<Ipv4Route> routes, bool isRepair)
    {
        List<Ipv4Route> gone = [];
        HashSet<Ipv4Prefix> refused = [];
        LinuxException? refusal = null;
        foreach (Ipv4Route route in routes)
        {
            try
            {
                if (RemoveRoute(route))
                {
                    gone.Add(route);
                }
            }
            catch (LinuxException problem)
            {
                _ = refused.Add(route.Destination);
                refusal = problem;
            }
        }

        gone.RemoveAll(route => _former.Any(lease => lease.Subnet == route.Destination)); // logged with its lease
        _former.RemoveAll(lease => !refused.Contains(lease.Subnet));
        if (gone.Count > 0 && !isRepair)
        {
            Log.RoutesOfNobody(_log, GatewayRoutes.Name(gone), _underlay.Name);
        }

        return refusal;
    }

    private void Set(IReadOnlyList<RouteChange> changes, bool isRepair)
    {
        List<Ipv4Route> putBack = [];
        foreach (RouteChange change in changes)
        {
            try
            {
                _netlink.ReplaceRoute(change.Route);
            }
            catch (LinuxException problem)
            {
                Refuse(change.Route, problem);
                continue;
            }

            if (_refused.Remove(change.Route))
            {
                ClearRefusal(change.Route);
                Log.PeerOnLink(_log, change.Route.ToString(), _underlay.Name);
            }
            else if (change.Before is { } before)
            {
                Log.RouteReplaced(_log, Describe(before), change.Route.ToString(), _underlay.Name);
            }
            else if (isRepair)
            {
                putBack.Add(change.Route);
            }
        }

        if (putBack.Count > 0)
        {
            _health.Repairs.Add(RepairedObject.Route, putBack.Count);
            Log.PutBack(_log, $"route {GatewayRoutes.Name(putBack)}", _underlay.Name);
        }
    }

    // ENETUNREACH and EINVAL: no route of this host has the gateway on the link (net/ipv4/fib_semantics.c,
    // fib_check_nh_v4_gw), or it is one of this host's own addresses.
    private void Refuse(Ipv4Route route, LinuxException problem)
    {
        if (_refused.TryGetValue(route, out string? reason) && reason == problem.Message)
        {
            return;
        }

        _refused[route] = problem.Message;
        ClearRefusal(route);
        bool isNotOnLink = problem.Errno is Errno.ENETUNREACH or Errno.EHOSTUNREACH or Errno.EINVAL;
        _health.Raise(
            isNotOnLink ? HealthCodes.PeerNotOnLink : HealthCodes.PeerNotMade, route.Destination.ToString(),
            isNotOnLink
                ? $"the peer {route.Gateway} is not on the link of {_underlay.Name} ({_underlay.Local})"
                : problem.Message);
        if (isNotOnLink)
        {
            Log.PeerNotOnLink(
                _log, route.Gateway?.ToString() ?? "", route.Destination.ToString(), _underlay.Name,
                _underlay.Local.ToString());
        }
        else
        {
            Log.RouteRefused(_log, route.ToString(), problem.Message);
        }
    }

    private void ForgetRefusals(IReadOnlyList<Ipv4Route> wanted, IReadOnlyList<RouteChange> tried)
    {
        HashSet<Ipv4Route> open = [.. tried.Select(change => change.Route).Intersect(wanted)];
        foreach (Ipv4Route route in _refused.Keys.Where(route => !open.Contains(route)).ToList())
        {
            _ = _refused.Remove(route);
            ClearRefusal(route);
        }
    }

    private void ClearRefusal(Ipv4Route route)
    {
        _health.Clear(HealthCodes.PeerNotOnLink, route.Destination.ToString());
        _health.Clear(HealthCodes.PeerNotMade, route.Destination.ToString());
    }

    private string Describe(Ipv4Route route) => route switch
    {
        { InterfaceIndex: { } index } => $"{route} dev {_netlink.FindLink(index)?.Name ?? $"#{index}"}",
        { Hops.Count: > 0 } => $"{route} by several ways",
        _ => $"{route} to nowhere",
    };
}
