using System.Collections.Generic;
using System.Linq;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Daemon.Host;

/// <summary>The interface whose address carries the tunnel's datagrams.</summary>
/// <param name="Name">The interface's name.</param>
/// <param name="Address">The address the socket binds to.</param>
/// <param name="Mtu">In bytes.</param>
internal sealed record UnderlayInterface(string Name, Ipv4Address Address, int Mtu)
{
    private static readonly Ipv4Prefix s_loopback = new(Ipv4Address.Loopback, 8);
    private static readonly Ipv4Prefix s_linkLocal = Ipv4Prefix.Parse("169.254.0.0/16"); // RFC 3927

    /// <summary>
    /// Chooses as flannel does: by the name or address given, else by the public IP, else by the default route.
    /// </summary>
    /// <param name="links">Every interface of this host.</param>
    /// <param name="addresses">Every IPv4 address of this host.</param>
    /// <param name="routes">The main table, in kernel order.</param>
    /// <param name="wanted">An interface's name or one of its addresses; null when not given.</param>
    /// <param name="publicIp">The public IP; null when not given.</param>
    /// <exception cref="OperatorException">None fits; the line says why and what there is.</exception>
    internal static UnderlayInterface Select(
        IReadOnlyList<Link> links,
        IReadOnlyList<InterfaceAddress> addresses,
        IReadOnlyList<Ipv4Route> routes,
        string? wanted,
        Ipv4Address? publicIp)
    {
        if (wanted is not null)
        {
            return Ipv4Address.TryParse(wanted, out Ipv4Address address)
                ? ByAddress(links, addresses, address, $"--iface {wanted}")
                : ByName(links, addresses, wanted);
        }

        if (publicIp is { } known)
        {
            return ByAddress(
                links, addresses, known, $"--public-ip {known} (behind address translation give --iface too)");
        }

        Ipv4Route? route = routes.Where(route => route is { Destination.Length: 0, InterfaceIndex: not null })
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
        IReadOnlyList<Link> links, IReadOnlyList<InterfaceAddress> addresses, Ipv4Address address, string given)
    {
        InterfaceAddress? owner = addresses.FirstOrDefault(candidate => candidate.Local.Address == address);
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
            .Where(address => address.InterfaceIndex == link.Index
                && (address.Flags & AddressFlags.Deprecated) == 0
                && !s_loopback.Contains(address.Local.Address))
            .OrderBy(address => s_linkLocal.Contains(address.Local.Address))
            .ThenBy(address => (address.Flags & AddressFlags.Secondary) != 0)
            .FirstOrDefault();
        return best is null
            ? throw new OperatorException(
                $"interface {link.Name} has no IPv4 address that other hosts can reach; add one (ip address add "
                    + $"ADDRESS/PREFIX dev {link.Name}) or choose another with --iface")
            : new UnderlayInterface(link.Name, best.Local.Address, link.Mtu);
    }
}
