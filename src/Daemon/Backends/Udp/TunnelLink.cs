using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Daemon.Backends.Udp;

/// <summary>Gives the TUN interface its address, its MTU and the route of the whole network.</summary>
internal static class TunnelLink
{
    /// <summary>The interface's name without its number, as stock flannel's <c>flannel%d</c>.</summary>
    internal const string Stem = "flannel";

    private const string Kind = "tun"; // IFLA_INFO_KIND

    // In packets. The kernel drops at the end of this queue while the daemon is busy; its default for a TUN is 500.
    private const int TransmitQueueLength = 1000;

    /// <summary>
    /// Configures and brings up the interface. What an earlier daemon has given it stays where it is as wanted; other
    /// addresses and routes go, as they would with a new device.
    /// </summary>
    /// <param name="netlink">A socket in the interface's namespace.</param>
    /// <param name="index">The interface's index.</param>
    /// <param name="network">The whole overlay network: the route.</param>
    /// <param name="subnet">This host's subnet: its network address is the interface's, as a /32.</param>
    /// <param name="mtu">In bytes.</param>
    /// <exception cref="LinuxException">The kernel refused one of the steps.</exception>
    /// <exception cref="OperatorException">The network's route exists and leads elsewhere.</exception>
    internal static void Configure(RouteNetlink netlink, int index, Ipv4Prefix network, Ipv4Prefix subnet, int mtu)
    {
        List<InterfaceAddress> earlier =
            [.. netlink.GetAddresses().Where(address => address.InterfaceIndex == index)];
        if (!earlier.Any(address => address.Local == AddressOf(subnet)))
        {
            netlink.AddAddress(index, AddressOf(subnet));
        }

        foreach (InterfaceAddress other in earlier.Where(other => other.Local != AddressOf(subnet)))
        {
            _ = netlink.RemoveAddress(index, other.Local);
        }

        foreach (Ipv4Route other in netlink.GetRoutes().Where(
            other => other.InterfaceIndex == index && other.Destination != network).ToList())
        {
            _ = netlink.RemoveRoute(other);
        }

        netlink.ConfigureLink(index, new LinkSettings
        {
            Mtu = mtu,
            TransmitQueueLength = TransmitQueueLength,
            NoIpv6LinkLocalAddress = true, // its router solicitations would be the first packets to drop
            Up = true,
        });
        if (!HasRoute(netlink, network, index))
        {
            AddRoute(netlink, network, index);
        }
    }

    /// <summary>The tunnels that have kept an interface from its number: those with smaller ones.</summary>
    /// <param name="netlink">A socket in the interface's namespace.</param>
    /// <param name="own">The interface's name.</param>
    internal static IReadOnlyList<string> FindEarlier(RouteNetlink netlink, string own) =>
        NumberOf(own) is { } number and > 0
            ? [.. netlink.GetLinks().Where(link => link.Kind == Kind && NumberOf(link.Name) < number)
                .Select(link => link.Name)]
            : [];

    private static int? NumberOf(string name) =>
        name.StartsWith(Stem, StringComparison.Ordinal)
        && int.TryParse(name[Stem.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : null;

    /// <summary>The interface that <see cref="Configure"/> configured, whatever it is called by now.</summary>
    /// <returns>Null when it is not in this network namespace.</returns>
    internal static Link? Find(RouteNetlink netlink, int index) =>
        // an index that was left may be asked for by its number
        netlink.FindLink(index) is { Kind: Kind } link ? link : null;

    /// <summary>Puts back MTU and address, where somebody has changed them. The link is up.</summary>
    /// <returns>What was missing, in words; nothing as a rule.</returns>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    internal static IReadOnlyList<string> PutBackAddress(RouteNetlink netlink, Link link, Ipv4Prefix subnet, int mtu)
    {
        var missing = new List<string>();
        if (link.Mtu != mtu)
        {
            netlink.ConfigureLink(link.Index, new LinkSettings { Mtu = mtu });
            missing.Add($"MTU {mtu}");
        }

        if (!netlink.GetAddresses()
            .Any(address => address.InterfaceIndex == link.Index && address.Local.Address == subnet.Address))
        {
            netlink.AddAddress(link.Index, AddressOf(subnet));
            missing.Add($"address {AddressOf(subnet)}");
        }

        return missing;
    }

    /// <summary>Puts back the network's route, where somebody has taken it. The link is up.</summary>
    /// <returns>What was missing, in words; null as a rule.</returns>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    /// <exception cref="OperatorException">The network's route leads elsewhere by now.</exception>
    internal static string? PutBackRoute(RouteNetlink netlink, Link link, Ipv4Prefix network)
    {
        if (HasRoute(netlink, network, link.Index))
        {
            return null;
        }

        AddRoute(netlink, network, link.Index);
        return $"route {network}";
    }

    /// <summary>
    /// Takes away the address of a subnet that this host had before; one that is gone already is as good.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    internal static void RemoveAddress(RouteNetlink netlink, Link link, Ipv4Prefix former) =>
        _ = netlink.RemoveAddress(link.Index, AddressOf(former));

    private static Ipv4Prefix AddressOf(Ipv4Prefix subnet) => new(subnet.Address, 32);

    private static bool HasRoute(RouteNetlink netlink, Ipv4Prefix network, int index) =>
        netlink.GetRoutes().Any(route => route.InterfaceIndex == index && route.Destination == network);

    private static void AddRoute(RouteNetlink netlink, Ipv4Prefix network, int index)
    {
        try
        {
            netlink.AddRoute(network, index);
        }
        catch (LinuxException problem) when (problem.Errno == Errno.EEXIST)
        {
            throw RouteInTheWay(netlink, network, problem);
        }
    }

    private static OperatorException RouteInTheWay(RouteNetlink netlink, Ipv4Prefix network, Exception cause)
    {
        Ipv4Route? other = netlink.GetRoutes().FirstOrDefault(route => route.Destination == network);
        string device = other?.InterfaceIndex is int index ? netlink.FindLink(index)?.Name
            ?? $"interface {index}" : "no single interface (ip route says what it is)";
        return new OperatorException(
            $"a route to {network} exists already and leads to {device}; remove it (ip route del {network}) or "
                + "choose another Network", cause);
    }
}
