using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using System.Runtime.CompilerServices;
using Overlay.Net;

namespace Overlay.Router.Routes;

/// <summary>
/// Where each destination goes. Immutable: a reader needs no lock, and a writer replaces the whole table.
/// </summary>
/// <remarks>
/// A next hop is an outer address; 0.0.0.0 means none. When all prefixes have one length, a lookup is one load
/// from an index over the covered range. Otherwise it is a binary search over disjoint ranges, which are made at build
/// time so that the longest prefix wins.
/// </remarks>
public sealed class RouteTable
{
    // The longest direct index, 4 MB. A longer one would take more cache than the ranges.
    private const int MaximumIndexEntries = 1 << 20;

    // 0.0.0.0/32: no packet to the unspecified address passes the other checks.
    private static readonly Ipv4Prefix s_nothing = new(default, 32);

    private readonly uint[] _peers; // the distinct next hops: a hash table with open addressing, 0 is a free slot

    // Either a direct index …
    private readonly uint[] _index = [];
    private readonly uint _indexBase;
    private readonly int _indexShift;

    // … or disjoint ranges by their first address, each up to the next one's.
    private readonly uint[] _rangeStarts = [];
    private readonly uint[] _rangeHops = [];

    // Further subnets of this host, disjoint and by address: the first and the last address of each. Usually none.
    private readonly uint[] _furtherFirst;
    private readonly uint[] _furtherLast;

    private RouteTable(Ipv4Prefix network, Ipv4Prefix ownSubnet, Ipv4Prefix[] further, Route[] routes)
    {
        Network = network;
        OwnSubnet = ownSubnet;
        Routes = routes;
        Own = [ownSubnet, .. further];
        _furtherFirst = [.. further.Select(subnet => subnet.First.Value)];
        _furtherLast = [.. further.Select(subnet => subnet.Last.Value)];
        Count = routes.Length;

        uint[] hops = [.. routes.Select(route => route.NextHop.Value).Distinct()];
        PeerCount = hops.Length;
        _peers = new uint[BitOperations.RoundUpToPowerOf2((uint)Math.Max(hops.Length * 2, 2))];
        foreach (uint hop in hops)
        {
            int slot = Slot(hop);
            while (_peers[slot] != 0)
            {
                slot = (slot + 1) & (_peers.Length - 1);
            }

            _peers[slot] = hop;
        }

        if (TryPlanIndex(routes, out _indexBase, out _indexShift, out int entries))
        {
            _index = new uint[entries];
            foreach (Route route in routes)
            {
                _index[(route.Destination.First.Value - _indexBase) >> _indexShift] = route.NextHop.Value;
            }
        }
        else
        {
            (_rangeStarts, _rangeHops) = CutRanges(routes);
        }
    }

    /// <summary>A table without routes: no destination is routable, and no host is a peer.</summary>
    public static RouteTable Empty { get; } = new(s_nothing, s_nothing, [], []);

    /// <summary>The whole overlay network.</summary>
    public Ipv4Prefix Network { get; }

    /// <summary>The subnet that this host holds.</summary>
    public Ipv4Prefix OwnSubnet { get; }

    /// <summary>What is this host's: the subnet that it holds first, then the further ones.</summary>
    public IReadOnlyList<Ipv4Prefix> Own { get; }

    /// <summary>The routes, in no order, no two to the same destination.</summary>
    public IReadOnlyList<Route> Routes { get; }

    /// <summary>Routes in the table.</summary>
    public int Count { get; }

    /// <summary>Distinct next hops.</summary>
    public int PeerCount { get; }

    /// <summary>True when a lookup is one load.</summary>
    internal bool IsDirect => _index.Length > 0;

    /// <summary>Builds a table.</summary>
    /// <param name="network">The whole overlay network.</param>
    /// <param name="ownSubnet">The subnet that this host holds.</param>
    /// <param name="routes">In any order. Of two equal prefixes the later one counts.</param>
    /// <param name="further">What else is this host's, no two overlapping; null for nothing.</param>
    /// <exception cref="ArgumentException">A prefix length or a next hop is out of range.</exception>
    public static RouteTable Build(
        Ipv4Prefix network, Ipv4Prefix ownSubnet, IEnumerable<Route> routes, IEnumerable<Ipv4Prefix>? further = null)
    {
        var distinct = new Dictionary<Ipv4Prefix, Route>();
        foreach (Route route in routes)
        {
            if (route.Destination.Length is < 1 or > 32 || route.NextHop.IsUnspecified)
            {
                throw new ArgumentException($"not a route: {route}", nameof(routes));
            }

            distinct[route.Destination.Masked()] = route;
        }

        return new RouteTable(
            network, ownSubnet, [.. (further ?? []).OrderBy(subnet => subnet.First)], [.. distinct.Values]);
    }

    /// <summary>
    /// The next hop of <paramref name="destination"/>: the longest matching prefix's; 0.0.0.0 when none matches.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Ipv4Address Find(Ipv4Address destination)
    {
        // Below the base the subtraction wraps to a large number, so one comparison checks both ends.
        uint entry = (destination.Value - _indexBase) >> _indexShift;
        uint[] index = _index;
        if (entry < (uint)index.Length)
        {
            return new Ipv4Address(index[entry]);
        }

        return _rangeStarts.Length == 0 ? default : FindRange(destination);
    }

    /// <summary>True when this outer address is some route's next hop.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsPeer(Ipv4Address address)
    {
        uint[] peers = _peers;
        for (int slot = Slot(address.Value); ; slot = (slot + 1) & (peers.Length - 1))
        {
            // At least half of the slots are free, so the walk ends.
            uint peer = peers[slot];
            if (peer == address.Value || peer == 0)
            {
                return peer != 0;
            }
        }
    }

    /// <summary>True when the address lies in the overlay network.</summary>
    public bool IsInNetwork(Ipv4Address address) => Network.Contains(address);

    /// <summary>True when the address lies in a subnet of this host.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsOwn(Ipv4Address address) =>
        OwnSubnet.Contains(address) || (_furtherFirst.Length > 0 && IsInFurther(address));

    // Multiplicative hashing by 2^32 / golden ratio (Knuth, TAOCP 3, 6.4) spreads neighbouring addresses.
    private int Slot(uint address) => (int)((address * 2654435769u) >> (32 - BitOperations.Log2((uint)_peers.Length)));

    private Ipv4Address FindRange(Ipv4Address destination)
    {
        int position = Array.BinarySearch(_rangeStarts, destination.Value);

        // The first range starts at 0, so there always is one before.
        return new Ipv4Address(_rangeHops[position >= 0 ? position : ~position - 1]);
    }

    private bool IsInFurther(Ipv4Address address)
    {
        int position = Array.BinarySearch(_furtherFirst, address.Value);
        position = position >= 0 ? position : ~position - 1;
        return position >= 0 && address.Value <= _furtherLast[position];
    }

    private static bool TryPlanIndex(Route[] routes, out uint first, out int shift, out int entries)
    {
        (first, shift, entries) = (0, 0, 0);
        if (routes.Length == 0 || routes.Any(route => route.Destination.Length != routes[0].Destination.Length))
        {
            return false;
        }

        shift = 32 - routes[0].Destination.Length;
        first = routes.Min(route => route.Destination.First.Value);
        uint span = ((routes.Max(route => route.Destination.First.Value) - first) >> shift) + 1;
        entries = (int)Math.Min(span, MaximumIndexEntries + 1L);
        return entries <= MaximumIndexEntries;
    }

    // Prefixes nest or are disjoint, so a walk in address order with a stack of the prefixes around the address sees
    // every change of next hop.
    private static (uint[] Starts, uint[] Hops) CutRanges(Route[] routes)
    {
        List<uint> starts = [0];
        List<uint> hops = [0];
        var open = new Stack<Route>();

        void Enter(uint start, uint hop)
        {
            if (starts[^1] == start)
            {
                hops[^1] = hop;
            }
            else if (hops[^1] != hop)
            {
                starts.Add(start);
                hops.Add(hop);
            }
        }

        void CloseBefore(ulong address)
        {
            while (open.Count > 0 && open.Peek().Destination.Last.Value < address)
            {
                uint last = open.Pop().Destination.Last.Value;
                if (last != uint.MaxValue)
                {
                    Enter(last + 1, open.Count > 0 ? open.Peek().NextHop.Value : 0);
                }
            }
        }

        foreach (Route route in
            routes.OrderBy(route => route.Destination.First).ThenBy(route => route.Destination.Length))
        {
            CloseBefore(route.Destination.First.Value);
            Enter(route.Destination.First.Value, route.NextHop.Value);
            open.Push(route);
        }

        CloseBefore(ulong.MaxValue);
        return ([.. starts], [.. hops]);
    }
}
