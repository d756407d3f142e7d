using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Daemon.Host;

/// <summary>Something on the network that this host works with.</summary>
/// <param name="What">What it is: <c>name server</c>, <c>gateway</c>.</param>
/// <param name="Address">Where it is.</param>
/// <param name="Port">Its TCP port, where that is how it is known; otherwise null.</param>
internal readonly record struct HostDependency(string What, Ipv4Address Address, ushort? Port = null)
{
    /// <summary>For a message: <c>name server 10.0.0.2</c>.</summary>
    public override string ToString() => Port is null ? $"{What} {Address}" : $"{What} {Address}:{Port}";
}

/// <summary>What this host works with on the network, as far as it shows.</summary>
internal static class HostDependencies
{
    // The second one names the servers behind systemd-resolved, where the first names only the one on this host.
    private static readonly string[] s_resolverFiles = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];

    /// <summary>
    /// Name servers, gateways, and the servers that it has open TCP connections to: an API server, a file server.
    /// </summary>
    /// <param name="netlink">Of the network namespace that is looked at; it is borrowed.</param>
    internal static IReadOnlyList<HostDependency> Read(RouteNetlink netlink)
    {
        // A connection from an address that nobody has any longer is one of a former tunnel's.
        HashSet<Ipv4Address> own = [.. netlink.GetAddresses().Select(address => address.Local.Address)];
        IEnumerable<HostDependency> all =
        [
            .. s_resolverFiles.SelectMany(NameServersOf).Select(server => new HostDependency("name server", server)),
            .. netlink.GetRoutes()
                .Where(route => !IsOfTunnel(route))
                .SelectMany(route => route.Hops.Select(hop => hop.Gateway).Append(route.Gateway))
                .OfType<Ipv4Address>()
                .Select(gateway => new HostDependency("gateway", gateway)),
            .. TcpConnections.ReadOpened().Where(connection => own.Contains(connection.Local)).Select(
                connection => new HostDependency("the TCP connection to", connection.Remote, connection.RemotePort)),
        ];
        return [.. all.DistinctBy(dependency => dependency.Address)];
    }

    // A gateway inside what it leads to is nobody to reach: a vxlan device of an earlier run has such routes.
    private static bool IsOfTunnel(Ipv4Route route) =>
        route is { IsOnLink: true, Gateway: { } gateway } && route.Destination.Contains(gateway);

    /// <summary>The IPv4 name servers of a file (resolv.conf(5)); none where it cannot be read.</summary>
    internal static IReadOnlyList<Ipv4Address> NameServersOf(string file)
    {
        List<Ipv4Address> servers = [];
        try
        {
            foreach (string line in File.ReadLines(file))
            {
                string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
                if (words is ["nameserver", var text, ..] && Ipv4Address.TryParse(text, out Ipv4Address server))
                {
                    servers.Add(server);
                }
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return servers;
        }

        return servers;
    }
}
