using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Doctor.Checks.Routes;

/// <summary>
/// R1 to R3: whether the tunnel's interface is there and up, has its address, and the route to the overlay leads to it.
/// </summary>
internal sealed class TunnelCheck : ICheck
{
    private static readonly Row s_route = new(
        "R1", HealthCodes.RouteMissing.Name, HealthSeverity.Error,
        "pods' packets for the peers do not reach the tunnel: its route is not there", "docs/health.md, route-missing");

    private static readonly Row s_down = new(
        "R2", HealthCodes.TunDown.Name, HealthSeverity.Error,
        "nothing is forwarded: the tunnel's interface is down or gone", "docs/health.md, tun-down");

    private static readonly Row s_address = new(
        "R3", "tunnel-address-missing", HealthSeverity.Error,
        "the tunnel's address does not answer: packets of this host itself find no way back", "flannel issue 795");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_route, s_down, s_address];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        if (host.Overlay.Tunnel is not { } name || host.Network.Links.Count == 0)
        {
            yield break;
        }

        if (host.Network.Find(name) is not { } link)
        {
            yield return new Finding(
                s_down, name, $"the daemon works with {name}, and there is no such interface",
                "restart the daemon of this host, which makes it");
            yield break;
        }

        if (!link.IsUp)
        {
            yield return new Finding(s_down, name, $"{name} is down", $"ip link set {name} up") { IsCommand = true };
            yield break;
        }

        if (link.Kind is not ("tun" or "vxlan"))
        {
            yield break; // the underlay's, of host-gw
        }

        if (link.Kind == "tun" && host.Overlay.Network is { } network && !host.Network.Routes.Any(
            route => route.Destination == network && route.InterfaceIndex == link.Index))
        {
            yield return new Finding(
                s_route, $"{network}", $"no route to {network} leads to {name}", $"ip route add {network} dev {name}")
            {
                IsCommand = true,
            };
        }

        if (host.Overlay.Subnet is { } subnet && WhyNot(host, name, subnet.First) is { } why)
        {
            yield return new Finding(
                s_address, name, why,
                $"ip address del {subnet.First}/32 dev {name}; ip address add {subnet.First}/32 dev {name}")
            {
                IsCommand = true,
            };
        }
    }

    private static string? WhyNot(HostFacts host, string name, Ipv4Address address) =>
        host.Network.AddressesOf(name).All(each => each.Local.Address != address)
            ? $"{name} does not have the address {address}"
            : host.Routes.Ask([address], (kernel, each) => kernel.Find(each)) is [(_, var way)]
                && !host.Network.Links.Any(
                    link => link.Index == way?.InterfaceIndex && (link.Flags & LinkFlags.Loopback) != 0)
                ? $"{name} has {address}, and the kernel's table of local addresses does not"
                : null;
}
