using System.Collections.Generic;
using System.Linq;
using Overlay.Daemon.Host;
using Overlay.Daemon.Logging;
using Overlay.Lease;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Operator.Config;
using Overlay.Terminal;

namespace Overlay.Daemon.Backends.HostGw;

/// <summary>
/// flannel's host-gw backend: every host is the gateway to its subnet, on a link that all of them share.
/// </summary>
internal sealed class HostGwBackendKind : IBackendKind
{
    /// <summary>The type, also in leases.</summary>
    internal const string Name = "host-gw";

    /// <inheritdoc/>
    public string Type => Name;

    /// <inheritdoc/>
    public RoutedPart Routes => RoutedPart.PeerSubnets;

    /// <summary>None of its own.</summary>
    public IReadOnlyList<string> RunOptions => [];

    /// <summary>Spelled exactly so, as stock compares it (pkg/backend/route_network.go).</summary>
    public bool Takes(BackendLeaseData lease) => lease.Type == Name;

    /// <summary>It has no options.</summary>
    public CompletedBackend Complete(BackendConfig backend) =>
        new($$"""{"Type":"{{backend.Type}}"}""", backend.Type, ["Type"]);

    /// <inheritdoc/>
    public IBackend Prepare(BackendContext context)
    {
        UnderlayInterface underlay = context.Underlay;
        Ipv4Address publicIp = context.Options.Underlay.PublicIp ?? underlay.Address;
        if (publicIp != underlay.Address)
        {
            throw new OperatorException(
                $"the public IP {publicIp} differs from the address {underlay.Address} of {underlay.Name}, as it does "
                    + "behind address translation, which host-gw cannot cross: peers take the public IP for a gateway "
                    + "on their link; leave --public-ip out, choose the interface that has it with --iface, or "
                    + """set Backend to {"Type":"udp"}""");
        }

        if (underlay.Wire != underlay.Name)
        {
            throw new OperatorException(
                $"interface {underlay.Name} leads to no other host, and host-gw needs the one on the link that it "
                    + "shares with its peers; choose it with --iface");
        }

        return new HostGwBackend(context);
    }

    /// <summary>Its routes are longer than a tunnel's, and so would be taken before it.</summary>
    public void RemoveRemains(BackendContext context)
    {
        RouteChanges changes = GatewayRoutes.Compare(
            context.Netlink.GetRoutes(), wanted: [], former: [], context.Config.Network);
        List<Ipv4Route> gone = [.. changes.Removed.Where(context.Netlink.RemoveRoute)];
        if (gone.Count > 0)
        {
            Log.HostGwIsOver(context.Log, GatewayRoutes.Name(gone));
        }
    }
}
