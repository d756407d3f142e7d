using System;
using System.Buffers;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Threading;

namespace Overlay.Linux;

/// <summary>
/// Slabs of one size out of one region of pinned memory: what is rented last is handed out first, while it is in the
/// caches.
/// </summary>
/// <remarks>
/// Renting and returning neither allocate nor lock; any thread may do either. As all slabs lie in one
/// <see cref="Region"/>, a system call can gather from several of them.
/// </remarks>
public sealed class SlabPool : MemoryPool<byte>
{
    private const int End = -1;

    private readonly Slab[] _slabs;
    private readonly int[] _next;

    // The free list's head in the low half, a count of changes in the high half: a list that has changed and changed
    // back is seen.
    private long _head;
    private int _free;

    /// <summary>Allocates all slabs at once. Their pages are committed as they are used.</summary>
    /// <param name="slabBytes">More than 0; best a multiple of 64.</param>
    /// <param name="count">More than 0.</param>
    public SlabPool(int slabBytes, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(slabBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        MaxBufferSize = slabBytes;
        Region = new PinnedSlab(checked(slabBytes * count));
        _slabs = new Slab[count];
        _next = new int[count];
        for (int i = 0; i < count; i++)
        {
            _slabs[i] = new Slab(this, i, i * slabBytes);
            _next[i] = i + 1 < count ? i + 1 : End;
        }

        _free = count;
    }

    /// <summary>The memory all slabs are part of.</summary>
    public PinnedSlab Region { get; }

    /// <summary>Bytes of a slab.</summary>
    public override int MaxBufferSize { get; }

    /// <summary>Slabs that can be rented now.</summary>
    public int FreeSlabs => Volatile.Read(ref _free);

    /// <summary>Rents a whole slab, whatever size is asked for.</summary>
    /// <param name="minBufferSize">At most <see cref="MaxBufferSize"/>; -1 for any.</param>
    /// <exception cref="InvalidOperationException">None is left: whoever rents looks at <see cref="FreeSlabs"/>
    /// first.</exception>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, MaxBufferSize);
        while (true)
        {
            long head = Volatile.Read(ref _head);
            int first = (int)head;
            if (first == End)
            {
                throw new InvalidOperationException($"all {_slabs.Length} slabs are rented");
            }

            if (Interlocked.CompareExchange(ref _head, Successor(head, _next[first]), head) == head)
            {
                Interlocked.Decrement(ref _free);
                return _slabs[first].Take();
            }
        }
    }

    /// <summary>Where rented memory lies, in bytes from the region's start.</summary>
    /// <param name="memory">A slab's memory or a part of it.</param>
    /// <exception cref="ArgumentException">It is not of this pool.</exception>
    public int OffsetOf(ReadOnlyMemory<byte> memory) =>
        MemoryMarshal.TryGetMemoryManager(memory, out Slab? slab, out int start, out _) && slab.Pool == this
            ? slab.Offset + start
            : throw new ArgumentException("the memory is not of this pool", nameof(memory));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => Region.Dispose();

    private static long Successor(long head, int first) => (((head >> 32) + 1) << 32) | (uint)first;

    private void Return(int index)
    {
        while (true)
        {
            long head = Volatile.Read(ref _head);
            Volatile.Write(ref _next[index], (int)head);
            if (Interlocked.CompareExchange(ref _head, Successor(head, index), head) == head)
            {
                Interlocked.Increment(ref _free);
                return;
            }
        }
    }

    /// <summary>One slab, as memory that pipelines can hand on.</summary>
    private sealed unsafe class Slab(SlabPool pool, int index, int offset) : MemoryManager<byte>
    {
        private int _isRented;

        internal SlabPool Pool => pool;

        internal int Offset => offset;

        public override Span<byte> GetSpan() => pool.Region.Slice(offset, pool.MaxBufferSize);

        // Safe because the region never moves and PointerTo checks the element against it: there is nothing to unpin.
        public override MemoryHandle Pin(int elementIndex = 0) =>
            new(pool.Region.PointerTo(offset + elementIndex, pool.MaxBufferSize - elementIndex));

        public override void Unpin()
        {
        }

        internal Slab Take()
        {
            Debug.Assert(_isRented == 0, "a slab of the free list is rented already");
            Debug.Assert(Poison.IsIntact(GetSpan()), "a slab was written to after it was returned");
            _isRented = 1;
            return this;
        }

        protected override void Dispose(bool disposing)
        {
            if (Interlocked.Exchange(ref _isRented, 0) == 0)
            {
                throw new InvalidOperationException($"slab {index} was returned twice");
            }

            pool.Region.GiveBack(offset, pool.MaxBufferSize);
            pool.Return(index);
        }
    }
}
