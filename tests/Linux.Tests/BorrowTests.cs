#if DEBUG
using System;
using System.Buffers;
using Overlay.Net;
using Xunit;

namespace Overlay.Linux.Tests;

/// <summary>
/// What a Debug build does to those who keep what they have borrowed. A Release build has none of it.
/// </summary>
public sealed class BorrowTests
{
    private const byte Poisoned = 0xDB;

    [Fact]
    public void A_message_kept_over_the_next_receive_is_poison()
    {
        using var loopback = new Loopback();
        using UdpSocket sender = loopback.Bind(7001);
        using UdpSocket receiver = loopback.Bind(7002);
        using SendBatch batch = loopback.NewSendBatch();
        using ReceiveBatch received = loopback.NewReceiveBatch();
        byte[] sent = loopback.Fill(0, 1000, seed: 1);
        batch.Begin(Ipv4Address.Loopback, 7002);
        batch.Add(0, sent.Length);
        Assert.True(sender.Send(batch, 0, 1).Succeeded);
        Loopback.Receive(receiver, received, 1);
        ReadOnlySpan<byte> kept = received.BytesOf(0);
        Assert.True(kept.SequenceEqual(sent));

        Assert.Equal(Errno.EAGAIN, receiver.Receive(received, 1).Errno);

        AssertPoisoned(kept);
    }

    [Fact]
    public void A_message_whose_slot_was_moved_belongs_to_whoever_has_its_old_place()
    {
        using var slab = new PinnedSlab(ReceiveBatch.BytesFor(2));
        using var batch = new ReceiveBatch(slab, 0, slots: 1);
        batch.Put([1, 2, 3], Ipv4Address.Loopback);
        ReadOnlySpan<byte> handedOn = batch.BytesOf(0);

        batch.Place(0, ReceiveBatch.BytesFor(1));
        batch.Clear();

        Assert.Equal([1, 2, 3], handedOn.ToArray());
    }

    [Fact]
    public void A_frame_kept_over_the_next_read_into_its_place_is_poison()
    {
        using var signal = new EventSignal();
        Span<byte> kept = stackalloc byte[64];
        signal.Set();
        Assert.Equal(8, DescriptorIo.Read(signal.Descriptor, kept).Count);
        Assert.Equal(1, kept[0]);

        Assert.Equal(Errno.EAGAIN, DescriptorIo.Read(signal.Descriptor, kept).Errno);

        AssertPoisoned(kept);
    }

    [Fact]
    public void A_slab_kept_over_its_return_is_poison_and_writing_to_it_is_a_fault_when_it_is_rented_again()
    {
        using var pool = new SlabPool(256, 1);
        IMemoryOwner<byte> slab = pool.Rent();
        Span<byte> kept = slab.Memory.Span;
        kept.Fill(1);

        slab.Dispose();
        AssertPoisoned(kept);
        kept[255] = 1;

        AssertFault("a slab was written to after it was returned", () => pool.Rent());
    }

    [Fact]
    public void What_a_slab_holds_before_it_is_written_is_poison_as_is_what_is_given_back()
    {
        using var slab = new PinnedSlab(128);
        AssertPoisoned(slab.Slice(0, 128));
        slab.Slice(0, 128).Clear();

        slab.GiveBack(32, 64);

        AssertPoisoned(slab.Slice(32, 64));
        Assert.Equal([0, Poisoned], slab.Slice(31, 2).ToArray());
        Assert.Equal([Poisoned, 0], slab.Slice(95, 2).ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => slab.GiveBack(128, 1));
    }

    [Fact]
    public void To_close_a_descriptor_during_a_call_of_the_packet_path_is_a_fault()
    {
        using var signal = new EventSignal();
        using (SafeFd.Borrowed call = signal.Descriptor.Borrow())
        {
            AssertFault("its owner has not joined the thread first", signal.Dispose);
            Assert.True(call.Number >= 0);
        }
    }

    [Fact]
    public void To_use_a_descriptor_on_the_packet_path_after_it_was_closed_is_a_fault()
    {
        SafeFd fd = new EventSignal().Descriptor;
        fd.Dispose();

        AssertFault("a descriptor is used after it was closed", () => DescriptorIo.Read(fd, new byte[8]));
    }

    private static void AssertPoisoned(ReadOnlySpan<byte> memory) =>
        Assert.False(memory.ContainsAnyExcept(Poisoned), Convert.ToHexString(memory));

    // xUnit makes an exception of a failed assertion; elsewhere it ends the process.
    private static void AssertFault(string sentence, Action fault) =>
        Assert.Contains(sentence, Assert.ThrowsAny<Exception>(fault).Message, StringComparison.Ordinal);
}
#endif
