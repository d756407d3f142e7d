using System.Collections.Generic;
using System.Linq;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Daemon.Host;

/// <summary>The interface whose address carries the tunnel's datagrams.</summary>
/// <param name="Name">The interface's name.</param>
/// <param name="Index">Its index, 1 or more.</param>
/// <param name="Local">The address the socket binds to, with the length of the subnet on the link.</param>
/// <param name="Mtu">In bytes, of the interface <paramref name="Wire"/>.</param>
/// <param name="Wire">The interface whose MTU that is: where this one leads to no other host, another that does; null
/// when there is none.</param>
internal sealed record UnderlayInterface(string Name, int Index, Ipv4Prefix Local, int Mtu, string? Wire)
{
    private const string Dummy = "dummy"; // IFLA_INFO_KIND

    private static readonly Ipv4Prefix s_loopback = new(Ipv4Address.Loopback, 8);
    private static readonly Ipv4Prefix s_linkLocal = Ipv4Prefix.Parse("169.254.0.0/16"); // RFC 3927

    /// <summary>The address the socket binds to.</summary>
    internal Ipv4Address Address => Local.Address;

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
        (Link link, InterfaceAddress address) = wanted is null ? ByDefault(links, addresses, routes, publicIp)
            : Ipv4Address.TryParse(wanted, out Ipv4Address known)
                ? ByAddress(links, addresses, known, $"--iface {wanted}")
                : ByName(links, addresses, wanted);
        Link? wire = HasWire(link) ? link : WireOf(links, routes);
        return new UnderlayInterface(link.Name, link.Index, address.Local, (wire ?? link).Mtu, wire?.Name);
    }

    // By the default routes, of which a host with its address on lo often has one with several ways; without any, by
    // the interfaces that are up. The smallest MTU of them fits each.
    private static Link? WireOf(IReadOnlyList<Link> links, IReadOnlyList<Ipv4Route> routes)
    {
        HashSet<int> byDefault =
        [
            .. routes.Where(route => route.Destination.Length == 0)
                .SelectMany(route => route.Hops.Select(hop => hop.InterfaceIndex).Append(route.InterfaceIndex ?? 0)),
        ];
        IEnumerable<Link> wires = links.Where(link => HasWire(link) && link is { IsUp: true, Mtu: > 0 });
        return wires.Where(link => byDefault.Contains(link.Index)).MinBy(link => link.Mtu)
            ?? wires.MinBy(link => link.Mtu);
    }

    // A host may have its address on an interface that leads nowhere, so that it does not depend on a wire.
    private static bool HasWire(Link link) => (link.Flags & LinkFlags.Loopback) == 0 && link.Kind != Dummy;

    private static int? DefaultInterface(IReadOnlyList<Ipv4Route> routes) =>
        routes.Where(route => route.Destination.Length == 0).OrderBy(route => route.Metric)
            .Select(route => route.InterfaceIndex ?? SingleInterface(route.Hops))
            .FirstOrDefault(index => index is not null);

    private static int? SingleInterface(IReadOnlyList<NextHop> hops) =>
        hops.Select(hop => hop.InterfaceIndex).Distinct().ToList() is [var index] ? index : null;

    private static (Link Link, InterfaceAddress Address) ByDefault(
        IReadOnlyList<Link> links,
        IReadOnlyList<InterfaceAddress> addresses,
        IReadOnlyList<Ipv4Route> routes,
        Ipv4Address? publicIp)
    {
        if (publicIp is { } known)
        {
            return ByAddress(
                links, addresses, known, $"--public-ip {known} (behind address translation give --iface too)");
        }

        Link link = links.FirstOrDefault(link => link.Index == DefaultInterface(routes))
            ?? throw new OperatorException(
                "this host has no IPv4 default route over a single interface to take the underlay from; give --iface "
                    + "NAME or --iface IP");
        return (link, BestAddress(link, addresses));
    }

    private static (Link Link, InterfaceAddress Address) ByName(
        IReadOnlyList<Link> links, IReadOnlyList<InterfaceAddress> addresses, string name)
    {
        Link link = links.FirstOrDefault(link => link.Name == name)
            ?? throw new OperatorException(
                $"--iface {name}: no such interface; there are: {string.Join(", ", links.Select(link => link.Name))}");
        return (link, BestAddress(link, addresses));
    }

    private static (Link Link, InterfaceAddress Address) ByAddress(
        IReadOnlyList<Link> links, IReadOnlyList<InterfaceAddress> addresses, Ipv4Address address, string given)
    {
        InterfaceAddress? owner = addresses.FirstOrDefault(candidate => candidate.Local.Address == address);
        Link? link = links.FirstOrDefault(link => link.Index == owner?.InterfaceIndex);
        return link is null || owner is null
            ? throw new OperatorException($"{given}: no interface has this address; look at: ip -4 address")
            : (link, owner);
    }

    // Preference as in flannel since v0.28.0: global before link-local, primary before secondary; deprecated ones
    // never.
    private static InterfaceAddress BestAddress(Link link, IReadOnlyList<InterfaceAddress> addresses)
    {
        return addresses
            .Where(address => address.InterfaceIndex == link.Index
                && (address.Flags & AddressFlags.Deprecated) == 0
                && !s_loopback.Contains(address.Local.Address))
            .OrderBy(address => s_linkLocal.Contains(address.Local.Address))
            .ThenBy(address => (address.Flags & AddressFlags.Secondary) != 0)
            .FirstOrDefault()
            ?? throw new OperatorException(
                $"interface {link.Name} has no IPv4 address that other hosts can reach; add one (ip address add "
                    + $"ADDRESS/PREFIX dev {link.Name}) or choose another with --iface");
    }
}
