using Overlay.Router.IcmpErrors;
using Overlay.Router.Paths;
using Overlay.Router.Ports;
using Overlay.Router.Routes;
using Overlay.Router.Tapping;

namespace Overlay.Router.Workers;

/// <summary>What all workers of a forwarder share.</summary>
/// <param name="Routes">Holds the route table, which a worker reads once per batch.</param>
/// <param name="Icmp">Where ICMP errors leave; null to send none.</param>
/// <param name="Paths">What has been learned of the paths to peers.</param>
/// <param name="Accelerations">Which are in use.</param>
/// <param name="Options">How packets are treated.</param>
internal sealed record WorkerContext(
    RouteTableCell Routes, IIcmpPort? Icmp, PeerPaths Paths, Accelerations Accelerations, WorkerOptions Options)
{
    /// <summary>Where answers to pings leave; null to send none.</summary>
    public IReplyPort? Replies { get; init; }

    /// <summary>Holds the capture in force.</summary>
    public TapCell Taps { get; init; } = new();

    /// <summary>Gets the ICMP errors about datagrams to peers.</summary>
    public PeerErrors Errors { get; init; } = new();
}
