using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;

namespace Overlay.Doctor.Checks.Underlay;

/// <summary>
/// U12: whether the overlay's addresses are also those of a network that this host is connected to. The longer prefix
/// wins (RFC 1812, 5.2.4.3), so that either the network's hosts or a peer's pods are not reached.
/// </summary>
internal sealed class NetworkOverlapCheck : ICheck
{
    private static readonly Row s_row = new(
        "U12", "network-overlaps", HealthSeverity.Warning,
        "the overlay's Network and a network of this host have addresses in common",
        "kubernetes-retired/bootkube issue 402");

    // Theirs are rows N1 and N2.
    private static readonly string[] s_bridges = ["cni0", "docker0"];

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_row];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        if (host.Overlay.Network is not { } network)
        {
            return [];
        }

        return
            from address in host.Network.Addresses
            let prefix = address.Local.Masked()
            where prefix.Length < 32 && prefix.Overlaps(network)
                && host.Overlay.Subnet?.Contains(prefix) != true
            let name = host.Network.NameOf(address.InterfaceIndex)
            where name != host.Overlay.Tunnel && !s_bridges.Contains(name)
                && host.Network.Find(name) is not { Kind: "vxlan" }
            select new Finding(
                s_row, name, $"{name} is connected to {prefix}, and the Network is {network}",
                "choose a Network that no host uses, and write it with: overlay config put");
    }
}
