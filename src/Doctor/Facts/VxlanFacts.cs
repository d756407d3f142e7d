using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Doctor.Facts;

/// <summary>Where a vxlan tunnel sends what is for a peer.</summary>
/// <param name="Neighbours">The gateways' link-layer addresses.</param>
/// <param name="Entries">Which host gets frames for one.</param>
internal sealed record VxlanFacts(IReadOnlyList<Neighbour> Neighbours, IReadOnlyList<ForwardingEntry> Entries)
{
    /// <summary>Asks the kernel; nothing where the tunnel is no vxlan interface.</summary>
    internal static VxlanFacts Read(Link? tunnel, FactNotes notes)
    {
        try
        {
            if (tunnel?.Vxlan is not null)
            {
                using var netlink = RouteNetlink.Open();
                return new VxlanFacts(
                    netlink.GetNeighbours(tunnel.Index), netlink.GetForwardingEntries(tunnel.Index));
            }
        }
        catch (Exception problem) when (problem is LinuxException or InvalidDataException)
        {
            notes.Add($"the entries of {tunnel!.Name} cannot be listed: {problem.Message}");
        }

        return new VxlanFacts([], []);
    }

    /// <summary>The host that gets what is sent to a gateway; null when no entry says.</summary>
    internal Ipv4Address? HostOf(Ipv4Address gateway) =>
        Neighbours.FirstOrDefault(neighbour => neighbour.Address == gateway) is { } found
        && Entries.FirstOrDefault(entry => entry.Mac == found.Mac) is { } entry ? entry.Destination : null;
}
