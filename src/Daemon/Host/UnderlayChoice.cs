using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using Overlay.Daemon.Options;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Daemon.Host;

/// <summary>
/// Chooses the interface that carries the tunnel's datagrams, in flannel's order and with its words (main.go, and
/// pkg/ipmatch/match.go).
/// </summary>
/// <param name="Interface">The one chosen.</param>
/// <param name="Reason">The option that has chosen it, or the default route.</param>
/// <param name="PassedOver">What was tried before, and why it was not taken, a line each.</param>
internal sealed record UnderlayChoice(UnderlayInterface Interface, string Reason, IReadOnlyList<string> PassedOver)
{
    private const string Dummy = "dummy"; // IFLA_INFO_KIND

    private static readonly Ipv4Prefix s_loopback = new(Ipv4Address.Loopback, 8);
    private static readonly Ipv4Prefix s_linkLocal = Ipv4Prefix.Parse("169.254.0.0/16"); // RFC 3927

    // The interface, and its address where the request names one.
    private sealed record Found(Link Link, InterfaceAddress? Address);

    /// <summary>
    /// Takes the first of what is asked for that is there: the names and addresses, the expressions, the way to an
    /// address. Without any of them it is the interface of the public IP, and without that the default route's.
    /// </summary>
    /// <exception cref="OperatorException">None fits; the line says why and what there is.</exception>
    internal static UnderlayChoice Make(UnderlayRequest request, HostNetwork host)
    {
        List<(string Option, string Wanted, Func<Found> Find)> attempts =
        [
            .. request.Interfaces.Select(
                wanted => ("--iface", wanted, (Func<Found>)(() => ByNameOrAddress(host, wanted)))),
            .. request.Patterns.Select(
                pattern => ("--iface-regex", $"{pattern}", (Func<Found>)(() => ByPattern(host, pattern)))),
        ];
        if (request.CanReach is { } reached)
        {
            attempts.Add(("--iface-can-reach", $"{reached}", () => ByRouteTo(host, reached)));
        }

        if (attempts.Count == 0)
        {
            return WithoutChoice(request, host);
        }

        List<string> failures = [];
        foreach ((string option, string wanted, Func<Found> find) in attempts)
        {
            try
            {
                return new UnderlayChoice(Complete(find(), host), $"{option}={wanted}", failures);
            }
            catch (OperatorException problem)
            {
                failures.Add($"Could not find valid interface matching {wanted}: {problem.Message}");
            }
        }

        throw new OperatorException("Failed to find interface to use that matches the interfaces and/or regexes "
            + $"provided: {string.Join("; ", failures)}");
    }

    private static UnderlayChoice WithoutChoice(UnderlayRequest request, HostNetwork host)
    {
        try
        {
            return request.PublicIp is { } publicIp
                ? new UnderlayChoice(Complete(ByAddress(host, publicIp), host), $"--public-ip={publicIp}", [])
                : new UnderlayChoice(Complete(ByDefaultRoute(host), host), "the default route", []);
        }
        catch (OperatorException problem)
        {
            string remedy = request.PublicIp is null
                ? "give --iface NAME or --iface IP"
                : "behind address translation give --iface too";
            throw new OperatorException(
                $"Failed to find any valid interface to use: {problem.Message}; {remedy}", problem);
        }
    }

    private static UnderlayInterface Complete(Found found, HostNetwork host)
    {
        Link link = found.Link;
        InterfaceAddress address = found.Address ?? Usable(link, host).FirstOrDefault()
            ?? throw new OperatorException($"failed to find IPv4 address for interface {link.Name}; add one (ip "
                + $"address add ADDRESS/PREFIX dev {link.Name}) or choose another with --iface");
        Link? wire = HasWire(link) ? link : WireOf(host);
        int mtu = (wire ?? link).Mtu;
        return mtu > 0
            ? new UnderlayInterface(link.Name, link.Index, address.Local, mtu, wire?.Name)
            : throw new OperatorException($"failed to determine MTU for {address.Local.Address} interface");
    }

    private static Found ByNameOrAddress(HostNetwork host, string wanted)
    {
        if (Ipv4Address.TryParse(wanted, out Ipv4Address address))
        {
            return ByAddress(host, address);
        }

        Link link = host.Links.FirstOrDefault(link => link.Name == wanted)
            ?? throw new OperatorException($"error looking up interface {wanted}: no such network interface; there "
                + $"are: {string.Join(", ", host.Links.Select(link => link.Name))}");
        return new Found(link, null);
    }

    private static Found ByAddress(HostNetwork host, Ipv4Address address)
    {
        InterfaceAddress? owner = host.Addresses.FirstOrDefault(candidate => candidate.Local.Address == address);
        return LinkOf(host, owner?.InterfaceIndex) is { } link
            ? new Found(link, owner)
            : throw new OperatorException(
                $"error looking up interface {address}: no interface with given IP found; look at: ip -4 address");
    }

    private static Found ByPattern(HostNetwork host, Regex pattern)
    {
        Found? byAddress = host.Links.SelectMany(link => Usable(link, host).Select(address => new Found(link, address)))
            .FirstOrDefault(found => pattern.IsMatch($"{found.Address!.Local.Address}"));
        if (byAddress is not null)
        {
            return byAddress;
        }

        Link link = host.Links.FirstOrDefault(link => pattern.IsMatch(link.Name))
            ?? throw new OperatorException($"could not match pattern {pattern} to any of the available network "
                + $"interfaces ({string.Join(", ", host.Links.Select(link => $"{link.Name}:[{Addresses(link)}]"))})");
        return new Found(link, null);

        string Addresses(Link link) => string.Join(' ', Usable(link, host).Select(address => address.Local.Address));
    }

    private static Found ByRouteTo(HostNetwork host, Ipv4Address destination)
    {
        RoutedTo? way = host.FindRoute(destination);
        Link? link = LinkOf(host, way?.InterfaceIndex);
        InterfaceAddress? source = host.Addresses.FirstOrDefault(address => address.Local.Address == way?.Source);
        return link is null
            ? throw new OperatorException("failed to get ifcanreach based interface: couldn't lookup route to "
                + $"{destination}: network is unreachable")
            : new Found(link, source);
    }

    private static Found ByDefaultRoute(HostNetwork host)
    {
        List<Ipv4Route> routes =
            [.. host.Routes.Where(route => route.Destination.Length == 0).OrderBy(route => route.Metric)];
        int? index = routes.Select(route => route.InterfaceIndex ?? SingleInterface(route.Hops))
            .FirstOrDefault(each => each is not null);
        return LinkOf(host, index) is { } link
            ? new Found(link, null)
            : throw new OperatorException("failed to get default interface: " + (routes.Count == 0
                ? "unable to find default route"
                : "found default route but could not determine interface"));
    }

    private static int? SingleInterface(IReadOnlyList<NextHop> hops) =>
        hops.Select(hop => hop.InterfaceIndex).Distinct().ToList() is [var index] ? index : null;

    private static Link? LinkOf(HostNetwork host, int? index) => host.Links.FirstOrDefault(link => link.Index == index);

    // By the default routes, of which a host with its address on lo often has one with several ways; without any, by
    // the interfaces that are up. The smallest MTU of them fits each.
    private static Link? WireOf(HostNetwork host)
    {
        HashSet<int> byDefault =
        [
            .. host.Routes.Where(route => route.Destination.Length == 0)
                .SelectMany(route => route.Hops.Select(hop => hop.InterfaceIndex).Append(route.InterfaceIndex ?? 0)),
        ];
        IEnumerable<Link> wires = host.Links.Where(link => HasWire(link) && link is { IsUp: true, Mtu: > 0 });
        return wires.Where(link => byDefault.Contains(link.Index)).MinBy(link => link.Mtu)
            ?? wires.MinBy(link => link.Mtu);
    }

    // A host may have its address on an interface that leads nowhere, so that it does not depend on a wire.
    private static bool HasWire(Link link) => (link.Flags & LinkFlags.Loopback) == 0 && link.Kind != Dummy;

    // In flannel's order of preference since v0.28.0 (pkg/ip/iface.go): global before link-local, permanent before
    // borrowed, primary before secondary; deprecated ones never.
    private static IEnumerable<InterfaceAddress> Usable(Link link, HostNetwork host) => host.Addresses
        .Where(address => address.InterfaceIndex == link.Index
            && (address.Flags & AddressFlags.Deprecated) == 0
            && !s_loopback.Contains(address.Local.Address))
        .OrderBy(address => s_linkLocal.Contains(address.Local.Address))
        .ThenBy(address => (address.Flags & AddressFlags.Permanent) == 0)
        .ThenBy(address => (address.Flags & AddressFlags.Secondary) != 0);
}
