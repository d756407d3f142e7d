using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using Overlay.Control;
using Overlay.Daemon.Backends;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Net;

namespace Overlay.Daemon.Tests.Status;

/// <summary>A backend that has counted what a test says, and forwards nothing.</summary>
internal sealed class ScriptedBackend : IBackend
{
    private static readonly DirectionReport s_nothing = new(
        0, 0, new Dictionary<string, long>(), new Dictionary<string, long>());

    public BackendLeaseData LeaseData => BackendLeaseData.None;

    public int Mtu => 1472;

    public Task<Exception> Fault { get; } = new TaskCompletionSource<Exception>().Task;

    internal CountersReport Counters { get; set; } = new(
        s_nothing, s_nothing, new Dictionary<string, long>(), 0, 0, new Dictionary<string, string>(), []);

    internal IReadOnlyList<SocketMemory> Sockets { get; set; } = [];

    public void Open(Ipv4Prefix own)
    {
    }

    public void Apply(LeaseView leases, LeaseDelta delta)
    {
    }

    public void Forward()
    {
    }

    public void Repair()
    {
    }

    public void LogTrouble()
    {
    }

    public BackendState ReadState() => new("flannel0", "UDP 172.16.0.1:8285", Counters.Peers, "scripted");

    public IReadOnlyList<SocketMemory> ReadSockets() => Sockets;

    public CountersReport ReadCounters() => Counters;

    public void Dispose()
    {
    }
}
