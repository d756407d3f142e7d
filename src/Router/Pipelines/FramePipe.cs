using System;
using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Linux;
using Overlay.Router.Metering;

namespace Overlay.Router.Pipelines;

/// <summary>
/// A pipe that carries frames from one stage's thread to the next one's, many at a time, in the memory that they were
/// read into. A received message is a frame here too.
/// </summary>
/// <remarks>
/// One thread writes, one reads. In the pipe a frame is a head of one cache line and the bytes behind it, which begin
/// with the packet: a virtio-net header lies at the end of the head. A frame never lies in two slabs. The pipe never
/// pauses its writer; the pool is the limit.
/// </remarks>
internal sealed class FramePipe : IDisposable
{
    /// <summary>Bytes of a frame's head. The packet begins behind it, on a cache line.</summary>
    internal const int HeadBytes = 64;

    /// <summary>The longest frame without its head, in bytes: a message or a packet from the TUN.</summary>
    internal const int MaximumFrameBytes = ReceiveBatch.SlotBytes;

    private const int ReservedBytes = HeadBytes + MaximumFrameBytes;

    // A slab takes at least three of the longest frames, and the pool several batches.
    private const int SlabBytes = 4 * ReservedBytes;
    private const int Slabs = 16;

    private readonly SlabPool _pool = new(SlabBytes, Slabs);
    private readonly Pipe _pipe;
    private readonly IMemoryOwner<byte> _scratch;
    private readonly EventSignal _readable = new();
    private readonly EventSignal _writable = new();
    private readonly CallMeter? _writerMeter;
    private readonly CallMeter? _readerMeter;
    private int _readerSleeps;
    private int _writerSleeps;

    /// <summary>Allocates the memory of the pipe.</summary>
    /// <param name="writerMeter">Counts the writer's signals and waits; null for no meter.</param>
    /// <param name="readerMeter">Counts the reader's signals; null for no meter.</param>
    internal FramePipe(CallMeter? writerMeter = null, CallMeter? readerMeter = null)
    {
        _writerMeter = writerMeter;
        _readerMeter = readerMeter;
        _scratch = _pool.Rent();
        _pipe = new Pipe(new PipeOptions(
            _pool, PipeScheduler.Inline, PipeScheduler.Inline, pauseWriterThreshold: 0, resumeWriterThreshold: 0,
            minimumSegmentSize: SlabBytes, useSynchronizationContext: false));
    }

    /// <summary>Where all frames lie.</summary>
    internal PinnedSlab Region => _pool.Region;

    /// <summary>
    /// Where the reading stage has a slab of the region for itself, in bytes from the region's start.
    /// </summary>
    internal int ScratchOffset => _pool.OffsetOf(_scratch.Memory);

    /// <summary>Readable when frames wait.</summary>
    internal SafeFd Readable => _readable.Descriptor;

    /// <summary>
    /// Finds room for one frame. Waits for the reader when the pool is used up; what comes meanwhile waits in the
    /// kernel's queue.
    /// </summary>
    /// <param name="stop">Ends the wait.</param>
    /// <param name="offset">Where the head goes, in bytes from the region's start.</param>
    /// <returns>False when <paramref name="stop"/> is set.</returns>
    internal bool TryReserve(EventSignal stop, out int offset)
    {
        while (_pool.FreeSlabs == 0)
        {
            Publish();
            Clear(_writable, _writerMeter);
            Interlocked.Exchange(ref _writerSleeps, 1);
            if (_pool.FreeSlabs == 0)
            {
                long began = _writerMeter?.Begin() ?? 0;
                _ = Readiness.WaitReadable(stop, _writable.Descriptor);
                _writerMeter?.End(MeteredCall.Wait, began, 0);
            }

            if (stop.IsSet)
            {
                offset = 0;
                return false;
            }
        }

        offset = _pool.OffsetOf(_pipe.Writer.GetMemory(ReservedBytes));
        return true;
    }

    /// <summary>Makes a frame of what was read behind the reserved head.</summary>
    /// <param name="offset">As <see cref="TryReserve"/> gave it.</param>
    /// <param name="head">What the reader is to know about the frame.</param>
    internal void Commit(int offset, in FrameHead head)
    {
        MemoryMarshal.Write(Region.Slice(offset, HeadBytes), head);
        _pipe.Writer.Advance(head.StrideBytes);
    }

    /// <summary>Hands all committed frames to the reader.</summary>
    internal void Publish()
    {
        ValueTask<FlushResult> flushed = _pipe.Writer.FlushAsync();
        if (!flushed.IsCompletedSuccessfully)
        {
            throw new InvalidOperationException("a pipe without a threshold paused its writer");
        }

        if (Interlocked.Exchange(ref _readerSleeps, 0) != 0)
        {
            Set(_readable, _writerMeter);
        }
    }

    /// <summary>Takes all frames that wait.</summary>
    /// <returns>False when none waits: <see cref="Readable"/> becomes readable with the next.</returns>
    internal bool TryRead(out Frames frames)
    {
        if (!_pipe.Reader.TryRead(out ReadResult result))
        {
            Clear(_readable, _readerMeter);
            Interlocked.Exchange(ref _readerSleeps, 1);
            if (!_pipe.Reader.TryRead(out result))
            {
                frames = default;
                return false;
            }
        }

        frames = new Frames(_pool, result.Buffer);
        return true;
    }

    /// <summary>Gives the memory of all frames read back to the pool.</summary>
    internal void Release(in Frames frames)
    {
        _pipe.Reader.AdvanceTo(frames.End);
        if (Interlocked.Exchange(ref _writerSleeps, 0) != 0)
        {
            Set(_writable, _readerMeter);
        }
    }

    public void Dispose()
    {
        _pipe.Writer.Complete();
        _pipe.Reader.Complete();
        _scratch.Dispose();
        _pool.Dispose();
        _readable.Dispose();
        _writable.Dispose();
    }

    private static void Set(EventSignal signal, CallMeter? meter)
    {
        long began = meter?.Begin() ?? 0;
        signal.Set();
        meter?.End(MeteredCall.Signal, began, 0);
    }

    private static void Clear(EventSignal signal, CallMeter? meter)
    {
        long began = meter?.Begin() ?? 0;
        signal.Clear();
        meter?.End(MeteredCall.Signal, began, 0);
    }
}
