using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Daemon.Host;

/// <summary>The MTUs of the interfaces on either side of the tunnel's, as the kernel has them now.</summary>
internal static class HostMtus
{
    /// <summary>Asks the kernel, by a connection of its own.</summary>
    /// <param name="underlay">The name of the interface that carries the datagrams.</param>
    /// <param name="tunnel">The name of the one that pods' packets leave by.</param>
    /// <param name="own">This host's subnet.</param>
    /// <returns>Of the underlay and of the pods' bridge, those that are there.</returns>
    internal static (int? Underlay, int? Bridge) Read(string underlay, string tunnel, Ipv4Prefix own)
    {
        try
        {
            using var netlink = RouteNetlink.Open();
            return Find(netlink.GetLinks(), netlink.GetAddresses(), underlay, tunnel, own);
        }
        catch (Exception problem) when (problem is LinuxException or InvalidDataException)
        {
            return default;
        }
    }

    /// <summary>Finds them among all interfaces: the bridge is the one that the pods' gateway address is on.</summary>
    internal static (int? Underlay, int? Bridge) Find(
        IReadOnlyList<Link> links, IReadOnlyList<InterfaceAddress> addresses, string underlay, string tunnel,
        Ipv4Prefix own)
    {
        HashSet<int> ofPods =
        [
            .. addresses.Where(address => own.Contains(address.Local.Address))
                .Select(address => address.InterfaceIndex),
        ];
        return (
            links.FirstOrDefault(link => link.Name == underlay)?.Mtu,
            links.FirstOrDefault(link =>
                ofPods.Contains(link.Index) && link.Name != tunnel && link.Kind == "bridge")?.Mtu);
    }
}
