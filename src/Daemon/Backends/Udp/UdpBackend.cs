using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Control;
using Overlay.Daemon.Handover;
using Overlay.Daemon.Health;
using Overlay.Daemon.Host;
using Overlay.Daemon.Logging;
using Overlay.Daemon.Options;
using Overlay.Health;
using Overlay.KernelPath;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Router.Forwarding;
using Overlay.Router.IcmpErrors;
using Overlay.Router.Packets;
using Overlay.Router.Paths;
using Overlay.Router.Tapping;
using Overlay.Router.Ports;
using Overlay.Router.Routes;

namespace Overlay.Daemon.Backends.Udp;

/// <summary>The TUN device, the sockets and the threads between them.</summary>
internal sealed class UdpBackend : IBackend
{
    // Of calls to LogTrouble; drops are worth a line a minute.
    private const int CallsPerDropReport = 6;

    private readonly RunOptions _options;
    private readonly Ipv4Address _address; // the underlay's
    private readonly ushort _port;
    private readonly string _underlay; // the interface that leads to others
    private readonly ILogger _log;
    private readonly HealthBoard _health;
    private readonly WorkerProgress _progress;
    private readonly RouteNetlink _netlink;
    private readonly KeptDescriptors _kept;
    private readonly TunnelAddress _tunnel;
    private readonly RouteTableCell _routes = new();
    private readonly Ipv4Prefix _network;
    private readonly int _subnetLength;
    private readonly TaskCompletionSource<Exception> _fault = new();

    private readonly Lock _repairing = new();

    private KernelWatch? _watch;
    private DataPlane? _dataPlane;
    private PeerRoutes? _peerRoutes;
    private RoutePublisher? _publisher;
    private bool _mtuIsSettled;
    private IcmpPort? _icmp;
    private Forwarder? _forwarder;
    private KernelDatapath? _kernel;
    private DropReport? _drops;
    private AccelerationReport? _accelerations;
    private int _troubleCalls;

    /// <param name="context">What it is prepared from.</param>
    /// <param name="mtu">Of the tunnel, in bytes; unless it was asked for, a way to a peer can lower it.</param>
    /// <param name="port">The UDP port of every host.</param>
    internal UdpBackend(BackendContext context, int mtu, ushort port)
    {
        _options = context.Options;
        _address = context.Underlay.Address;
        _port = port;
        _underlay = context.Underlay.Wire ?? context.Underlay.Name;
        _log = context.Log;
        (_health, _progress) = (context.Health, context.Progress);
        _netlink = context.Netlink;
        _kept = context.Kept;
        Mtu = mtu;
        _tunnel = new TunnelAddress(context.Netlink, context.Config.Network, mtu, context.Log, context.Health);
        _network = context.Config.Network;
        _subnetLength = context.Config.SubnetLength;
        _mtuIsSettled = context.Options.Mtu is not null;
    }

    /// <inheritdoc/>
    public BackendLeaseData LeaseData => BackendLeaseData.None;

    /// <inheritdoc/>
    public int Mtu { get; private set; }

    /// <inheritdoc/>
    public Task<Exception> Fault => _forwarder?.Fault ?? _fault.Task;

    private Forwarder Running => _forwarder ?? throw new InvalidOperationException("the backend does not forward yet");

    private RoutePublisher Publisher => _publisher
        ?? throw new InvalidOperationException("the backend is not open yet");

    private DataPlane Opened => _dataPlane ?? throw new InvalidOperationException("the backend is not open yet");

    /// <inheritdoc/>
    public void Open(Ipv4Prefix own)
    {
        _watch = KernelWatch.Open(
            NetlinkTopics.Links | NetlinkTopics.Addresses | NetlinkTopics.Routes, Concerns, Repair, _log,
            _health, _progress.Watch("udp watch"));
        _dataPlane = DataPlane.Open(_options, _address, _port, _netlink, new TunnelHandover(_kept));
        LogOtherTunnels(_dataPlane.Tun.Name);
        _tunnel.Configure(_dataPlane.Tun.Name, _dataPlane.TunIndex, own);
        _dataPlane.ProbeWrites();
        var peerRoutes = PeerRoutes.Open(
            _netlink, new TunnelEndpoint(_address, _port), _dataPlane.TunIndex);
        _peerRoutes = peerRoutes;
        _publisher = new RoutePublisher(PutInForce, _network, peerRoutes.IsThroughTunnel, _log)
        {
            Health = _health,
        };
        _icmp = OpenIcmp();
    }

    // An earlier number that is taken is a daemon that still runs, or a device that was made to stay.
    private void LogOtherTunnels(string own)
    {
        foreach (string other in TunnelLink.FindEarlier(_netlink, own))
        {
            string? holder = Holders.OfTun(other);
            Log.OtherTunnel(
                _log, own, other, holder is null
                    ? $"no process is seen that holds it: ip link del {other}"
                    : $"process {holder} holds it: end it unless it is for another network");
        }
    }

    /// <inheritdoc/>
    public void Apply(LeaseView leases, LeaseDelta delta)
    {
        Publisher.Publish(leases);
        _tunnel.MoveTo(leases.OwnSubnet);
        if (!_mtuIsSettled)
        {
            _mtuIsSettled = true;
            LowerMtu(leases.Leases.Select(lease => lease.PublicIp).Distinct());
        }
    }

    /// <inheritdoc/>
    public void Forward()
    {
        DataPlane opened = Opened;
        _forwarder = opened.CreateForwarder(_routes, _icmp, Mtu);
        _drops = new DropReport(_forwarder, _log);
        _accelerations = new AccelerationReport(opened.Accelerations, _forwarder.Paths, _log);
        _forwarder.Start();
        _kernel = PrepareKernelPath(opened, _forwarder.Paths);
        _kernel?.Start();
        _watch?.Start();
    }

    /// <inheritdoc/>
    public void Repair()
    {
        lock (_repairing)
        {
            _tunnel.Repair();
            _publisher?.Refresh();
            _kernel?.Repair();
        }
    }

    /// <inheritdoc/>
    public void LogTrouble()
    {
        _accelerations?.LogLosses();
        if (++_troubleCalls % CallsPerDropReport == 0)
        {
            _drops?.LogGrowth();
        }
    }

    /// <inheritdoc/>
    public BackendState ReadState() => new(
        Opened.Tun.Name,
        $"UDP {_address}:{_port}",
        _routes.Current.PeerCount,
        $"datapath {_kernel?.State ?? "user"}, engine {Opened.Description}, source check "
            + _options.SourceCheck.ToString().ToLowerInvariant())
    {
        TunnelPort = _port,
    };

    /// <inheritdoc/>
    public CountersReport ReadCounters() =>
        ForwarderReport.Of(Running, _routes.Current, Opened.ReadKernelDrops(), _kernel);

    /// <inheritdoc/>
    public IReadOnlyList<WorkerState> ReadWorkers() =>
    [
        .. Running.Threads.Select(thread => new WorkerState(thread.Name, thread.Turns, thread.IsWaiting)),
    ];

    /// <inheritdoc/>
    public IReadOnlyList<SocketMemory> ReadSockets() => Opened.ReadSockets();

    /// <inheritdoc/>
    public TapCell? Taps => _forwarder?.Taps;

    /// <inheritdoc/>
    public bool IsKernelForwarding => _kernel is not null;

    /// <inheritdoc/>
    public IReadOnlyList<PeerError> ReadPeerErrors() => Running.Errors.Read();

    /// <inheritdoc/>
    public long CountPeerErrors(PeerErrorKind kind) => Running.Errors.CountOf(kind);

    /// <summary>
    /// Stops the threads, then closes what they use: unless it is kept for another daemon, the device goes with its
    /// last descriptor, and with it address and route.
    /// </summary>
    public void Dispose()
    {
        _watch?.Dispose();
        _kernel?.Dispose();
        _forwarder?.Dispose();
        _icmp?.Dispose();
        _peerRoutes?.Dispose();
        _dataPlane?.Dispose();
    }

    // What others have changed about the tunnel, or taken of the network's route.
    private bool Concerns(NetlinkEvent change) => change.Port != _netlink.Port
        && (change.InterfaceIndex == _dataPlane?.TunIndex
            || (change.Subject == NetlinkSubject.Route && change.IsRemoval && change.Destination == _network));

    // Once, before anything is forwarded and subnet.env tells pods the MTU. The datagrams need not leave by the
    // interface whose address they have.
    private void LowerMtu(IEnumerable<Ipv4Address> peers)
    {
        if (_peerRoutes?.FindSmallestMtu(peers) is not { } smallest)
        {
            return;
        }

        int mtu = Math.Max(smallest.Mtu - UdpPort.EncapsulationBytes, RunLimits.MinimumMtu);
        if (mtu < Mtu)
        {
            Log.MtuOfPeers(_log, mtu, Mtu, smallest.Peer.ToString(), smallest.Mtu);
            Mtu = mtu;
            _tunnel.SetMtu(mtu);
        }
    }

    // What the kernel takes up first and drops last, user space never gets a part of.
    private void PutInForce(RouteTable table)
    {
        _kernel?.Announce(table);
        _routes.Publish(table);
        _kernel?.Settle(table);
    }

    private KernelDatapath? PrepareKernelPath(DataPlane opened, PeerPaths paths)
    {
        if (_options.Datapath == Datapath.User)
        {
            return null;
        }

        if (_options.Datapath == Datapath.Auto && OptionForUserSpace() is { } option)
        {
            string reason = $"{option} is about user space (--datapath kernel has both)";
            Log.NoKernelPath(_log, reason);
            _health.Raise(HealthCodes.NoKernelPath, "", reason);
            return null;
        }

        var options = new KernelForwardingOptions(
            new TunnelEndpoint(_address, _port), opened.TunIndex, Mtu, 0, _network, _subnetLength);
        return new KernelDatapath(
            _options.Datapath, options, _underlay, _routes, paths, _log, TimeProvider.System)
        {
            Health = _health,
        };
    }

    // Who says how user space works, wants it to.
    private string? OptionForUserSpace() =>
        _options.IsMetered ? "--meter"
        : _options.Engine != Engine.Offload ? "--engine"
        : _options.Without.Count > 0 ? "--without"
        : _options.Workers is not null ? "--workers"
        : _options.SpinMicroseconds > 0 ? "--spin-us"
        : null;

    private IcmpPort? OpenIcmp()
    {
        try
        {
            return new IcmpPort(IcmpSocket.Open());
        }
        catch (LinuxException problem)
        {
            Log.NoIcmp(_log, problem.Message);
            _health.Raise(HealthCodes.NoIcmpErrors, "", problem.Message);
            return null;
        }
    }
}
