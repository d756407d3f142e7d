using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;
using Overlay.Linux.Netlink;

namespace Overlay.Doctor.Checks.Routes;

/// <summary>
/// R4: addresses and a default route of the tunnel's interface, as network managers give to every interface they see.
/// </summary>
internal sealed class TunnelManagedCheck : ICheck
{
    private static readonly Row s_row = new(
        "R4", HealthCodes.TunnelManaged.Name, HealthSeverity.Warning,
        "another program configures the tunnel's interface, and may take its address or routes as well",
        "k3s issue 2599");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_row];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        if (host.Overlay is not { Tunnel: { } name, Subnet: { } own }
            || host.Network.Find(name) is not { Kind: "tun" or "vxlan" } link)
        {
            yield break;
        }

        string[] found =
        [
            .. host.Network.AddressesOf(name).Where(address => address.Local.Address != own.First)
                .Select(address => $"the address {address.Local}"),
            .. host.Network.Routes.Where(route => IsDefault(route, link)).Select(_ => "a default route"),
        ];
        if (found.Length > 0)
        {
            yield return new Finding(
                s_row, name, $"{name} has {string.Join(", ", found)}, which another program gave it",
                HealthCodes.TunnelManaged.Remedy);
        }
    }

    private static bool IsDefault(Ipv4Route route, Link link) =>
        route.InterfaceIndex == link.Index && route.Destination.Length == 0;
}
