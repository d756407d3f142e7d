using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Control;
using Overlay.Daemon.Health;
using Overlay.Daemon.Host;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Daemon.Backends.Vxlan;

/// <summary>
/// A vxlan device and the kernel's entries for the peers: the kernel forwards. As with stock, all of it stays when the
/// daemon ends.
/// </summary>
internal sealed class VxlanBackend : IBackend
{
    private readonly Lock _changing = new();
    private readonly ILogger _log;
    private readonly HealthBoard _health;
    private readonly WorkerProgress _progress;
    private readonly Ipv4Prefix _network;
    private readonly VxlanDevicePlan _plan;
    private readonly bool _isDirectRouting;
    private readonly VxlanDevice _device;
    private readonly VxlanPeers _peers;
    private readonly RepairAttempts _repairs;
    private readonly uint _port; // of the netlink socket that all changes go by
    private readonly TaskCompletionSource<Exception> _fault = new();

    private RouteLookup? _routes;
    private VxlanCounters? _counters;
    private KernelWatch? _watch;
    private Ipv4Prefix _subnet;

    // For the watch's thread.
    private volatile int _index;
    private volatile bool _isInOrder;

    /// <param name="context">What it is prepared from.</param>
    /// <param name="plan">The device.</param>
    /// <param name="isDirectRouting">Whether peers that no gateway is in front of are routed to plainly.</param>
    internal VxlanBackend(BackendContext context, VxlanDevicePlan plan, bool isDirectRouting)
    {
        _log = context.Log;
        _repairs = new RepairAttempts(_log) { Health = context.Health };
        (_health, _progress) = (context.Health, context.Progress);
        _network = context.Config.Network;
        _plan = plan;
        _isDirectRouting = isDirectRouting;
        var published = new VtepLeaseData(plan.Settings.Vni, plan.Mac);
        LeaseData = published.ToLeaseData();
        _port = context.Netlink.Port;
        _device = new VxlanDevice(context.Netlink, plan, _network, _log) { Health = context.Health };
        _peers = new VxlanPeers(
            context.Netlink, isDirectRouting ? FindDirectLink : null, published, context.Underlay.Local, _network,
            _log)
        {
            Health = context.Health,
        };
    }

    /// <inheritdoc/>
    public BackendLeaseData LeaseData { get; }

    /// <inheritdoc/>
    public int Mtu => _plan.Mtu;

    /// <summary>Never completes: what goes wrong is tried again.</summary>
    public Task<Exception> Fault => _fault.Task;

    /// <inheritdoc/>
    public void Open(Ipv4Prefix own)
    {
        lock (_changing)
        {
            _subnet = own;
            _routes = RouteLookup.Open();
            _watch = KernelWatch.Open(
                NetlinkTopics.Links | NetlinkTopics.Neighbours | NetlinkTopics.Addresses | NetlinkTopics.Routes,
                Concerns, Repair, _log, _health, _progress.Watch("vxlan watch"));
            _device.Open(own);
            _index = _device.Index;
            _isInOrder = true;
        }
    }

    /// <summary>Its UDP port.</summary>
    internal ushort? Port => _plan.Settings.Port;

    /// <summary>As <see cref="Open"/>, but what is in the way of the device is tried again from then on.</summary>
    /// <param name="own">The subnet that this host holds.</param>
    /// <returns>What is in the way; null when nothing is.</returns>
    /// <exception cref="LinuxException">The kernel refused the sockets to ask it by.</exception>
    internal string? TryOpen(Ipv4Prefix own)
    {
        try
        {
            Open(own);
        }
        catch (Exception problem) when (_watch is not null && problem is LinuxException or OperatorException)
        {
            _repairs.Failure = problem.Message; // logged by who called
        }

        return _repairs.Failure;
    }

    /// <summary>What is in the way of the device; null when it is up. Any thread may ask.</summary>
    internal string? Failure => _isInOrder ? null : _repairs.Failure ?? $"interface {_plan.Name} is down";

    /// <summary>Whether a host is routed to plainly (DirectRouting). Any thread may ask.</summary>
    internal bool IsDirect(Ipv4Address host) => _peers.IsDirect(host);

    /// <inheritdoc/>
    public bool IsRoutedPlainly(Ipv4Address peer) => IsDirect(peer);

    /// <summary>
    /// From now on no route leads to these hosts by the device, which reaches them all the same. In force when it
    /// returns.
    /// </summary>
    internal void LeaveUnrouted(IReadOnlySet<Ipv4Address> hosts)
    {
        lock (_changing)
        {
            _peers.Unrouted = hosts;
            Reconcile();
        }
    }

    /// <inheritdoc/>
    public void Apply(LeaseView leases, LeaseDelta delta)
    {
        lock (_changing)
        {
            _subnet = leases.OwnSubnet;
            _peers.Take(leases.Leases);
            Reconcile();
        }
    }

    /// <summary>Begins to look after what was made. The kernel forwards as soon as it knows a peer.</summary>
    public void Forward()
    {
        _counters = new VxlanCounters(RouteNetlink.Open());
        _watch?.Start();
    }

    /// <inheritdoc/>
    public void Repair()
    {
        lock (_changing)
        {
            Reconcile();
        }
    }

    /// <summary>Nothing is left for it: what goes wrong is logged when it does.</summary>
    public void LogTrouble()
    {
    }

    /// <inheritdoc/>
    public BackendState ReadState() => new(
        _plan.Name,
        $"VXLAN VNI {_plan.Settings.Vni}, UDP port {_plan.Settings.Port} of {_plan.Settings.Local}",
        _peers.HostCount,
        $"forwarded by the kernel, MAC {_plan.Mac}{(_isDirectRouting ? ", direct routing" : "")}")
    {
        VxlanPort = _plan.Settings.Port,
    };

    /// <inheritdoc/>
    public CountersReport ReadCounters() =>
        (_counters ?? throw new InvalidOperationException("the backend does not forward yet"))
            .Read(_index, _plan.Name, _peers.SubnetCount, _peers.HostCount);

    /// <summary>Stops looking after the device, which stays with all its entries.</summary>
    public void Dispose()
    {
        _watch?.Dispose();
        _routes?.Dispose();
        _counters?.Dispose();
    }

    private void Reconcile()
    {
        bool isUp = false;
        bool isDone = _repairs.Try(_plan.Name, () =>
        {
            isUp = _device.Repair(_subnet);
            _index = _device.Index;
            if (isUp)
            {
                _peers.Reconcile(_device.Index, _plan.Name);
            }
        });
        _isInOrder = isDone && isUp;
    }

    /// <summary>The interface that leads to a peer without a gateway; null when there is none.</summary>
    private int? FindDirectLink(Ipv4Address peer)
    {
        try
        {
            return _routes?.Find(peer) is { Gateway: null } way && way.InterfaceIndex != _device.Index
                ? way.InterfaceIndex
                : null;
        }
        catch (Exception problem) when (problem is LinuxException or InvalidDataException)
        {
            return null; // asked again with the next look
        }
    }

    // On the watch's thread. The kernel does not say by whom a forwarding entry was changed, so of neighbours only what
    // is gone counts, and what a program says it has changed.
    private bool Concerns(NetlinkEvent change)
    {
        if (change.Port == _port)
        {
            return false;
        }

        bool isOfDevice = change.InterfaceIndex == _index;
        return change.Subject switch
        {
            NetlinkSubject.Link => isOfDevice || !_isInOrder
                || (_isDirectRouting && change.InterfaceIndex == _plan.Settings.ParentIndex),
            NetlinkSubject.Neighbour => isOfDevice && (change.IsRemoval || change.Port != 0),
            NetlinkSubject.Address => isOfDevice,
            NetlinkSubject.Route => _isDirectRouting || _network.Contains(change.Destination),
            _ => true,
        };
    }
}
