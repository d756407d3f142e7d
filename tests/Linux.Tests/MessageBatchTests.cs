using System;
using System.Linq;
using Overlay.Net;
using Xunit;

namespace Overlay.Linux.Tests;

/// <summary>
/// Gather lists and batches, without the kernel: what fits, and what is refused before the kernel could see it.
/// </summary>
public sealed class MessageBatchTests : IDisposable
{
    private static readonly Ipv4Address s_address = Ipv4Address.Parse("10.0.0.1");

    private readonly PinnedSlab _slab = new(ReceiveBatch.BytesFor(2) + 1000);

    public void Dispose() => _slab.Dispose();

    [Fact]
    public void A_list_has_its_pieces_and_their_total()
    {
        using var vectors = new IoVectors(_slab, 3);
        for (int i = 0; i < 100; i++)
        {
            _slab.Slice(i, 1)[0] = (byte)i;
        }

        vectors.Add(10, 3);
        vectors.Add(99, 0);
        vectors.Add(50, 2);

        Assert.Equal((3, 5), (vectors.Count, vectors.TotalBytes));
        Assert.Equal([10, 11, 12], vectors[0].ToArray());
        Assert.Equal([], vectors[1].ToArray());
        Assert.Equal([50, 51], vectors[2].ToArray());
        vectors.Clear();
        Assert.Equal((0, 0), (vectors.Count, vectors.TotalBytes));
        Assert.Throws<ArgumentOutOfRangeException>(() => vectors[0].Length);
    }

    [Fact]
    public void A_list_takes_no_piece_outside_its_slab_and_none_beyond_its_capacity()
    {
        using var vectors = new IoVectors(_slab, 2);

        Assert.Throws<ArgumentOutOfRangeException>(() => vectors.Add(-1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => vectors.Add(0, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => vectors.Add(_slab.LengthBytes, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => vectors.Add(1, _slab.LengthBytes));
        Assert.Throws<ArgumentOutOfRangeException>(() => vectors.Add(int.MaxValue, int.MaxValue));
        Assert.Equal((0, 0), (vectors.Count, vectors.TotalBytes));
        vectors.Add(0, _slab.LengthBytes);
        vectors.Add(_slab.LengthBytes, 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => vectors.Add(0, 1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1025)] // UIO_MAXIOV is 1024
    public void A_list_the_kernel_would_not_take_is_not_made(int capacity) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new IoVectors(_slab, capacity));

    [Fact]
    public void A_full_batch_takes_no_further_message()
    {
        using var batch = new SendBatch(_slab, messages: 2, pieces: 8);
        batch.Begin(s_address, 1);
        Assert.False(batch.IsFull);
        batch.Begin(s_address, 2);
        Assert.True(batch.IsFull);

        Assert.Throws<InvalidOperationException>(() => batch.Begin(s_address, 3));

        Assert.Equal(2, batch.Count);
        batch.Clear();
        batch.Begin(s_address, 4);
        Assert.Equal((1, (ushort)4), (batch.Count, batch.PortOf(0)));
    }

    [Fact]
    public void A_batch_takes_no_piece_outside_the_slab_none_without_a_message_and_none_beyond_its_room()
    {
        using var batch = new SendBatch(_slab, messages: 2, pieces: 2);

        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Add(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.MakeTrain(1));
        batch.Begin(s_address, 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Add(_slab.LengthBytes, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Add(-1, 1));
        Assert.Equal((0, 2), (batch.BytesOf(0), batch.FreePieces));
        batch.Add(0, 5);
        batch.Add(5, 5);
        Assert.Equal((10, 0), (batch.BytesOf(0), batch.FreePieces));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Add(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.BytesOf(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.AddressOf(-1));
    }

    [Fact]
    public void A_message_begun_where_a_train_was_is_no_train()
    {
        using var batch = new SendBatch(_slab, messages: 1, pieces: 4);
        batch.Begin(s_address, 1);
        batch.Add(0, 100);
        batch.MakeTrain(10);
        Assert.Equal(10, batch.SegmentBytesOf(0));
        batch.Clear();

        batch.Begin(s_address, 1);

        Assert.Equal((0, 0), (batch.SegmentBytesOf(0), batch.BytesOf(0)));
    }

    [Fact]
    public void Slots_lie_apart_and_inside_the_slab_and_only_what_was_received_can_be_seen()
    {
        using var batch = new ReceiveBatch(_slab, 1000, 2);
        Assert.Throws<ArgumentOutOfRangeException>(() => batch[0].Bytes);

        batch.Put([1, 2, 3], s_address, segmentBytes: 2, isTruncated: true);
        batch.Put(Enumerable.Repeat((byte)7, ReceiveBatch.SlotBytes).ToArray(), s_address + 1);

        Assert.Equal(new ReceiveBatch.Message(1000, 3, s_address, 2, true), batch[0]);
        Assert.True(batch[1].Offset >= 1000 + ReceiveBatch.SlotBytes);
        Assert.Equal([1, 2, 3], _slab.Slice(1000, 3).ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => batch[2].Bytes);
        batch.Clear();
        Assert.Throws<ArgumentOutOfRangeException>(() => batch[0].Bytes);
    }

    [Fact]
    public void A_slot_is_never_placed_outside_the_slab()
    {
        // a slot is 64 bytes shorter than its share
        Assert.Throws<ArgumentOutOfRangeException>(() => new ReceiveBatch(_slab, 1065, 2));
        using var batch = new ReceiveBatch(_slab, 0, 2);
        int last = _slab.LengthBytes - ReceiveBatch.SlotBytes;

        batch.Place(1, last);
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Place(0, last + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Place(0, -1));

        batch.Put([1], s_address);
        batch.Put([2], s_address);
        Assert.Equal((0, last), (batch[0].Offset, batch[1].Offset));
    }
}
