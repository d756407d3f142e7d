using System;
using System.Collections.Generic;
using Overlay.Daemon.Backends.Udp;
using Overlay.Daemon.Backends.Vxlan;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Linux.Netlink;
using Overlay.Operator.Config;
using Overlay.Terminal;

namespace Overlay.Daemon.Backends.Fallback;

/// <summary>The vxlan backend with <c>--fallback udp</c>: to everybody else it is the vxlan backend.</summary>
internal sealed class FallbackBackendKind : IBackendKind
{
    private readonly VxlanBackendKind _vxlan = new();
    private readonly UdpBackendKind _udp = new();

    /// <inheritdoc/>
    public string Type => _vxlan.Type;

    /// <summary>The udp backend's route leads everywhere that no longer one of the vxlan backend's does.</summary>
    public RoutedPart Routes => _udp.Routes;

    /// <inheritdoc/>
    public IReadOnlyList<string> RunOptions => [.. _vxlan.RunOptions, .. _udp.RunOptions];

    /// <inheritdoc/>
    public bool RemembersLeaseData => _vxlan.RemembersLeaseData;

    /// <inheritdoc/>
    public bool Takes(BackendLeaseData lease) => _vxlan.Takes(lease);

    /// <inheritdoc/>
    public bool Includes(string type) => type == _vxlan.Type || type == _udp.Type;

    /// <inheritdoc/>
    public CompletedBackend Complete(BackendConfig backend) => _vxlan.Complete(backend);

    /// <inheritdoc/>
    public IBackend Prepare(BackendContext context)
    {
        // What is in VXLAN's way does not keep packets from their peers here: it is one warning, the fall-back's own.
        BackendContext ofVxlan = context with
        {
            Health = new HealthBoard(TimeProvider.System) { Repairs = context.Health.Repairs },
        };
        VxlanBackend vxlan = VxlanBackendKind.Prepare(ofVxlan, isRefusedWhenInTheWay: false);
        ushort port = (ushort)(context.Options.Port ?? UdpBackendOptions.DefaultPort);
        if (port == vxlan.Port)
        {
            throw new OperatorException(
                $"UDP port {port} is VXLAN's in the network config's Backend, and --fallback udp needs one of its own; "
                    + "choose it with --port, the same on every host");
        }

        // Each backend has a connection to the kernel of its own, because neither waits for the other.
        var netlink = RouteNetlink.Open();
        try
        {
            UdpBackend udp = UdpBackendKind.Prepare(context with { Netlink = netlink }, port);
            return new FallbackBackend(vxlan, udp, port, context, netlink);
        }
        catch
        {
            netlink.Dispose();
            throw;
        }
    }
}
