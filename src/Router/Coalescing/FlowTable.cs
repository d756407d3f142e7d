using System;

namespace Overlay.Router.Coalescing;

/// <summary>The newest write of each flow: a hash table with open addressing.</summary>
/// <remarks>
/// It holds at most one entry per write, which is half of its places, so a search ends: after 64 steps where flows
/// collide on purpose. It is emptied by starting a new generation.
/// </remarks>
internal sealed class FlowTable
{
    private const int PlaceBits = 7;
    private const int Places = 1 << PlaceBits; // twice Coalescer.MaximumWrites
    private const int WriteBits = 8;
    private const uint LastGeneration = uint.MaxValue >> WriteBits;

    private readonly FlowKey[] _keys = new FlowKey[Places];

    // Generation and index of the write. A place with another generation is empty.
    private readonly uint[] _entries = new uint[Places];
    private uint _generation = 1;

    /// <summary>The write's index, or -1.</summary>
    internal int Find(in FlowKey flow)
    {
        int place = PlaceOf(flow);
        uint entry = _entries[place];
        return entry >> WriteBits == _generation ? (int)(entry & ((1 << WriteBits) - 1)) : -1;
    }

    /// <summary>Puts the flow's newest write in place of an older one.</summary>
    /// <param name="flow">The flow.</param>
    /// <param name="write">Its index, 0 to 63.</param>
    internal void Set(in FlowKey flow, int write)
    {
        int place = PlaceOf(flow);
        _keys[place] = flow;
        _entries[place] = (_generation << WriteBits) | (uint)write;
    }

    /// <summary>Forgets every flow.</summary>
    internal void Clear()
    {
        if (_generation++ == LastGeneration)
        {
            Array.Clear(_entries);
            _generation = 1;
        }
    }

    // The flow's place, or the empty one where it belongs.
    private int PlaceOf(in FlowKey flow)
    {
        int place = (int)(flow.Hash >> (64 - PlaceBits));
        while (_entries[place] >> WriteBits == _generation && _keys[place] != flow)
        {
            place = (place + 1) & (Places - 1);
        }

        return place;
    }
}
