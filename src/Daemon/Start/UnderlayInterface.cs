using System.Collections.Generic;
using System.Linq;
using Overlay.Lease;
using Overlay.Linux.Netlink;
using Overlay.Terminal;

namespace Overlay.Daemon.Start;

/// <summary>The interface whose address carries the tunnel's datagrams.</summary>
/// <param name="Name">The interface's name.</param>
/// <param name="Address">The address the socket binds to, host order.</param>
/// <param name="Mtu">In bytes.</param>
internal sealed record UnderlayInterface(string Name, uint Address, int Mtu)
{
    /// <summary>
    /// Chooses as flannel does: by the name or address given, else by the public IP, else by the default route.
    /// </summary>
    /// <param name="links">Every interface of this host.</param>
    /// <param name="addresses">Every IPv4 address of this host.</param>
    /// <param name="routes">The main table, in kernel order.</param>
    /// <param name="wanted">An interface's name or one of its addresses; null when not given.</param>
    /// <param name="publicIp">The public IP, host order; null when not given.</param>
    /// <exception cref="OperatorException">None fits; the line says why and what there is.</exception>
    internal static UnderlayInterface Select(
        IReadOnlyList<Link> links,
        IReadOnlyList<InterfaceAddress> addresses,
        IReadOnlyList<Ipv4Route> routes,
        string? wanted,
        uint? publicIp)
    {
        if (wanted is not null)
        {
            return Ipv4Prefix.TryParseAddress(wanted, out uint address)
                ? ByAddress(links, addresses, address, $"--iface {wanted}")
                : ByName(links, addresses, wanted);
        }

        if (publicIp is uint known)
        {
            return ByAddress(
                links, addresses, known, $"--public-ip {Ipv4Prefix.Format(known)} (behind address translation give "
                    + "--iface too)");
        }

        Ipv4Route? route = routes.Where(route => route is { PrefixLength: 0, InterfaceIndex: not null })
            .MinBy(route => route.Metric);
        Link link = links.FirstOrDefault(link => link.Index == route?.InterfaceIndex)
            ?? throw new OperatorException(
                "this host has no IPv4 default route over a single interface to take the underlay from; give --iface "
                    + "NAME or --iface IP");
        return WithBestAddress(link, addresses);
    }

    private static UnderlayInterface ByName(
        IReadOnlyList<Link> links, IReadOnlyList<InterfaceAddress> addresses, string name)
    {
        Link link = links.FirstOrDefault(link => link.Name == name)
            ?? throw new OperatorException(
                $"--iface {name}: no such interface; there are: {string.Join(", ", links.Select(link => link.Name))}");
        return WithBestAddress(link, addresses);
    }

    private static UnderlayInterface ByAddress(
        IReadOnlyList<Link> links, IReadOnlyList<InterfaceAddress> addresses, uint address, string given)
    {
        InterfaceAddress? owner = addresses.FirstOrDefault(candidate => candidate.Address == address);
        Link? link = links.FirstOrDefault(link => link.Index == owner?.InterfaceIndex);
        return link is null
            ? throw new OperatorException($"{given}: no interface has this address; look at: ip -4 address")
            : new UnderlayInterface(link.Name, address, link.Mtu);
    }

    // Preference as in flannel since v0.28.0: global before link-local, primary before secondary; deprecated ones
    // never.
    private static UnderlayInterface WithBestAddress(Link link, IReadOnlyList<InterfaceAddress> addresses)
    {
        InterfaceAddress? best = addresses
            .Where(address => address.InterfaceIndex == link.Index && (
                address.Flags & AddressFlags.Deprecated) == 0 && address.Address >> 24 != 127)
            .OrderBy(address => IsLinkLocal(address.Address))
            .ThenBy(address => (address.Flags & AddressFlags.Secondary) != 0)
            .FirstOrDefault();
        return best is null
            ? throw new OperatorException(
                $"interface {link.Name} has no IPv4 address that other hosts can reach; add one (ip address add "
                    + $"ADDRESS/PREFIX dev {link.Name}) or choose another with --iface")
            : new UnderlayInterface(link.Name, best.Address, link.Mtu);
    }

    private static bool IsLinkLocal(uint address) => address >> 16 == 0xA9FE; // 169.254/16, RFC 3927
}
