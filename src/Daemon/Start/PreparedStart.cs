using System;
using Overlay.Daemon.Backends;
using Overlay.Daemon.Leases;
using Overlay.Net;

namespace Overlay.Daemon.Start;

/// <summary>What a start goes by, read and checked; the machine is as it was.</summary>
/// <param name="Plan">Config, backend, underlay.</param>
/// <param name="Backend">Not open yet.</param>
/// <param name="Context">What the backend was prepared from; its netlink socket goes with this.</param>
/// <param name="Starter">Gets the lease.</param>
/// <param name="Snapshots">Takes what a start without the store needs.</param>
/// <param name="Previous">The subnet in subnet.env; null without one.</param>
internal sealed record PreparedStart(
    StartPlan Plan,
    IBackend Backend,
    BackendContext Context,
    LeaseStarter Starter,
    SnapshotWriter Snapshots,
    Ipv4Prefix? Previous) : IDisposable
{
    /// <summary>Undoes what the backend has done, and closes its netlink socket.</summary>
    public void Dispose()
    {
        Backend.Dispose();
        Context.Netlink.Dispose();
    }
}
