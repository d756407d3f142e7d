using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;
using Overlay.Net;

namespace Overlay.Doctor.Checks.Pods;

/// <summary>N1, N2, N4: whether the bridges that pods are on have an address of this host's subnet.</summary>
internal sealed class BridgeAddressCheck : ICheck
{
    private static readonly Row s_cni = new(
        "N1", "cni-bridge-of-another-subnet", HealthSeverity.Error,
        "the pods' bridge is one of another life: new pods are refused, old ones are not reached",
        "containernetworking/cni issue 306");

    private static readonly Row s_docker = new(
        "N2", "docker-bridge-of-another-subnet", HealthSeverity.Error,
        "Docker's containers have addresses of a subnet that is no longer this host's",
        "docs/compatibility.md, Docker");

    private static readonly Row s_bare = new(
        "N4", "cni-bridge-without-address", HealthSeverity.Error,
        "the pods' bridge has no address: pods reach nobody beyond it", "kubernetes issue 67183");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_cni, s_docker, s_bare];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        if (host.Overlay.Subnet is not { } own)
        {
            yield break;
        }

        if (host.Network.Find("cni0") is { } cni)
        {
            Ipv4Prefix[] addresses = [.. host.Network.AddressesOf(cni.Name).Select(address => address.Local)];
            if (addresses.Length == 0 && host.Files.List($"sys/class/net/{cni.Name}/brif").Count > 0)
            {
                yield return new Finding(
                    s_bare, cni.Name, $"{cni.Name} has ports and no IPv4 address",
                    $"ip address add {own.First + 1}/{own.Length} dev {cni.Name}")
                {
                    IsCommand = true,
                };
            }
            else if (addresses.Length > 0 && !addresses.Any(address => own.Contains(address.Address)))
            {
                yield return new Finding(
                    s_cni, cni.Name, $"{cni.Name} has {addresses[0]}, and this host's subnet is {own}",
                    $"ip link delete {cni.Name}, which cuts its pods off, and restart them");
            }
        }

        // Elsewhere Docker has a subnet of its own, which is no business of the overlay's.
        if (host.Overlay.Network is { } network && host.Network.AddressesOf("docker0").FirstOrDefault(
            address => network.Contains(address.Local.Address) && !own.Contains(address.Local.Address)) is { } stale)
        {
            yield return new Finding(
                s_docker, "docker0", $"docker0 has {stale.Local}, and this host's subnet is {own}",
                "restart Docker with what subnet.env says now: dockerd --bip and --mtu (mk-docker-opts.sh)");
        }
    }
}
