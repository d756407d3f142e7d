using System;
using System.Collections.Generic;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Threading;
using Overlay.Net;
using Overlay.Router.Routes;

namespace Overlay.Router.Counters;

/// <summary>What one worker has forwarded for each peer. Written by the worker's thread alone, read by any.</summary>
/// <remarks>
/// <para>A hash table with open addressing. A peer gets its entry with its first packet, and loses it with the first
/// batch in whose route table it is none any more. Memory is taken only then: peers that stay cost two additions a
/// message.</para>
/// <para>A reader sees each number whole, but not all numbers at the same instant.</para>
/// </remarks>
internal sealed class PeerCounters
{
    private const int FewestSlots = 16;
    private const int CellsPerSlot = 2; // packets, bytes
    private const int PaddingCells = 16; // as in WorkerCounters

    private RouteTable _routes = RouteTable.Empty;
    private Table _table = new(FewestSlots);
    private int _used;
    private uint _latest; // the peer of the message before, and where its cells are
    private int _latestCell;

    /// <summary>Begins a batch, in which this table is in force.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Follow(RouteTable routes)
    {
        if (!ReferenceEquals(routes, _routes))
        {
            _routes = routes;
            Prune();
        }
    }

    /// <summary>Counts packets. Those of a host that is no peer of this batch's table are not counted.</summary>
    /// <param name="peer">The outer address.</param>
    /// <param name="packets">1 or more.</param>
    /// <param name="bytes">Their inner bytes in all.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Add(Ipv4Address peer, int packets, int bytes)
    {
        if ((peer.Value != _latest || _latest == 0) && !TryFind(peer))
        {
            return;
        }

        long[] cells = _table.Cells;
        cells[_latestCell] += packets;
        cells[_latestCell + 1] += bytes;
    }

    /// <summary>Adds what was counted for each peer to sums.</summary>
    internal void AddTo(Dictionary<Ipv4Address, (long Packets, long Bytes)> sums)
    {
        Table table = Volatile.Read(ref _table);
        for (int slot = 0; slot < table.Peers.Length; slot++)
        {
            uint peer = Volatile.Read(ref table.Peers[slot]);
            if (peer != 0)
            {
                int cell = CellOf(slot);
                (long packets, long bytes) = sums.GetValueOrDefault(new Ipv4Address(peer));
                sums[new Ipv4Address(peer)] = (
                    packets + Volatile.Read(ref table.Cells[cell]), bytes + Volatile.Read(ref table.Cells[cell + 1]));
            }
        }
    }

    private static int CellOf(int slot) => PaddingCells + (slot * CellsPerSlot);

    // Makes the peer the latest one.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryFind(Ipv4Address peer)
    {
        int slot = _table.SlotOf(peer.Value);
        if (_table.Peers[slot] == 0)
        {
            if (!_routes.IsPeer(peer))
            {
                return false;
            }

            if (2 * (_used + 1) > _table.Peers.Length)
            {
                Rebuild(2 * _table.Peers.Length);
                slot = _table.SlotOf(peer.Value);
            }

            Volatile.Write(ref _table.Peers[slot], peer.Value);
            _used++;
        }

        (_latest, _latestCell) = (peer.Value, CellOf(slot));
        return true;
    }

    private void Prune()
    {
        _latest = 0;
        foreach (uint peer in _table.Peers)
        {
            if (peer != 0 && !_routes.IsPeer(new Ipv4Address(peer)))
            {
                Rebuild(FewestSlots);
                return;
            }
        }
    }

    // With those that are peers still, in at least so many slots. Who reads the old one meanwhile sees the past.
    private void Rebuild(int slots)
    {
        Table old = _table;
        _used = 0;
        foreach (uint peer in old.Peers)
        {
            _used += peer != 0 && _routes.IsPeer(new Ipv4Address(peer)) ? 1 : 0;
        }

        var rebuilt = new Table(Math.Max(slots, (int)BitOperations.RoundUpToPowerOf2((uint)(2 * _used) + 1)));
        for (int slot = 0; slot < old.Peers.Length; slot++)
        {
            uint peer = old.Peers[slot];
            if (peer != 0 && _routes.IsPeer(new Ipv4Address(peer)))
            {
                int free = rebuilt.SlotOf(peer);
                rebuilt.Peers[free] = peer;
                old.Cells.AsSpan(CellOf(slot), CellsPerSlot).CopyTo(rebuilt.Cells.AsSpan(CellOf(free)));
            }
        }

        _latest = 0;
        Volatile.Write(ref _table, rebuilt);
    }

    private sealed class Table(int slots)
    {
        internal uint[] Peers { get; } = new uint[slots]; // 0 is a free slot

        internal long[] Cells { get; } = new long[CellOf(slots) + PaddingCells];

        // Where a peer is, or where it would be. At least half of the slots are free, so the walk ends.
        internal int SlotOf(uint peer)
        {
            // Multiplicative hashing, as in RouteTable.
            int slot = (int)((peer * 2654435769u) >> (32 - BitOperations.Log2((uint)Peers.Length)));
            while (Peers[slot] != 0 && Peers[slot] != peer)
            {
                slot = (slot + 1) & (Peers.Length - 1);
            }

            return slot;
        }
    }
}
