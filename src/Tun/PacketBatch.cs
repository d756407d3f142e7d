using System;
using Overlay.Linux;

namespace Overlay.Tun;

/// <summary>Room for up to <see cref="Capacity"/> packets, each in a slot of its own of one slab.</summary>
/// <remarks>
/// Owned by one thread. What a read puts here is borrowed until the next read into the same batch. A sink may write to the
/// packets (time to live, checksum) but not beyond their length.
/// </remarks>
public sealed class PacketBatch : IDisposable
{
    /// <summary>Packets a batch holds: enough to share a wake-up among many, few enough to stay in a level-2 cache.</summary>
    public const int DefaultCapacity = 64;

    /// <summary>The longest IPv4 packet: what its 16-bit total length can say (RFC 791, section 3.1).</summary>
    public const int LongestPacketBytes = 65_535;

    private const int CacheLineBytes = 64;

    private readonly PinnedSlab _slab;
    private readonly int _strideBytes;
    private readonly int[] _lengths;
    private readonly uint[] _sources;

    /// <summary>Allocates the slab once.</summary>
    /// <param name="slotBytes">The longest packet a slot takes, 20 to 65,535.</param>
    /// <param name="capacity">Packets, 1 or more.</param>
    public PacketBatch(int slotBytes, int capacity = DefaultCapacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(slotBytes, 20);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(slotBytes, LongestPacketBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        SlotBytes = slotBytes;

        // One line more than needed: a stride of a power of two would put every slot's header into the same cache sets.
        _strideBytes = ((slotBytes + CacheLineBytes - 1) / CacheLineBytes * CacheLineBytes) + CacheLineBytes;
        _slab = new PinnedSlab(_strideBytes * capacity);
        _lengths = new int[capacity];
        _sources = new uint[capacity];
    }

    /// <summary>The longest packet a slot takes, in bytes.</summary>
    public int SlotBytes { get; }

    /// <summary>Packets the batch can hold.</summary>
    public int Capacity => _lengths.Length;

    /// <summary>Packets it holds now.</summary>
    public int Count { get; private set; }

    /// <summary>True when no further packet fits.</summary>
    public bool IsFull => Count == _lengths.Length;

    /// <summary>The next free slot, whole. Undefined content; <see cref="Commit"/> makes it a packet.</summary>
    public Span<byte> NextSlot => _slab.Slice(Count * _strideBytes, SlotBytes);

    /// <summary>Packet <paramref name="index"/>: as many bytes as the slot holds of it.</summary>
    public Span<byte> this[int index] => _slab.Slice(index * _strideBytes, Math.Min(_lengths[index], SlotBytes));

    /// <summary>The packet's own length in bytes; more than <see cref="SlotBytes"/> when the slot could not take all of it.</summary>
    public int LengthOf(int index) => _lengths[index];

    /// <summary>The outer source address of a received datagram, host order; 0 for a packet read from a device.</summary>
    public uint SourceOf(int index) => _sources[index];

    /// <summary>Empties the batch.</summary>
    public void Clear() => Count = 0;

    /// <summary>Makes the next slot a packet of this length.</summary>
    public void Commit(int lengthBytes, uint source = 0)
    {
        _lengths[Count] = lengthBytes;
        _sources[Count] = source;
        Count++;
    }

    /// <inheritdoc/>
    public void Dispose() => _slab.Dispose();
}
