using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Linux;
using Overlay.Linux.Netlink;

namespace Overlay.Doctor.Facts;

/// <summary>Links, addresses and routes of a host, as they were at one moment.</summary>
/// <param name="Links">All interfaces.</param>
/// <param name="Addresses">Of all interfaces.</param>
/// <param name="Routes">Of the main table.</param>
internal sealed record NetworkFacts(
    IReadOnlyList<Link> Links, IReadOnlyList<InterfaceAddress> Addresses, IReadOnlyList<Ipv4Route> Routes)
{
    /// <summary>Nothing at all.</summary>
    internal static NetworkFacts None { get; } = new([], [], []);

    /// <summary>The interface of a name; null when there is none.</summary>
    internal Link? Find(string name) => Links.FirstOrDefault(link => link.Name == name);

    /// <summary>The name of an interface; its number where it has gone.</summary>
    internal string NameOf(int index) => Links.FirstOrDefault(link => link.Index == index)?.Name ?? $"{index}";

    /// <summary>Asks the kernel, in the namespace of the calling thread.</summary>
    internal static NetworkFacts Read(FactNotes notes)
    {
        try
        {
            using var netlink = RouteNetlink.Open();
            return new NetworkFacts(netlink.GetLinks(), netlink.GetAddresses(), netlink.GetRoutes());
        }
        catch (Exception problem) when (problem is LinuxException or InvalidDataException)
        {
            notes.Add($"interfaces and routes cannot be listed: {problem.Message}");
            return None;
        }
    }
}
