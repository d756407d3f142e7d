using System;
using Xunit;

namespace Overlay.Linux.Tests;

public sealed unsafe class NativeArrayTests
{
    [Fact]
    public void Elements_are_zero_at_first_and_keep_what_is_written_where_their_address_says()
    {
        using var array = new NativeArray<long>(3);
        Assert.Equal([0L, 0L, 0L], new ReadOnlySpan<long>(array.PointerTo(0, 3), 3).ToArray());
        array[2] = 7;
        Assert.Equal(7, *array.PointerTo(2, 1));
        Assert.Equal(3, array.Length);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(3, 1)]
    [InlineData(2, 2)]
    [InlineData(0, 4)]
    [InlineData(0, -1)]
    [InlineData(int.MaxValue, int.MaxValue)]
    public void What_is_outside_is_refused(int index, int count)
    {
        using var array = new NativeArray<int>(3);
        Assert.Throws<ArgumentOutOfRangeException>(() => (nint)array.PointerTo(index, count));
        Assert.True(array.PointerTo(3, 0) == array.PointerTo(0, 3) + 3); // the end, with nothing behind it
    }

    [Fact]
    public void Nothing_is_inside_any_more_after_it_was_disposed()
    {
        var array = new NativeArray<int>(1);
        array.Dispose();
        array.Dispose();
        Assert.Equal(0, array.Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => array[0]);
        Assert.Throws<ArgumentOutOfRangeException>(() => (nint)array.PointerTo(0, 1));
    }

    [Fact]
    public void Lists_and_batches_refuse_what_comes_after_they_were_disposed()
    {
        using var slab = new PinnedSlab(ReceiveBatch.BytesFor(1));
        var vectors = new IoVectors(slab, 2);
        var toSend = new SendBatch(slab, messages: 1, pieces: 2);
        var received = new ReceiveBatch(slab, 0, slots: 1);
        vectors.Dispose();
        toSend.Dispose();
        received.Dispose();

        Assert.Throws<ArgumentOutOfRangeException>(() => vectors.Add(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => toSend.Begin(default, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => received.Place(0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => (nint)received.FirstMessages(1));
    }
}
