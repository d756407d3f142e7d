using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Net;
using Overlay.Router.Routes;

namespace Overlay.KernelPath.Maps;

/// <summary>Cuts the network into parts as long as its subnets, so that a look-up is one load.</summary>
/// <remarks>
/// flannel's leases all have the network config's SubnetLen. A shorter prefix is several parts. A part of which
/// different addresses go different ways, because a longer prefix lies in it, is left to user space.
/// </remarks>
internal sealed class RouteIndex
{
    /// <summary>The most subnets of a network; an entry has 8 bytes.</summary>
    internal const int MostEntries = 1 << LargestBits;

    private const int LargestBits = 20;

    private readonly Ipv4Prefix _network;

    private RouteIndex(Ipv4Prefix network, int length)
    {
        _network = network;
        Shift = 32 - length;
        Entries = 1 << (length - network.Length);
    }

    /// <summary>The first address that has an entry.</summary>
    internal uint Base => _network.First.Value;

    /// <summary>How far an address less the first is shifted to the right.</summary>
    internal int Shift { get; }

    /// <summary>Parts of the network.</summary>
    internal int Entries { get; }

    /// <summary>The index of a network's subnets.</summary>
    /// <returns>Null when there would be more than 2^20 of them.</returns>
    internal static RouteIndex? Of(Ipv4Prefix network, int subnetLength)
    {
        int length = Math.Max(subnetLength, network.Length);
        return length - network.Length <= LargestBits ? new RouteIndex(network, length) : null;
    }

    /// <summary>Every entry that is not the default.</summary>
    /// <param name="table">What is routed where, and what is this host's.</param>
    /// <param name="entryOf">A peer's entry; null when it has none.</param>
    internal Dictionary<uint, RouteEntry> EntriesOf(RouteTable table, Func<Ipv4Address, RouteEntry?> entryOf)
    {
        Dictionary<uint, RouteEntry> entries = [];
        HashSet<uint> mixed = [];
        foreach (Route route in table.Routes.OrderBy(route => route.Destination.Length))
        {
            // What is not a host's address never comes from one: the check for that is left to user space.
            bool isOfHosts = route.Destination.First.IsUnicast && route.Destination.Last.IsUnicast;
            Set(route.Destination, isOfHosts ? entryOf(route.NextHop) ?? default : default);
        }

        foreach (Ipv4Prefix own in table.Own)
        {
            Set(own, RouteEntry.Own);
        }

        foreach (uint part in entries.Where(entry => entry.Value == default).Select(entry => entry.Key).Concat(mixed)
            .ToList())
        {
            entries.Remove(part);
        }

        return entries;

        void Set(Ipv4Prefix prefix, RouteEntry entry)
        {
            if (!_network.Contains(prefix.First) || prefix.Length < _network.Length)
            {
                return; // user space has it
            }

            uint first = (prefix.First.Value - Base) >> Shift;
            uint last = (prefix.Last.Value - Base) >> Shift;
            for (uint part = first; part <= last; part++)
            {
                entries[part] = entry;
            }

            if (prefix.Length > 32 - Shift)
            {
                mixed.Add(first);
            }
        }
    }
}
