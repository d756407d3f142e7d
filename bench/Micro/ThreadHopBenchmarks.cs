using System;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using BenchmarkDotNet.Attributes;
using Overlay.Linux;
using Overlay.Router.Pipelines;

namespace Overlay.Micro;

/// <summary>
/// 4,096 packets of 1,472 bytes go from this thread to another one, until it has had the last: waking it, waiting for
/// it and moving cache lines between two cores are in it. Time per packet. It depends on who else wants the processors.
/// </summary>
[MemoryDiagnoser]
public class ThreadHopBenchmarks : IDisposable
{
    private const int Packets = 4096;
    private const int Batch = 64;
    private const int PacketBytes = 1_472;
    private const long RightSum = (long)Packets * (Packets - 1) / 2;

    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);

    private readonly EventSignal _stop = new();
    private readonly ManualResetEventSlim _done = new();
    private readonly FramePipe _frames = new();
    private readonly PinnedSlab _slab = new(Packets * PacketBytes);

    // With the default limit of 64 KB, less than a batch, reader and writer would take turns.
    private readonly Pipe _pipe = new(new PipeOptions(
        pauseWriterThreshold: 1 << 20, resumeWriterThreshold: 1 << 19, minimumSegmentSize: 1 << 16,
        useSynchronizationContext: false));

    private readonly Channel<int> _channel = Channel.CreateUnbounded<int>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private Thread? _thread;
    private Task? _task;
    private long _sum;
    private int _seen;

    [GlobalSetup(Targets = [nameof(FramePipePerBatch), nameof(FramePipePerPacket)])]
    public void StartThread()
    {
        _thread = new Thread(ReadFrames) { IsBackground = true };
        _thread.Start();
    }

    [GlobalSetup(Targets = [nameof(PipePerBatch), nameof(PipePerPacket)])]
    public void StartPipeReader() => _task = Task.Run(ReadPipeAsync);

    [GlobalSetup(Target = nameof(ChannelPerPacket))]
    public void StartChannelReader() => _task = Task.Run(ReadChannelAsync);

    [GlobalCleanup]
    public void Dispose()
    {
        _stop.Set();
        _pipe.Writer.Complete();
        _ = _channel.Writer.TryComplete();
        _thread?.Join();
        _task?.GetAwaiter().GetResult();
        _frames.Dispose();
        _slab.Dispose();
        _stop.Dispose();
        _done.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// Our pipe, flushed once for 64 packets, its reader a thread of its own: as <c>--engine pipeline</c> does it.
    /// </summary>
    [Benchmark(OperationsPerInvoke = Packets, Baseline = true)]
    public long FramePipePerBatch() => SendFrames(Batch);

    /// <summary>The same, flushed for each packet.</summary>
    [Benchmark(OperationsPerInvoke = Packets)]
    public long FramePipePerPacket() => SendFrames(1);

    /// <summary>A plain pipe of up to 1 MB, flushed once for 64 packets, its reader on the thread pool.</summary>
    [Benchmark(OperationsPerInvoke = Packets)]
    public long PipePerBatch() => SendThroughPipe(Batch);

    /// <summary>The same, flushed for each packet.</summary>
    [Benchmark(OperationsPerInvoke = Packets)]
    public long PipePerPacket() => SendThroughPipe(1);

    /// <summary>
    /// Where each packet lies goes through a channel without a limit; its reader is on the thread pool.
    /// </summary>
    [Benchmark(OperationsPerInvoke = Packets)]
    public long ChannelPerPacket()
    {
        for (int i = 0; i < Packets; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(_slab.Slice(i * PacketBytes, PacketBytes), i);
            WrongResult.Unless(_channel.Writer.TryWrite(i * PacketBytes), "a full channel");
        }

        return AwaitAll();
    }

    private long SendFrames(int packetsPerFlush)
    {
        for (int i = 0; i < Packets; i++)
        {
            WrongResult.Unless(_frames.TryReserve(_stop, out int offset), "no room for a frame");
            BinaryPrimitives.WriteInt32LittleEndian(_frames.Region.Slice(offset + FramePipe.HeadBytes, PacketBytes), i);
            _frames.Commit(offset, new FrameHead(PacketBytes));
            if ((i + 1) % packetsPerFlush == 0)
            {
                _frames.Publish();
            }
        }

        return AwaitAll();
    }

    private long SendThroughPipe(int packetsPerFlush)
    {
        for (int i = 0; i < Packets; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(_pipe.Writer.GetSpan(PacketBytes), i);
            _pipe.Writer.Advance(PacketBytes);
            if ((i + 1) % packetsPerFlush == 0)
            {
                ValueTask<FlushResult> flush = _pipe.Writer.FlushAsync();
                if (!flush.IsCompletedSuccessfully)
                {
                    _ = flush.AsTask().GetAwaiter().GetResult();
                }
            }
        }

        return AwaitAll();
    }

    private long AwaitAll()
    {
        WrongResult.Unless(_done.Wait(s_deadline), "packets that did not arrive");
        _done.Reset();
        long sum = _sum;
        _sum = 0;
        WrongResult.Unless(sum == RightSum, "packets lost or doubled");
        return sum;
    }

    // The other side: one thread at a time.
    private void Take(int number)
    {
        _sum += number;
        if (++_seen == Packets)
        {
            _seen = 0;
            _done.Set();
        }
    }

    private void ReadFrames()
    {
        while (!_stop.IsSet)
        {
            if (!_frames.TryRead(out Frames frames))
            {
                _ = Readiness.WaitReadable(_stop, _frames.Readable);
                continue;
            }

            foreach (Frame frame in frames)
            {
                Take(BinaryPrimitives.ReadInt32LittleEndian(_frames.Region.Slice(frame.Offset, frame.Head.Bytes)));
            }

            _frames.Release(frames);
        }
    }

    private async Task ReadPipeAsync()
    {
        while (true)
        {
            ReadResult result = await _pipe.Reader.ReadAsync().ConfigureAwait(false);
            foreach (ReadOnlyMemory<byte> piece in result.Buffer)
            {
                for (ReadOnlyMemory<byte> bytes = piece; bytes.Length > 0; bytes = bytes[PacketBytes..])
                {
                    Take(BinaryPrimitives.ReadInt32LittleEndian(bytes.Span));
                }
            }

            _pipe.Reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return;
            }
        }
    }

    private async Task ReadChannelAsync()
    {
        while (await _channel.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (_channel.Reader.TryRead(out int offset))
            {
                Take(BinaryPrimitives.ReadInt32LittleEndian(_slab.Slice(offset, PacketBytes)));
            }
        }
    }
}
