using System.Collections.Generic;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Doctor.Checks.Underlay;

/// <summary>U2 to U5: whether this host has the address that its peers send to, on an interface that works.</summary>
internal sealed class OwnAddressCheck : ICheck
{
    private static readonly Row s_everywhere = new(
        "U2", "public-ip-everywhere", HealthSeverity.Error,
        "this host publishes an address that every virtual machine of its kind has: peers take it for themselves",
        "flannel's Documentation/troubleshooting.md, Vagrant");

    private static readonly Row s_notLocal = new(
        "U3", "public-ip-not-local", HealthSeverity.Warning,
        "peers send to an address that no interface of this host has", "docs/cli.md, --public-ip");

    private static readonly Row s_gone = new(
        "U4", HealthCodes.UnderlayAddressGone.Name, HealthSeverity.Error,
        "the address that the daemon works with has gone from this host", "docs/health.md, underlay-address-gone");

    private static readonly Row s_down = new(
        "U5", HealthCodes.UnderlayDown.Name, HealthSeverity.Error,
        "nothing leaves this host: the underlay's interface is down", "docs/health.md, underlay-down");

    // The guest's end of VirtualBox's network address translation (its manual, 9.8.1).
    private static readonly Ipv4Address s_virtualBox = Ipv4Address.Parse("10.0.2.15");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_everywhere, s_notLocal, s_gone, s_down];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        if (host.Network.Addresses.Count == 0)
        {
            yield break; // they cannot be listed
        }

        (Ipv4Address? bound, Ipv4Address? published) = (host.Overlay.PublicIp, host.Overlay.Published);
        if (published == s_virtualBox)
        {
            yield return new Finding(
                s_everywhere, $"{published}",
                $"{published} is the address of every guest behind VirtualBox's address translation",
                "give the daemon the interface of the hosts' own network: --iface=eth1");
        }

        if (published is { } told && published != bound && host.Network.HolderOf(told) is null)
        {
            yield return NotLocal(told);
        }

        if (bound is not { } address)
        {
            yield break;
        }

        if (host.Network.HolderOf(address) is not { } link)
        {
            yield return new Finding(
                s_gone, $"{bound}", $"no interface has {bound}",
                "give the interface its address back, or restart overlay with --iface or --public-ip");
            yield break;
        }

        if (!link.IsUp || (link.Flags & LinkFlags.Running) == 0)
        {
            yield return new Finding(
                s_down, link.Name,
                $"{link.Name}, which has {bound}, {(link.IsUp ? "has no carrier" : "is down")}",
                link.IsUp ? $"look at the cable, or the switch's port, of {link.Name}" : $"ip link set {link.Name} up")
            {
                IsCommand = !link.IsUp,
            };
        }
    }

    private static Finding NotLocal(Ipv4Address published) => new(
        s_notLocal, $"{published}",
        $"the lease of this host says {published}, which none of its interfaces has: right only where something "
            + "translates that address to this host's",
        "have the daemon publish another, with --public-ip or --iface, or forward the overlay's UDP port to this host");
}
