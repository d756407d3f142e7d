using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Doctor.Checks.Routes;

/// <summary>R7, R8: whether packets for this host's own pods go to their bridge, and whether pods are there.</summary>
internal sealed class OwnSubnetCheck : ICheck
{
    private static readonly Row s_loop = new(
        "R7", "own-subnet-loops", HealthSeverity.Error,
        "packets for this host's own pods go into the tunnel: the route of their bridge is not there",
        "RFC 1812, 5.2.4.3");

    private static readonly Row s_empty = new(
        "R8", "bridge-without-pods", HealthSeverity.Info,
        "the pods' bridge has no pod, so its address does not answer: normal until the first one starts",
        "ip-link(8), NO-CARRIER");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_loop, s_empty];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        if (host.Overlay.Subnet is not { } own)
        {
            yield break;
        }

        foreach (Link bridge in host.Network.Links.Where(link => link.Kind == "bridge"
            && host.Network.AddressesOf(link.Name).Any(address => own.Contains(address.Local.Address))))
        {
            // The first pod's, as host-local hands addresses out.
            Ipv4Address pod = own.First + 2;
            if (host.Routes.Ask([pod], (kernel, each) => kernel.Find(each)) is [(_, var way)]
                && way?.InterfaceIndex != bridge.Index
                && (way is null || host.Network.NameOf(way.InterfaceIndex) == host.Overlay.Tunnel))
            {
                yield return new Finding(
                    s_loop, bridge.Name,
                    $"{own} is that of {bridge.Name}, and "
                        + (way is null ? "no route leads there" : $"its packets go to {host.Overlay.Tunnel}"),
                    bridge.IsUp ? $"ip route add {own} dev {bridge.Name}" : $"ip link set {bridge.Name} up")
                {
                    IsCommand = true,
                };
            }

            if (bridge.IsUp && host.Files.List($"sys/class/net/{bridge.Name}/brif").Count == 0)
            {
                yield return new Finding(
                    s_empty, bridge.Name, $"{bridge.Name} has no port", "start a pod on this host");
            }
        }
    }
}
