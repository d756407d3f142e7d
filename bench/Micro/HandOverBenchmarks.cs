using System;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Threading.Channels;
using System.Threading.Tasks;
using BenchmarkDotNet.Attributes;
using Overlay.Linux;
using Overlay.Router.Pipelines;

namespace Overlay.Micro;

/// <summary>
/// A batch of 64 packets of 1,472 bytes goes from one stage to the next on one thread: what the hand-over itself costs,
/// with nobody to wait for and nobody to wake. The first stage numbers each packet where it lies, the second reads the
/// number; nothing is copied. Time per packet.
/// </summary>
[MemoryDiagnoser]
public class HandOverBenchmarks : IDisposable
{
    private const int Batch = 64;
    private const int PacketBytes = 1_472;
    private const long RightSum = Batch * (Batch - 1) / 2;

    private readonly EventSignal _stop = new();
    private readonly PinnedSlab _slab = new(Batch * PacketBytes);
    private readonly FramePipe _frames = new();

    // In segments of the default 4 KB it would be renting and linking them that takes the time.
    private readonly Pipe _pipe = new(new PipeOptions(
        readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline,
        pauseWriterThreshold: 0, minimumSegmentSize: 1 << 16, useSynchronizationContext: false));

    // The quickest there is: no limit, one writer, one reader.
    private readonly Channel<int> _channel = Channel.CreateUnbounded<int>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    [GlobalCleanup]
    public void Dispose()
    {
        _stop.Dispose();
        _slab.Dispose();
        _frames.Dispose();
        _pipe.Writer.Complete();
        _pipe.Reader.Complete();
        GC.SuppressFinalize(this);
    }

    /// <summary>Our pipe of pinned slabs, flushed once for the batch: as <c>--engine pipeline</c> does it.</summary>
    [Benchmark(OperationsPerInvoke = Batch, Baseline = true)]
    public long FramePipePerBatch()
    {
        for (int i = 0; i < Batch; i++)
        {
            CommitFrame(i);
        }

        _frames.Publish();
        return Right(ReadFrames());
    }

    /// <summary>The same, flushed and read for each packet.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public long FramePipePerPacket()
    {
        long sum = 0;
        for (int i = 0; i < Batch; i++)
        {
            CommitFrame(i);
            _frames.Publish();
            sum += ReadFrames();
        }

        return Right(sum);
    }

    /// <summary>A plain pipe with the platform's own pool, flushed once for the batch.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public long PipePerBatch()
    {
        for (int i = 0; i < Batch; i++)
        {
            WritePacket(i);
        }

        Flush();
        return Right(ReadPackets());
    }

    /// <summary>A plain pipe, flushed and read for each packet.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public long PipePerPacket()
    {
        long sum = 0;
        for (int i = 0; i < Batch; i++)
        {
            WritePacket(i);
            Flush();
            sum += ReadPackets();
        }

        return Right(sum);
    }

    /// <summary>Where each packet lies goes through a channel.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public long ChannelPerPacket()
    {
        long sum = 0;
        for (int i = 0; i < Batch; i++)
        {
            NumberInSlab(i);
            WrongResult.Unless(_channel.Writer.TryWrite(i * PacketBytes), "a full channel");
            WrongResult.Unless(_channel.Reader.TryRead(out int offset), "an empty channel");
            sum += NumberAt(offset);
        }

        return Right(sum);
    }

    /// <summary>No hand-over: both stages in one loop.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public long None()
    {
        long sum = 0;
        for (int i = 0; i < Batch; i++)
        {
            NumberInSlab(i);
            sum += NumberAt(i * PacketBytes);
        }

        return Right(sum);
    }

    private void CommitFrame(int number)
    {
        WrongResult.Unless(_frames.TryReserve(_stop, out int offset), "no room for a frame");
        BinaryPrimitives.WriteInt32LittleEndian(
            _frames.Region.Slice(offset + FramePipe.HeadBytes, PacketBytes), number);
        _frames.Commit(offset, new FrameHead(PacketBytes));
    }

    private long ReadFrames()
    {
        WrongResult.Unless(_frames.TryRead(out Frames frames), "no frames");
        long sum = 0;
        foreach (Frame frame in frames)
        {
            sum += BinaryPrimitives.ReadInt32LittleEndian(_frames.Region.Slice(frame.Offset, frame.Head.Bytes));
        }

        _frames.Release(frames);
        return sum;
    }

    private void WritePacket(int number)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_pipe.Writer.GetSpan(PacketBytes), number);
        _pipe.Writer.Advance(PacketBytes);
    }

    private void Flush()
    {
        ValueTask<FlushResult> flush = _pipe.Writer.FlushAsync();
        WrongResult.Unless(flush.IsCompletedSuccessfully, "a paused writer");
    }

    private long ReadPackets()
    {
        WrongResult.Unless(_pipe.Reader.TryRead(out ReadResult result), "no packets");
        long sum = 0;
        foreach (ReadOnlyMemory<byte> piece in result.Buffer)
        {
            for (ReadOnlySpan<byte> bytes = piece.Span; bytes.Length > 0; bytes = bytes[PacketBytes..])
            {
                sum += BinaryPrimitives.ReadInt32LittleEndian(bytes);
            }
        }

        _pipe.Reader.AdvanceTo(result.Buffer.End);
        return sum;
    }

    private void NumberInSlab(int number) =>
        BinaryPrimitives.WriteInt32LittleEndian(_slab.Slice(number * PacketBytes, PacketBytes), number);

    private int NumberAt(int offset) => BinaryPrimitives.ReadInt32LittleEndian(_slab.Slice(offset, PacketBytes));

    private static long Right(long sum)
    {
        WrongResult.Unless(sum == RightSum, "packets lost or doubled");
        return sum;
    }
}
