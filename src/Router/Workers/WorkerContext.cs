using Overlay.Router.IcmpErrors;
using Overlay.Router.Paths;
using Overlay.Router.Routes;

namespace Overlay.Router.Workers;

/// <summary>What all directions and workers share.</summary>
/// <param name="Routes">Where they look up, once a batch.</param>
/// <param name="Icmp">Where errors leave; null to send none.</param>
/// <param name="Paths">What has been learned of the peers' paths.</param>
/// <param name="Accelerations">Which are in use.</param>
/// <param name="Options">How packets are treated.</param>
internal sealed record WorkerContext(
    RouteTableCell Routes, IIcmpPort? Icmp, PeerPaths Paths, Accelerations Accelerations, WorkerOptions Options);
