using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Xunit;

namespace Overlay.Linux.Tests;

public sealed class SlabPoolTests
{
    private const int SlabBytes = 256;

    [Fact]
    public void Slabs_lie_side_by_side_in_the_region_and_never_overlap()
    {
        using var pool = new SlabPool(SlabBytes, 8);
        int[] offsets = [.. Enumerable.Range(0, 8).Select(_ => pool.OffsetOf(pool.Rent().Memory))];
        Assert.Equal(Enumerable.Range(0, 8).Select(i => i * SlabBytes), offsets.Order());
        Assert.Equal(8 * SlabBytes, pool.Region.LengthBytes);
    }

    [Fact]
    public void When_all_are_rented_the_next_is_refused_and_a_returned_one_is_had_again()
    {
        using var pool = new SlabPool(SlabBytes, 2);
        IMemoryOwner<byte> first = pool.Rent();
        _ = pool.Rent();
        Assert.Equal(0, pool.FreeSlabs);
        Assert.Throws<InvalidOperationException>(() => pool.Rent());

        int offset = pool.OffsetOf(first.Memory);
        first.Dispose();
        Assert.Equal(1, pool.FreeSlabs);
        Assert.Equal(offset, pool.OffsetOf(pool.Rent().Memory));
    }

    [Fact]
    public void What_was_returned_last_is_handed_out_first()
    {
        using var pool = new SlabPool(SlabBytes, 4);
        IMemoryOwner<byte>[] rented = [.. Enumerable.Range(0, 4).Select(_ => pool.Rent())];
        int[] order = [2, 0, 3, 1];
        int[] offsets = [.. order.Select(i => pool.OffsetOf(rented[i].Memory))];
        Array.ForEach(order, i => rented[i].Dispose());
        Assert.Equal(offsets.Reverse(), Enumerable.Range(0, 4).Select(_ => pool.OffsetOf(pool.Rent().Memory)));
    }

    [Fact]
    public void A_slab_that_is_returned_twice_is_a_fault_and_is_not_had_twice()
    {
        using var pool = new SlabPool(SlabBytes, 3);
        IMemoryOwner<byte> slab = pool.Rent();
        slab.Dispose();
        Assert.Throws<InvalidOperationException>(slab.Dispose);
        Assert.Equal(3, pool.FreeSlabs);
        Assert.Equal(3, Enumerable.Range(0, 3).Select(_ => pool.OffsetOf(pool.Rent().Memory)).Distinct().Count());
    }

    [Fact]
    public void More_than_a_slab_is_refused()
    {
        using var pool = new SlabPool(SlabBytes, 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Rent(SlabBytes + 1));
        Assert.Equal(SlabBytes, pool.Rent(SlabBytes).Memory.Length);
    }

    [Fact]
    public void Where_memory_lies_is_known_of_its_own_parts_and_of_no_other()
    {
        using var pool = new SlabPool(SlabBytes, 2);
        using var other = new SlabPool(SlabBytes, 2);
        Memory<byte> memory = pool.Rent().Memory;
        Assert.Equal(pool.OffsetOf(memory) + 100, pool.OffsetOf(memory[100..200]));
        memory.Span[100] = 42;
        Assert.Equal(42, pool.Region.Slice(pool.OffsetOf(memory[100..]), 1)[0]);

        Assert.Throws<ArgumentException>(() => other.OffsetOf(memory));
        Assert.Throws<ArgumentException>(() => pool.OffsetOf(new byte[10]));
        Assert.Throws<ArgumentException>(() => pool.OffsetOf(default));
    }

    [Fact]
    public void Threads_that_rent_and_return_never_hold_the_same_slab()
    {
        const int Threads = 4;
        const int Slabs = 8; // each thread holds two at most
        using var pool = new SlabPool(SlabBytes, Slabs);
        int faults = 0;
        Thread[] threads = [.. Enumerable.Range(1, Threads).Select(number => new Thread(() =>
        {
            var held = new Queue<IMemoryOwner<byte>>();
            for (int i = 0; i < 100_000; i++)
            {
                IMemoryOwner<byte> slab = pool.Rent();
                slab.Memory.Span.Fill((byte)number);
                held.Enqueue(slab);
                if (held.Count == 2)
                {
                    IMemoryOwner<byte> oldest = held.Dequeue();
                    if (oldest.Memory.Span.ContainsAnyExcept((byte)number))
                    {
                        Interlocked.Increment(ref faults);
                    }

                    oldest.Dispose();
                }
            }

            held.Dequeue().Dispose();
        }) { IsBackground = true })];
        Array.ForEach(threads, thread => thread.Start());
        Assert.All(threads, thread => Assert.True(thread.Join(TimeSpan.FromSeconds(60))));

        Assert.Equal(0, faults);
        Assert.Equal(Slabs, pool.FreeSlabs);
    }
}
