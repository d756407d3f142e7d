using System.Collections.Generic;
using System.Linq;
using Overlay.Lease;
using Overlay.Net;
using Overlay.Router.Routes;

namespace Overlay.Daemon.Backends.Udp;

/// <summary>Turns leases into routes: the one place where the two meet.</summary>
/// <param name="cell">Where the forwarder reads.</param>
/// <param name="network">The whole overlay network.</param>
internal sealed class RoutePublisher(RouteTableCell cell, Ipv4Prefix network)
{
    /// <summary>Puts a table of these leases in force; the forwarder sees it with its next batch.</summary>
    internal void Publish(LeaseView leases) => cell.Publish(RouteTable.Build(
        network,
        leases.OwnSubnet,
        leases.Leases.Select(lease => new Route(lease.Subnet, lease.PublicIp)),
        leases.FurtherOwn.Select(lease => lease.Subnet)));
}
