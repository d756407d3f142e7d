using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Doctor.Facts;

/// <summary>The way of datagrams to a peer, as the kernel knows it.</summary>
/// <param name="Peer">Its public IP.</param>
/// <param name="Mtu">The longest outer packet that the kernel sends whole (IP_MTU, ip(7)), in bytes.</param>
/// <param name="Link">The interface they leave by.</param>
internal sealed record PathFacts(Ipv4Address Peer, int Mtu, Link Link)
{
    private const int MostPeers = 256; // a call or two each
    private const ushort AnyPort = 9;

    /// <summary>Asks for each peer; those without a route are left out.</summary>
    internal static IReadOnlyList<PathFacts> Read(
        IEnumerable<Ipv4Address> peers, NetworkFacts network, FactNotes notes)
    {
        try
        {
            using var routes = RouteLookup.Open();
            using var paths = PathMtuSocket.Open(default);
            return
            [
                .. from peer in peers.Distinct().Take(MostPeers)
                let mtu = paths.Find(peer, AnyPort)
                let way = routes.Find(peer)
                let link = network.Links.FirstOrDefault(each => each.Index == way?.InterfaceIndex)
                where mtu > 0 && link is not null
                select new PathFacts(peer, mtu, link),
            ];
        }
        catch (Exception problem) when (problem is LinuxException or InvalidDataException)
        {
            notes.Add($"the paths to peers: {problem.Message}");
            return [];
        }
    }
}
