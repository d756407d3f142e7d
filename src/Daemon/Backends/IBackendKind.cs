using System;
using System.Collections.Generic;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Handover;
using Overlay.Daemon.Health;
using Overlay.Daemon.Host;
using Overlay.Daemon.Options;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Operator.Config;
using Overlay.Terminal;

namespace Overlay.Daemon.Backends;

/// <summary>What a backend is prepared from.</summary>
/// <param name="Options">What <c>overlay run</c> was asked to do.</param>
/// <param name="Config">The network config; it asks for this backend.</param>
/// <param name="Underlay">The interface that carries packets to the peers.</param>
/// <param name="Netlink">Of the network namespace that the backend works in; its owner disposes it.</param>
/// <param name="Log">Gets the backend's lines.</param>
internal sealed record BackendContext(
    RunOptions Options, NetworkConfig Config, UnderlayInterface Underlay, RouteNetlink Netlink, ILogger Log)
{
    /// <summary>
    /// What this host's lease publishes from an earlier run, of whatever backend; only where
    /// <see cref="IBackendKind.RemembersLeaseData"/>.
    /// </summary>
    public BackendLeaseData Published { get; init; } = BackendLeaseData.None;

    /// <summary>Gets the trouble that the backend sees, and what it puts back.</summary>
    public required HealthBoard Health { get; init; }

    /// <summary>What an earlier daemon has left open for this one.</summary>
    public KeptDescriptors Kept { get; init; } = KeptDescriptors.None;

    /// <summary>Watches what a backend has done on threads that wait for the kernel's word.</summary>
    public WorkerProgress Progress { get; init; } = new(TimeProvider.System, WorkerProgress.DefaultHungAfter);
}

/// <summary>Which part of the Network is routed to the peers.</summary>
internal enum RoutedPart
{
    /// <summary>All of it, by one route into a tunnel.</summary>
    WholeNetwork,

    /// <summary>The peers' subnets, by a route for each.</summary>
    PeerSubnets,
}

/// <summary>One of flannel's backends, as the network config names it.</summary>
internal interface IBackendKind
{
    /// <summary>The Type in the network config's Backend and in leases.</summary>
    string Type { get; }

    /// <summary>Which part of the Network this host routes to the peers once it runs.</summary>
    RoutedPart Routes { get; }

    /// <summary>
    /// The options of <c>overlay run</c> that concern it and not every backend; another one's are refused.
    /// </summary>
    IReadOnlyList<string> RunOptions { get; }

    /// <summary>Whether a peer's lease is for it. Others are left out, and named once.</summary>
    bool Takes(BackendLeaseData lease);

    /// <summary>Whether a backend of this type is it, or a part of it.</summary>
    bool Includes(string type) => type == Type;

    /// <summary>Whether it goes by what an earlier run has published in this host's lease.</summary>
    bool RemembersLeaseData => false;

    /// <summary>How it understands its options in the network config.</summary>
    /// <exception cref="NetworkConfigException">One is not valid.</exception>
    CompletedBackend Complete(BackendConfig backend);

    /// <summary>Checks that it can work on this host. Nothing is changed.</summary>
    /// <exception cref="OperatorException">It cannot; the line says why and what to do.</exception>
    IBackend Prepare(BackendContext context);

    /// <summary>
    /// Takes away what it has left on this host and what would go before another backend's. Called before the other one
    /// opens.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    void RemoveRemains(BackendContext context)
    {
    }
}
