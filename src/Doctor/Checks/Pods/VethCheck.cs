using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;
using Overlay.Linux.Netlink;

namespace Overlay.Doctor.Checks.Pods;

/// <summary>
/// N8: whether each pod's interface is a port of a bridge, and forwards. Those of other networks have an address or a
/// route of their own.
/// </summary>
internal sealed class VethCheck : ICheck
{
    private const string Forwarding = "3"; // BR_STATE_FORWARDING, linux/if_bridge.h

    private static readonly Row s_row = new(
        "N8", "pod-not-on-bridge", HealthSeverity.Warning,
        "a pod is cut off: its interface on this host is no working port of a bridge", "bridge(8)");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_row];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        if (host.Network.Find("cni0") is null)
        {
            yield break;
        }

        foreach (Link link in host.Network.Links.Where(link => link.Kind == "veth"
            && link.Name.StartsWith("veth", System.StringComparison.Ordinal)))
        {
            string port = $"sys/class/net/{link.Name}";
            if (host.Files.Exists($"{port}/brport"))
            {
                if (link.IsUp && host.Files.ReadWord($"{port}/brport/state") is { } state && state != Forwarding)
                {
                    yield return new Finding(
                        s_row, link.Name, $"the bridge does not forward to {link.Name}: its port has state {state}",
                        $"bridge link set dev {link.Name} state {Forwarding}")
                    {
                        IsCommand = true,
                    };
                }
            }
            else if (!host.Files.Exists($"{port}/master")
                && !host.Network.AddressesOf(link.Name).Any()
                && !host.Network.Routes.Any(route => route.InterfaceIndex == link.Index))
            {
                yield return new Finding(
                    s_row, link.Name, $"{link.Name} is of no bridge, and has neither address nor route",
                    $"ip link set {link.Name} master cni0 up")
                {
                    IsCommand = true,
                };
            }
        }
    }
}
