using System;
using System.Collections.Generic;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Daemon.Backends.Vxlan;

/// <summary>Makes and removes the kernel's entries for peers. One call at a time.</summary>
/// <param name="netlink">Of the device's namespace; borrowed.</param>
internal sealed class PeerProgrammer(RouteNetlink netlink)
{
    /// <summary>What the kernel has for a device and a network.</summary>
    /// <param name="device">The vxlan device's index.</param>
    /// <param name="network">The whole overlay network.</param>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    internal EntrySet Read(int device, Ipv4Prefix network)
    {
        var routes = new HashSet<Ipv4Route>();
        foreach (Ipv4Route route in netlink.GetRoutes())
        {
            if (network.Contains(route.Destination))
            {
                _ = routes.Add(route);
            }
        }

        return new EntrySet
        {
            Neighbours = [.. netlink.GetNeighbours(device)],
            Forwarding = [.. netlink.GetForwardingEntries(device)],
            Routes = routes,
        };
    }

    /// <summary>
    /// Makes what is missing of one peer: the route last, because by then the kernel need not ask for the gateway's
    /// MAC. When a step is refused those before it are undone.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    internal void Make(MissingEntries missing)
    {
        (PeerEntries peer, _, _, _) = missing;
        Neighbour? neighbour = missing.Neighbour ? peer.Neighbour : null;
        ForwardingEntry? forwarding = missing.Forwarding ? peer.Forwarding : null;
        bool hasNeighbour = false;
        bool hasForwarding = false;
        try
        {
            if (neighbour is not null)
            {
                netlink.SetNeighbour(neighbour);
                hasNeighbour = true;
            }

            if (forwarding is not null)
            {
                netlink.SetForwardingEntry(forwarding);
                hasForwarding = true;
            }

            if (missing.Route)
            {
                netlink.ReplaceRoute(peer.Route);
            }
        }
        catch (LinuxException)
        {
            Undo(hasNeighbour ? neighbour : null, hasForwarding ? forwarding : null);
            throw;
        }
    }

    /// <summary>Removes entries. What is refused stays, and the others are removed all the same.</summary>
    /// <returns>How many are removed, and the last refusal.</returns>
    internal (int Count, LinuxException? Refusal) Remove(EntrySet entries)
    {
        int count = 0;
        LinuxException? refusal = null;

        // The route first: while it is there packets follow it.
        foreach (Ipv4Route route in entries.Routes)
        {
            Try(() => netlink.RemoveRoute(route));
        }

        foreach (ForwardingEntry entry in entries.Forwarding)
        {
            Try(() => netlink.RemoveForwardingEntry(entry));
        }

        foreach (Neighbour neighbour in entries.Neighbours)
        {
            Try(() => netlink.RemoveNeighbour(neighbour));
        }

        return (count, refusal);

        void Try(Action remove)
        {
            try
            {
                remove();
                count++;
            }
            catch (LinuxException problem)
            {
                refusal = problem;
            }
        }
    }

    // Why the step was refused is what is told; a refusal here would hide it.
    private void Undo(Neighbour? neighbour, ForwardingEntry? forwarding)
    {
        _ = Remove(new EntrySet
        {
            Neighbours = neighbour is null ? [] : [neighbour],
            Forwarding = forwarding is null ? [] : [forwarding],
        });
    }
}
