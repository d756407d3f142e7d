using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Control;
using Overlay.Daemon.Backends.Udp;
using Overlay.Daemon.Backends.Vxlan;
using Overlay.Daemon.Health;
using Overlay.Daemon.Logging;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Router.Paths;
using Overlay.Router.Tapping;

namespace Overlay.Daemon.Backends.Fallback;

/// <summary>
/// The vxlan backend with the udp backend beneath it. Packets of both ways are always taken; where a packet goes is a
/// matter of routes: the udp backend has one for the whole network, and the vxlan backend a longer one for each peer
/// that it reaches, so a peer's packets change over in the moment in which that route goes or comes.
/// </summary>
internal sealed class FallbackBackend : IBackend
{
    private readonly VxlanBackend _vxlan;
    private readonly UdpBackend _udp;
    private readonly ushort _port;
    private readonly Ipv4Address _publicIp;
    private readonly RouteNetlink _netlink;
    private readonly ILogger _log;
    private readonly HealthBoard _health;

    private WayProber? _prober;
    private Task<Exception>? _firstFault;
    private IReadOnlyList<string> _otherPorts = [];
    private string _loggedUnreachable = "";
    private volatile IReadOnlyList<Ipv4Address> _hosts = [];

    /// <param name="vxlan">Its part.</param>
    /// <param name="udp">Its part; it takes every packet of a peer that has it as well.</param>
    /// <param name="port">Of the udp backend on every host.</param>
    /// <param name="context">What both are prepared from.</param>
    /// <param name="netlink">The udp backend's connection; disposed here.</param>
    internal FallbackBackend(
        VxlanBackend vxlan, UdpBackend udp, ushort port, BackendContext context, RouteNetlink netlink)
    {
        (_vxlan, _udp, _port, _netlink, _log) = (vxlan, udp, port, netlink, context.Log);
        _health = context.Health;
        _publicIp = context.Options.Underlay.PublicIp ?? context.Underlay.Address;
        LeaseData = FallbackLeaseData.With(vxlan.LeaseData, port);
    }

    /// <inheritdoc/>
    public BackendLeaseData LeaseData { get; }

    /// <summary>What both ways take.</summary>
    public int Mtu => Math.Min(_vxlan.Mtu, _udp.Mtu);

    /// <summary>Of the udp backend, or of asking the peers; the vxlan backend has none.</summary>
    public Task<Exception> Fault => _firstFault ?? _udp.Fault;

    private WayProber Prober => _prober ?? throw new InvalidOperationException("the backend is not open yet");

    /// <summary>Opens both. What is in the way of the vxlan device does not matter: it is tried again.</summary>
    public void Open(Ipv4Prefix own)
    {
        _udp.Open(own); // first, because it may be refused, and the vxlan device stays once it is made
        if (_vxlan.TryOpen(own) is { } failure)
        {
            Log.NoVxlan(_log, failure);
            _health.Raise(HealthCodes.NoVxlan, "", failure);
        }

        _prober = new WayProber(_vxlan, _udp.ReadState().Interface, _port, RouteNetlink.Open(), _log)
        {
            Health = _health,
        };
    }

    /// <inheritdoc/>
    public bool IsRoutedPlainly(Ipv4Address peer) => _vxlan.IsDirect(peer);

    /// <inheritdoc/>
    public void Apply(LeaseView leases, LeaseDelta delta)
    {
        IReadOnlySet<Ipv4Address> hosts = FallbackLeaseData.HostsOf(
            leases.Leases, _port, out IReadOnlyList<string> otherPorts);
        SubnetLease[] reachable = [.. leases.Leases.Where(lease => hosts.Contains(lease.PublicIp))];
        string[] others = [.. otherPorts.Except(_otherPorts)];
        _otherPorts = otherPorts;
        if (others.Length > 0)
        {
            Log.OtherFallbackPorts(_log, _port, string.Join(", ", others));
        }

        // udp first: nothing that is left to it is to be without a route.
        _udp.Apply(Only(leases, reachable), LeaseDelta.Empty);
        Prober.Take(leases.OwnSubnet, reachable);
        _vxlan.Apply(leases, delta);
        _hosts = [.. leases.Leases.Select(lease => lease.PublicIp).Distinct()];
        _health.ClearExcept(HealthCodes.PeerByFallback, [.. _hosts.Select(host => host.ToString())]);
        LogUnreachable();
    }

    /// <inheritdoc/>
    public void Forward()
    {
        _udp.Forward();
        _vxlan.Forward();
        Prober.Start();
        _firstFault = Task.WhenAny(_udp.Fault, Prober.Fault).Unwrap();
    }

    /// <inheritdoc/>
    public void Repair()
    {
        _vxlan.Repair();
        _udp.Repair();
    }

    /// <inheritdoc/>
    public void LogTrouble()
    {
        _vxlan.LogTrouble();
        _udp.LogTrouble();
        LogUnreachable();
    }

    /// <inheritdoc/>
    public BackendState ReadState()
    {
        BackendState vxlan = _vxlan.ReadState();
        BackendState udp = _udp.ReadState();
        return vxlan with
        {
            Description = $"{vxlan.Description}; fallback {FallbackLeaseData.Type} through {udp.Interface}, "
                + $"{udp.Endpoint}, {udp.Description}",
            TunnelPort = udp.TunnelPort,
        };
    }

    /// <inheritdoc/>
    public IReadOnlyList<WorkerState> ReadWorkers() => _udp.ReadWorkers();

    /// <inheritdoc/>
    public IReadOnlyList<SocketMemory> ReadSockets() => _udp.ReadSockets();

    /// <inheritdoc/>
    public TapCell? Taps => _udp.Taps;

    /// <inheritdoc/>
    public IReadOnlyList<PeerError> ReadPeerErrors() => _udp.ReadPeerErrors();

    /// <inheritdoc/>
    public long CountPeerErrors(PeerErrorKind kind) => _udp.CountPeerErrors(kind);

    /// <summary>The directions and drops are those of udp; what went by VXLAN stands apart.</summary>
    public CountersReport ReadCounters()
    {
        CountersReport vxlan = _vxlan.ReadCounters();
        return _udp.ReadCounters() with
        {
            Routes = vxlan.Routes,
            Peers = vxlan.Peers,
            Fallback = new FallbackReport(
                _vxlan.ReadState().Interface,
                vxlan.Outbound.Packets,
                vxlan.Outbound.Bytes,
                vxlan.Inbound.Packets,
                vxlan.Inbound.Bytes,
                [.. _hosts.Order().Select(WayOf)],
                _vxlan.Failure),
        };
    }

    /// <summary>Ends asking first, which gives every packet back to the vxlan device; that stays.</summary>
    public void Dispose()
    {
        _prober?.Dispose();
        _vxlan.Dispose();
        _udp.Dispose();
        _netlink.Dispose();
    }

    private LeaseView Only(LeaseView all, IEnumerable<SubnetLease> leases)
    {
        var view = new LeaseView(all.OwnSubnet, _publicIp);
        _ = view.Apply(new LeaseUpdate.Snapshot([.. leases, .. all.FurtherOwn]));
        return view;
    }

    // Each time others are.
    private void LogUnreachable()
    {
        string hosts = _vxlan.Failure is null
            ? ""
            : string.Join(", ", _hosts.Where(host => Prober.Find(host) is null).Order());
        if (hosts != _loggedUnreachable)
        {
            _loggedUnreachable = hosts;
            if (hosts.Length > 0)
            {
                Log.NoWayToPeers(_log, hosts);
            }
        }
    }

    private PeerWayReport WayOf(Ipv4Address host) => Prober.Find(host) switch
    {
        _ when _vxlan.IsDirect(host) => new PeerWayReport(host.ToString(), "direct"),
        { Way: Way.Udp } peer => new PeerWayReport(host.ToString(), "udp", peer.Cause),
        null when _vxlan.Failure is not null => new PeerWayReport(
            host.ToString(), "none", "no VXLAN on this host, and the peer has no fallback"),
        _ => new PeerWayReport(host.ToString(), "vxlan"),
    };
}
