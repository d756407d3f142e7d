using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Doctor.Checks.Underlay;

/// <summary>
/// U6: whether another interface has an address of the underlay's subnet. Then either answers ARP for the addresses of
/// both (ip-sysctl.rst, arp_ignore), and peers send to whichever was quicker.
/// </summary>
internal sealed class SharedLinkCheck : ICheck
{
    private static readonly Row s_row = new(
        "U6", "underlay-twice", HealthSeverity.Warning,
        "two interfaces have addresses of one subnet: peers reach either, whichever answers first",
        "ip-sysctl.rst, arp_ignore");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_row];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        if (host.Overlay.PublicIp is not { } publicIp || host.Network.HolderOf(publicIp) is not { } own)
        {
            return [];
        }

        Ipv4Prefix subnet = host.Network.Addresses.First(address => address.Local.Address == publicIp).Local;
        return
            from address in host.Network.Addresses
            where address.InterfaceIndex != own.Index && subnet.Length is > 0 and < 32
                && address.Local.Length == subnet.Length && subnet.Contains(address.Local.Address)
            let other = host.Network.Links.FirstOrDefault(link => link.Index == address.InterfaceIndex)
            where other is { IsUp: true } && (other.Flags & LinkFlags.Loopback) == 0
                && (Answers(host, own.Name) || Answers(host, other.Name))
            select new Finding(
                s_row, other.Name,
                $"{own.Name} has {subnet} and {other.Name} {address.Local}; arp_ignore is 0",
                $"sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2")
            {
                IsCommand = true,
            };
    }

    // The greater of the interface's value and that of all counts.
    private static bool Answers(HostFacts host, string name) =>
        host.Files.ReadWord("proc/sys/net/ipv4/conf/all/arp_ignore") == "0"
        && host.Files.ReadWord($"proc/sys/net/ipv4/conf/{name}/arp_ignore") == "0";
}
