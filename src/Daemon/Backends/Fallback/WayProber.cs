using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Backends.Vxlan;
using Overlay.Daemon.Logging;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Daemon.Backends.Fallback;

/// <summary>
/// Asks every peer that has the fall-back once a second whether VXLAN reaches it and comes back, answers the peers'
/// questions, and has the vxlan backend leave those unrouted that are to be reached by udp.
/// </summary>
internal sealed class WayProber : IDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    private readonly VxlanBackend _vxlan;
    private readonly (string Vxlan, string Udp) _devices;
    private readonly RouteNetlink _netlink;
    private readonly ILogger _log;
    private readonly PeerWays _ways = new(RandomNonce);
    private readonly (ProbeSocket Vxlan, ProbeSocket Udp) _sockets;
    private readonly Lock _routing = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource<Exception> _fault =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Task _asking = Task.CompletedTask;
    private IReadOnlySet<Ipv4Address> _unrouted = new HashSet<Ipv4Address>();
    private volatile uint _own; // an address
    private string? _failure;

    /// <param name="vxlan">Open.</param>
    /// <param name="tunnel">The name of the udp backend's device.</param>
    /// <param name="port">Of the udp backend on every host.</param>
    /// <param name="netlink">A connection of its own; disposed here.</param>
    /// <param name="log">Gets a line for each change.</param>
    internal WayProber(VxlanBackend vxlan, string tunnel, ushort port, RouteNetlink netlink, ILogger log)
    {
        (_vxlan, _netlink, _log) = (vxlan, netlink, log);
        _devices = (vxlan.ReadState().Interface, tunnel);
        _failure = vxlan.Failure;
        _sockets = (Open(Way.Vxlan, _devices.Vxlan), Open(Way.Udp, _devices.Udp));

        ProbeSocket Open(Way way, string device) =>
            new(device, port, (from, message) => _ways.Take(way, from, message), log);
    }

    /// <summary>Gets the trouble that is seen.</summary>
    internal required HealthBoard Health { get; init; }

    /// <summary>
    /// Completes with the reason when asking has ended by itself: no peer's packets would go another way any more.
    /// </summary>
    internal Task<Exception> Fault => _fault.Task;

    /// <summary>By what packets to a host go now; null when it has no fall-back.</summary>
    internal WayChange? Find(Ipv4Address host) => _ways.Find(host);

    /// <summary>From now on these are the peers. Before the vxlan backend is told of them.</summary>
    /// <param name="own">This host's subnet.</param>
    /// <param name="leases">The leases of the hosts that have the fall-back.</param>
    internal void Take(Ipv4Prefix own, IEnumerable<SubnetLease> leases)
    {
        _own = own.Address.Value;
        lock (_routing)
        {
            _ways.Take(leases);
            Route();
        }
    }

    /// <summary>Begins to ask.</summary>
    internal void Start() => _asking = Task.Run(() => AskAsync(_ending.Token));

    /// <summary>
    /// Ends asking and answering. Without this daemon only VXLAN can go on, so everything goes by it.
    /// </summary>
    public void Dispose()
    {
        _ending.Cancel();
        _asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        _sockets.Vxlan.Dispose();
        _sockets.Udp.Dispose();
        _netlink.Dispose();
        _ending.Dispose();
        if (_unrouted.Count > 0)
        {
            _vxlan.LeaveUnrouted(new HashSet<Ipv4Address>());
        }
    }

    private static ulong RandomNonce() =>
        BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    private async Task AskAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(s_interval);
        try
        {
            do
            {
                Ask();
            }
            while (await timer.WaitForNextTickAsync(cancellation));
        }
        catch (Exception problem) when (!cancellation.IsCancellationRequested)
        {
            _fault.SetResult(problem);
        }
    }

    private void Ask()
    {
        FollowDevice(_sockets.Vxlan, _devices.Vxlan);
        FollowDevice(_sockets.Udp, _devices.Udp);
        string? failure = _vxlan.Failure;
        lock (_routing)
        {
            IReadOnlyList<WayChange> changes = _ways.Judge(failure is null);
            Route();
            Report(failure, changes);
        }

        foreach (OutgoingProbe probe in _ways.Ask(_vxlan.IsDirect))
        {
            (probe.Way == Way.Vxlan ? _sockets.Vxlan : _sockets.Udp).Send(probe.To, probe.Message);
        }
    }

    private void FollowDevice(ProbeSocket socket, string device)
    {
        int index;
        try
        {
            index = _netlink.FindLink(device)?.Index ?? 0;
        }
        catch (Exception problem) when (problem is LinuxException or InvalidDataException)
        {
            return; // asked again with the next question
        }

        if (socket.Follow(index, new Ipv4Address(_own)))
        {
            ReversePath.Loosen(device, _log, Health);
        }
    }

    // Under the lock: what is put in force last is what was decided last.
    private void Route()
    {
        IReadOnlySet<Ipv4Address> onUdp = _ways.OnUdp();
        if (!_unrouted.SetEquals(onUdp))
        {
            _unrouted = onUdp;
            _vxlan.LeaveUnrouted(onUdp);
        }
    }

    private void Report(string? failure, IReadOnlyList<WayChange> changes)
    {
        bool hadDevice = _failure is null;
        if (failure is null && !hadDevice)
        {
            Log.VxlanIsBack(_log, _devices.Vxlan);
        }
        else if (failure is not null && hadDevice)
        {
            Log.NoVxlan(_log, failure);
        }

        _failure = failure;
        Health.Set(HealthCodes.NoVxlan, "", failure);
        foreach (WayChange change in changes)
        {
            Health.Set(HealthCodes.PeerByFallback, change.Host.ToString(), failure is null ? change.Cause : null);
        }

        foreach (IGrouping<string?, WayChange> group in changes.GroupBy(change => change.Cause))
        {
            string hosts = NameList.Shorten([.. group.Select(change => change.Host.ToString())]);
            if (group.Key is null)
            {
                Log.ByVxlan(_log, hosts);
            }
            else if (failure is null)
            {
                Log.ByUdp(_log, hosts, group.Key);
            }
        }
    }
}
