using System;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Net;
using Overlay.Router.Counters;

namespace Overlay.Router.Tapping;

/// <summary>A worker's end of a capture: records go into a pipe, a batch at a time, as long as there is room.</summary>
/// <remarks>One thread writes, one reads. It never waits: what is over the budget is counted as lost.</remarks>
public sealed class TapWriter
{
    // What a reader that comes by every few hundredths of a second may find at most: bounds the memory too.
    private const int MostPendingBytes = 2 << 20;

    private const int SegmentBytes = 64 << 10;
    private const int MillisecondsPerSecond = 1000;

    private readonly Pipe _pipe = new(new PipeOptions(
        readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0,
        resumeWriterThreshold: 0, minimumSegmentSize: SegmentBytes, useSynchronizationContext: false));

    private readonly PacketTap _tap;
    private readonly TapOptions _options;
    private readonly ulong _firstId;

    private long _matched; // written by the worker alone
    private long _lost;
    private long _pending; // bytes between writer and reader
    private long _written; // since the last flush
    private double _allowance;
    private long _filledAt = long.MinValue;
    private ulong _count;

    /// <summary>An empty pipe.</summary>
    /// <param name="tap">The capture.</param>
    /// <param name="number">Of the worker within it: its packets' numbers begin with it.</param>
    internal TapWriter(PacketTap tap, int number)
    {
        (_tap, _options) = (tap, tap.Options);
        _firstId = (ulong)(number + 1) << 48;
    }

    /// <summary>Packets that the filter wanted. Any thread.</summary>
    internal long Matched => Volatile.Read(ref _matched);

    /// <summary>Those of them that were not kept. Any thread.</summary>
    internal long Lost => Volatile.Read(ref _lost);

    /// <summary>Takes all that waits.</summary>
    /// <param name="take">Gets the records, whole ones, as <see cref="TapRecord"/> has them; borrowed until it
    /// returns.</param>
    public void Read(Action<ReadOnlyMemory<byte>> take)
    {
        while (_pipe.Reader.TryRead(out ReadResult result) && result.Buffer.Length > 0)
        {
            foreach (ReadOnlyMemory<byte> part in result.Buffer)
            {
                take(part); // a record never lies in two segments: each is reserved as one
            }

            _pipe.Reader.AdvanceTo(result.Buffer.End);
            _ = Interlocked.Add(ref _pending, -result.Buffer.Length);
        }
    }

    /// <summary>Begins a batch: the budget grows by the time that has passed.</summary>
    internal void Begin(long nowMilliseconds)
    {
        if (_filledAt == long.MinValue)
        {
            _allowance = _options.PacketsPerSecond;
        }
        else if (nowMilliseconds > _filledAt)
        {
            double more = (double)(nowMilliseconds - _filledAt) / MillisecondsPerSecond * _options.PacketsPerSecond;
            _allowance = Math.Min(_options.PacketsPerSecond, _allowance + more);
        }

        _filledAt = nowMilliseconds;
    }

    /// <summary>Whether the capture wants a packet: asked once for all that are cut from one superpacket.</summary>
    internal bool Wants(TapDirection direction, DropReason verdict, Ipv4Address peer, ReadOnlySpan<byte> head) =>
        _options.Filter is not { } filter || filter.Matches(new TappedPacket(direction, verdict, peer, head));

    /// <summary>Keeps a packet that is wanted.</summary>
    /// <param name="direction">Which way it goes.</param>
    /// <param name="verdict">What was decided.</param>
    /// <param name="peer">The other host.</param>
    /// <param name="head">Its first bytes.</param>
    /// <param name="tail">What follows them; may be empty.</param>
    internal void Keep(
        TapDirection direction, DropReason verdict, Ipv4Address peer, ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail)
    {
        if (!Admit())
        {
            return;
        }

        int ofHead = Math.Min(head.Length, _options.SnapBytes);
        int ofTail = Math.Min(tail.Length, _options.SnapBytes - ofHead);
        int all = TapRecord.HeadBytes + ofHead + ofTail;
        Span<byte> bytes = _pipe.Writer.GetSpan(all);
        Record(direction, verdict, peer, head.Length + tail.Length, count: 1).Write(bytes, ofHead + ofTail);
        head[..ofHead].CopyTo(bytes[TapRecord.HeadBytes..]);
        tail[..ofTail].CopyTo(bytes[(TapRecord.HeadBytes + ofHead)..]);
        _pipe.Writer.Advance(all);
        _written += all;
    }

    /// <summary>Keeps that packets were lost whose bytes are not at hand: what the kernel has refused.</summary>
    internal void KeepLoss(TapDirection direction, DropReason verdict, Ipv4Address peer, int count)
    {
        if (!Wants(direction, verdict, peer, default))
        {
            return;
        }

        if (!Admit())
        {
            return;
        }

        Record(direction, verdict, peer, 0, count).Write(_pipe.Writer.GetSpan(TapRecord.HeadBytes), 0);
        _pipe.Writer.Advance(TapRecord.HeadBytes);
        _written += TapRecord.HeadBytes;
    }

    /// <summary>Ends a batch: the reader finds what was kept.</summary>
    internal void Flush()
    {
        if (_written > 0)
        {
            _ = Interlocked.Add(ref _pending, _written);
            _written = 0;
            ValueTask<FlushResult> flushed = _pipe.Writer.FlushAsync();
            if (!flushed.IsCompletedSuccessfully)
            {
                throw new InvalidOperationException("a pipe without a threshold paused its writer");
            }
        }
    }

    // Counts one that is wanted, and counts it as lost where the budget or the pipe has no room for it.
    private bool Admit()
    {
        Volatile.Write(ref _matched, _matched + 1);
        if (_allowance < 1 || Volatile.Read(ref _pending) + _written > MostPendingBytes)
        {
            Volatile.Write(ref _lost, _lost + 1);
            return false;
        }

        _allowance--;
        return true;
    }

    private TapRecord Record(TapDirection direction, DropReason verdict, Ipv4Address peer, int length, int count) =>
        new(direction, verdict, peer, _tap.NowNanoseconds, _firstId | ++_count, length, count);
}
