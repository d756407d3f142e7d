using System;
using System.Buffers.Binary;
using System.Threading;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Pipelines;
using Xunit;

namespace Overlay.Router.Tests.Pipelines;

public sealed class FramePipeTests(ITestOutputHelper output)
{
    private const int FrameCount = 100_000;

    [Fact]
    public void A_hundred_thousand_frames_cross_between_two_threads_whole_and_in_order_and_nobody_sleeps_for_ever()
    {
        int seed = int.TryParse(
            Environment.GetEnvironmentVariable("OVERLAY_SEED"), out int given) ? given : Environment.TickCount;
        output.WriteLine($"seed {seed}: to repeat, OVERLAY_SEED={seed}");
        using var pipe = new FramePipe();
        using var stop = new EventSignal();
        Exception? fault = null;
        int received = 0;
        var writer = new Thread(() => Guard(() => Write(pipe, stop, new Random(seed)))) { IsBackground = true };
        var reader = new Thread(
            () => Guard(() => Read(pipe, stop, new Random(seed), ref received))) { IsBackground = true };
        writer.Start();
        reader.Start();
        bool isDone = writer.Join(TimeSpan.FromSeconds(60)) & reader.Join(TimeSpan.FromSeconds(60));
        stop.Set();
        writer.Join();
        reader.Join();

        Assert.Null(fault);
        Assert.True(isDone, $"seed {seed}: {Volatile.Read(ref received)} of {FrameCount} frames after a minute");
        Assert.Equal(FrameCount, received);

        void Guard(Action act)
        {
            try
            {
                act();
            }
            catch (Exception problem)
            {
                fault = problem;
                stop.Set();
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)] // fill a slab
    [InlineData(5)]
    public void Room_reserved_for_a_frame_that_did_not_come_holds_none(int frames)
    {
        using var pipe = new FramePipe();
        using var stop = new EventSignal();
        for (int i = 0; i < frames; i++)
        {
            Assert.True(pipe.TryReserve(stop, out int offset));
            pipe.Commit(offset, new FrameHead(FramePipe.MaximumFrameBytes, new Ipv4Address((uint)i)));
        }

        Assert.True(pipe.TryReserve(stop, out _));
        pipe.Publish();
        Assert.True(pipe.TryRead(out Frames waiting));
        uint read = 0;
        foreach (Frame frame in waiting)
        {
            Assert.Equal(read++, frame.Head.Source.Value);
        }

        Assert.Equal((uint)frames, read);
    }

    [Fact]
    public void A_writer_without_room_leaves_when_it_is_stopped()
    {
        using var pipe = new FramePipe();
        using var stop = new EventSignal();
        var writer = new Thread(() =>
        {
            while (pipe.TryReserve(stop, out int offset))
            {
                pipe.Commit(offset, new FrameHead(FramePipe.MaximumFrameBytes));
            }
        }) { IsBackground = true };
        Assert.False(pipe.TryRead(out _));
        writer.Start();
        _ = Readiness.WaitReadable(stop, pipe.Readable); // it publishes when there is no room left
        stop.Set();
        Assert.True(writer.Join(TimeSpan.FromSeconds(60)));
    }

    private static void Write(FramePipe pipe, EventSignal stop, Random random)
    {
        for (int i = 0; i < FrameCount && pipe.TryReserve(stop, out int offset); i++)
        {
            int bytes = LengthOf(i);
            Span<byte> frame = pipe.Region.Slice(offset + FramePipe.HeadBytes, bytes);
            BinaryPrimitives.WriteInt32LittleEndian(frame, i);
            BinaryPrimitives.WriteInt32LittleEndian(frame[^4..], ~i);
            pipe.Commit(offset, new FrameHead(bytes, new Ipv4Address((uint)i), i % 7));
            if (i == FrameCount - 1 || random.Next(5) == 0)
            {
                pipe.Publish();
            }

            Pause(random);
        }
    }

    private static void Read(FramePipe pipe, EventSignal stop, Random random, ref int received)
    {
        while (received < FrameCount && !stop.IsSet)
        {
            if (!pipe.TryRead(out Frames frames))
            {
                _ = Readiness.WaitReadable(stop, pipe.Readable);
                continue;
            }

            foreach (Frame frame in frames)
            {
                Assert.Equal(
                    new FrameHead(LengthOf(received), new Ipv4Address((uint)received), received % 7), frame.Head);
                Span<byte> bytes = pipe.Region.Slice(frame.Offset, frame.Head.Bytes);
                Assert.Equal(received, BinaryPrimitives.ReadInt32LittleEndian(bytes));
                Assert.Equal(~received, BinaryPrimitives.ReadInt32LittleEndian(bytes[^4..]));
                received++;
            }

            pipe.Release(frames);
            Pause(random);
        }
    }

    // Mostly short, so that many share a slab; the longest often enough to use the pool up.
    private static int LengthOf(int index) => index % 50 == 49 ? FramePipe.MaximumFrameBytes : 8 + (index * 37 % 1_500);

    // Now one is ahead, now the other: both find nothing to do again and again.
    private static void Pause(Random random)
    {
        if (random.Next(500) == 0)
        {
            Thread.SpinWait(random.Next(20_000));
        }
    }
}
