using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;
using Overlay.Linux.Netlink;

namespace Overlay.Doctor.Checks.Sizes;

/// <summary>
/// M1: whether what fits an interface fits the next on the way: pod ≤ tunnel ≤ underlay less what encapsulation adds.
/// </summary>
internal sealed class MtuCheck : ICheck
{
    private static readonly Row s_row = new(
        "M1", "mtu-too-large", HealthSeverity.Warning,
        "large packets are lost or fragmented, small ones arrive: an interface takes more than the next",
        "flannel issues 1775 and 841");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_row];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        if (host.Overlay.Tunnel is not { } name || host.Network.Find(name) is not { } tunnel)
        {
            yield break;
        }

        if (UnderlayOf(host) is { } underlay && tunnel.Mtu > underlay.Mtu - AddedBy(tunnel))
        {
            int fits = underlay.Mtu - AddedBy(tunnel);
            yield return new Finding(
                s_row, tunnel.Name,
                $"{tunnel.Name} has MTU {tunnel.Mtu}, and {underlay.Name} of {underlay.Mtu} leaves {fits}",
                $"ip link set {tunnel.Name} mtu {fits}, and restart daemon and pods: they take it from subnet.env");
        }

        foreach (Link port in host.Overlay.Interfaces
            .SelectMany(bridge => host.Files.List($"sys/class/net/{bridge}/brif"))
            .Select(host.Network.Find).OfType<Link>().Where(port => port.Mtu > tunnel.Mtu))
        {
            yield return new Finding(
                s_row, port.Name, $"{port.Name} of a pod has MTU {port.Mtu}, {tunnel.Name} {tunnel.Mtu}",
                $"restart the pod, once what makes it reads FLANNEL_MTU={tunnel.Mtu} of {host.SubnetFile}");
        }

        if (host.SubnetEnv?.Mtu is { } mtu && mtu > tunnel.Mtu)
        {
            yield return new Finding(
                s_row, host.SubnetFile, $"{host.SubnetFile} has FLANNEL_MTU={mtu}, {tunnel.Name} {tunnel.Mtu}",
                "restart the daemon of this host, which writes it anew, then the pods");
        }
    }

    // IPv4 and UDP before each packet; vxlan has its own header and an Ethernet header besides (RFC 7348, section 5).
    private static int AddedBy(Link tunnel) => tunnel.Vxlan is not null ? 50 : tunnel.Kind == "tun" ? 28 : 0;

    // Where the public IP is; else where packets to peers go. Null when it is not known, and for a tunnel that is it.
    private static Link? UnderlayOf(HostFacts host)
    {
        int? index = host.Network.Addresses.FirstOrDefault(
            each => each.Local.Address == host.Overlay.PublicIp)?.InterfaceIndex;
        Link? link = host.Network.Links.FirstOrDefault(each => each.Index == index)
            ?? host.Paths.Select(path => path.Link).FirstOrDefault();
        return link?.Name == host.Overlay.Tunnel ? null : link;
    }
}
