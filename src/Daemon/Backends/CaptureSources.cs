using System.Threading;
using Overlay.Net;
using Overlay.Router.Tapping;

namespace Overlay.Daemon.Backends;

/// <summary>Where a capture of a daemon's packets comes from.</summary>
/// <param name="Taps">Of what user space forwards and drops; null where it does neither.</param>
/// <param name="IsKernelForwarding">Whether packets pass the host that user space does not see.</param>
/// <param name="Underlay">The interface that they pass.</param>
/// <param name="Network">The whole overlay.</param>
/// <param name="State">The backend's: which interface pods' packets leave by, where peers send to, and with which UDP
/// ports.</param>
/// <param name="Ended">Signalled when the daemon that has them ends.</param>
internal sealed record CaptureSources(
    TapCell? Taps, bool IsKernelForwarding, string Underlay, Ipv4Prefix Network, BackendState State,
    CancellationToken Ended);
