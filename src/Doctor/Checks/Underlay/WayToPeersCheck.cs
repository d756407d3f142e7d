using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Doctor.Checks.Underlay;

/// <summary>
/// U1, U7, U11: which way the kernel sends datagrams to the peers, and whether it takes what comes from them.
/// </summary>
internal sealed class WayToPeersCheck : ICheck
{
    // Of a thousand peers the first hundreds tell as much.
    private const int MostPeers = 256;

    private static readonly Row s_otherInterface = new(
        "U1", "underlay-other-interface", HealthSeverity.Error,
        "the daemon works with another interface than the one that leads to its peers",
        "flannel's Documentation/troubleshooting.md, Interface selection");

    private static readonly Row s_filtered = new(
        "U7", "reverse-path-drops", HealthSeverity.Error,
        "the kernel drops what peers send: their addresses are routed by another interface than it arrives by",
        "ip-sysctl.rst, rp_filter");

    private static readonly Row s_loop = new(
        "U11", HealthCodes.PeerThroughTunnel.Name, HealthSeverity.Error,
        "datagrams to a peer go into the tunnel again, until they are too long", "docs/health.md, peer-through-tunnel");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_otherInterface, s_filtered, s_loop];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        IReadOnlyList<(KnownPeer Peer, RoutedTo? Way)> ways = host.Routes.Ask(
            host.Peers.Take(MostPeers), (kernel, peer) => kernel.Find(peer.PublicIp));
        return [.. Loops(host, ways), .. OtherInterface(host, ways), .. Filtered(host)];
    }

    private static IEnumerable<Finding> Loops(
        HostFacts host, IReadOnlyList<(KnownPeer Peer, RoutedTo? Way)> ways)
    {
        Finding[] found = host.Overlay.Tunnel is { } tunnel && host.Network.Find(tunnel) is { Kind: "tun" } link
            ?
            [
                .. from way in ways
                   where way.Way?.InterfaceIndex == link.Index
                   select new Finding(
                       s_loop, $"{way.Peer.PublicIp}",
                       $"{way.Peer.PublicIp}, the host of {way.Peer.Subnet}, is routed to {tunnel}",
                       $"give {way.Peer.PublicIp} a more specific route than the Network, or choose another Network"),
            ]
            : [];
        return found.Length > 0 ? found : DaemonWarnings.Of(host, HealthCodes.PeerThroughTunnel, s_loop);
    }

    private static IEnumerable<Finding> OtherInterface(
        HostFacts host, IReadOnlyList<(KnownPeer Peer, RoutedTo? Way)> ways)
    {
        // An address on lo leads nowhere by itself: such a host has routes to its peers by several interfaces.
        if (host.Overlay.PublicIp is not { } publicIp || host.Network.HolderOf(publicIp) is not { } own
            || (own.Flags & LinkFlags.Loopback) != 0)
        {
            yield break;
        }

        RoutedTo[] known = [.. ways.Select(way => way.Way).OfType<RoutedTo>()
            .Where(way => way.InterfaceIndex != host.Network.Find(host.Overlay.Tunnel ?? "")?.Index)];
        RoutedTo[] others = [.. known.Where(way => way.InterfaceIndex != own.Index && way.Source != publicIp)];
        if (others.Length * 2 > known.Length)
        {
            string name = host.Network.NameOf(others[0].InterfaceIndex);
            string source = others[0].Source is { } from ? $" with the address {from}" : "";
            yield return new Finding(
                s_otherInterface, own.Name,
                $"the daemon works with {own.Name} ({publicIp}), and {others.Length} of {known.Length} peers are "
                    + $"reached by {name}{source}",
                $"restart the daemon of this host with --iface={name}");
        }
    }

    private static IEnumerable<Finding> Filtered(HostFacts host)
    {
        List<(Link Link, Ipv4Address From, Ipv4Address To)> arrivals = [];
        foreach (KnownPeer peer in host.Peers.Take(MostPeers))
        {
            if (host.Overlay.PublicIp is { } publicIp && host.Network.HolderOf(publicIp) is { } underlay)
            {
                arrivals.Add((underlay, peer.PublicIp, publicIp));
            }

            if (host.Overlay.Tunnel is { } name && host.Network.Find(name) is { Kind: "tun" or "vxlan" } tunnel
                && host.Network.AddressesOf(name).FirstOrDefault() is { } address)
            {
                arrivals.Add((tunnel, peer.Subnet.First + 2, address.Local.Address));
            }
        }

        // A source that is refused for another reason is not the filter's doing.
        return
            from answer in host.Routes.Ask(
                arrivals, (kernel, packet) => kernel.Judge(packet.To, packet.From, packet.Link.Index))
            where answer.Answer == ArrivalVerdict.SourceRefused
            group answer.About by answer.About.Link into refused
            where IsStrict(host, refused.Key.Name)
            select new Finding(
                s_filtered, refused.Key.Name,
                $"what arrives by {refused.Key.Name} from {refused.First().From} is dropped: rp_filter is 1, and the "
                    + "way back is another interface",
                $"sysctl -w net.ipv4.conf.{refused.Key.Name}.rp_filter=2")
            {
                IsCommand = true,
            };
    }

    // The greater of the interface's value and that of all counts; 2 is loose.
    private static bool IsStrict(HostFacts host, string name)
    {
        string?[] values =
        [
            host.Files.ReadWord("proc/sys/net/ipv4/conf/all/rp_filter"),
            host.Files.ReadWord($"proc/sys/net/ipv4/conf/{name}/rp_filter"),
        ];
        return values.Contains("1") && !values.Contains("2");
    }
}
