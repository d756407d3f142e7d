using System.Collections.Generic;
using System.Threading;
using Overlay.Net;
using Overlay.Router.Tapping;

namespace Overlay.Daemon.Backends;

/// <summary>Where a capture of a daemon's packets comes from.</summary>
/// <param name="Taps">Of what user space forwards and drops; null where it does neither.</param>
/// <param name="IsKernelForwarding">Whether packets pass the host that user space does not see.</param>
/// <param name="Underlay">The interface that they pass.</param>
/// <param name="Ports">The UDP ports that they have there; none where they go as they are.</param>
/// <param name="Network">The whole overlay.</param>
/// <param name="Interface">That pods' packets leave by.</param>
/// <param name="Endpoint">This host's, where peers send to.</param>
/// <param name="Ended">Signalled when the daemon that has them ends.</param>
internal sealed record CaptureSources(
    TapCell? Taps, bool IsKernelForwarding, string Underlay, IReadOnlyList<ushort> Ports, Ipv4Prefix Network,
    string Interface, string Endpoint, CancellationToken Ended);
