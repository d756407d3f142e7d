using System;
using System.Threading;
using Xunit;

namespace Overlay.Linux.Tests;

public sealed class EventSignalTests
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public void It_is_readable_from_set_to_clear_and_can_be_set_again()
    {
        using var signal = new EventSignal();
        Span<byte> counter = stackalloc byte[8];

        Assert.False(signal.IsSet);
        Assert.Equal(Errno.EAGAIN, DescriptorIo.Read(signal.Descriptor, counter).Errno);
        signal.Set();
        signal.Set();
        Assert.True(signal.IsSet);
        signal.Clear();
        Assert.False(signal.IsSet);
        Assert.Equal(Errno.EAGAIN, DescriptorIo.Read(signal.Descriptor, counter).Errno);
        signal.Set();
        Assert.True(signal.IsSet);
        Assert.Equal(8, DescriptorIo.Read(signal.Descriptor, counter).Count);
    }

    [Fact]
    public void Clearing_what_is_not_set_does_nothing()
    {
        using var signal = new EventSignal();

        signal.Clear();

        Assert.False(signal.IsSet);
    }

    [Fact]
    public void Setting_wakes_every_thread_that_waits()
    {
        using var stop = new EventSignal();
        using var never = new EventSignal();
        Thread[] waiters = [NewWaiter(), NewWaiter()];
        Array.ForEach(waiters, waiter => waiter.Start());

        stop.Set();

        Assert.All(waiters, waiter => Assert.True(waiter.Join(s_deadline), "a waiter sleeps on"));

        Thread NewWaiter() => new(() =>
        {
            while (!stop.IsSet)
            {
                _ = Readiness.WaitReadable(stop, never.Descriptor);
            }
        })
        { IsBackground = true };
    }

    [Fact]
    public void A_wait_for_writing_ends_at_once_or_with_its_time()
    {
        using var signal = new EventSignal(); // an eventfd takes more until its counter is full

        Assert.True(Readiness.WaitWritable(signal.Descriptor, 20_000));
    }
}
