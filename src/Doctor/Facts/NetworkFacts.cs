using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Doctor.Facts;

/// <summary>Links, addresses and routes of a host, as they were at one moment.</summary>
/// <param name="Links">All interfaces.</param>
/// <param name="Addresses">Of all interfaces.</param>
/// <param name="Routes">Of the main table.</param>
internal sealed record NetworkFacts(
    IReadOnlyList<Link> Links, IReadOnlyList<InterfaceAddress> Addresses, IReadOnlyList<Ipv4Route> Routes)
{
    /// <summary>Neighbours that arp(7) has asked for in vain, of all interfaces.</summary>
    internal IReadOnlySet<Ipv4Address> MuteNeighbours { get; init; } = new HashSet<Ipv4Address>();

    /// <summary>Nothing at all.</summary>
    internal static NetworkFacts None { get; } = new([], [], []);

    /// <summary>The interface of a name; null when there is none.</summary>
    internal Link? Find(string name) => Links.FirstOrDefault(link => link.Name == name);

    /// <summary>The addresses of an interface; none when there is no such interface.</summary>
    internal IEnumerable<InterfaceAddress> AddressesOf(string name) => Find(name) is { } link
        ? Addresses.Where(address => address.InterfaceIndex == link.Index) : [];

    /// <summary>The interface that has an address; null when none has it.</summary>
    internal Link? HolderOf(Ipv4Address address) =>
        Addresses.FirstOrDefault(each => each.Local.Address == address) is { } found
            ? Links.FirstOrDefault(link => link.Index == found.InterfaceIndex) : null;

    /// <summary>The name of an interface; its number where it has gone.</summary>
    internal string NameOf(int index) => Links.FirstOrDefault(link => link.Index == index)?.Name ?? $"{index}";

    /// <summary>Asks the kernel, in the namespace of the calling thread.</summary>
    internal static NetworkFacts Read(FactNotes notes)
    {
        try
        {
            using var netlink = RouteNetlink.Open();
            return new NetworkFacts(netlink.GetLinks(), netlink.GetAddresses(), netlink.GetRoutes())
            {
                MuteNeighbours = netlink.GetFailedNeighbours().Select(neighbour => neighbour.Address).ToHashSet(),
            };
        }
        catch (Exception problem) when (problem is LinuxException or InvalidDataException)
        {
            notes.Add($"interfaces and routes cannot be listed: {problem.Message}");
            return None;
        }
    }
}
