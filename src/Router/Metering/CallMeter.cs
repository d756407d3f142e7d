using System.Diagnostics;
using System.Threading;

namespace Overlay.Router.Metering;

/// <summary>
/// What one worker asks of the kernel, and how long it takes. Written by the worker's thread alone, read by anyone.
/// </summary>
/// <remarks>
/// Every call and byte is counted. Time is sampled: one of <see cref="BatchesPerTiming"/> batches is timed with all its
/// calls, because reading the clock costs as much as a good part of the work between two calls.
/// </remarks>
public sealed class CallMeter
{
    // A prime: batches come in short cycles (one that is full, one that finds nothing), and a period that shares a
    // factor with such a cycle would always time the same kind.
    internal const int BatchesPerTiming = 13;

    // Two lines of 64 bytes on either side, as in WorkerCounters.
    private const int PaddingCells = 16;

    private const int CopiedBytes = PaddingCells;
    private const int TimedWorkTicks = CopiedBytes + 1;
    private const int FirstCall = TimedWorkTicks + 1;

    // Of one call.
    private const int Calls = 0;
    private const int Bytes = 1;
    private const int TimedTicks = 2;
    private const int CellsPerCall = 3;

    private readonly long[] _cells = new long[FirstCall + (MeteredCalls.All.Count * CellsPerCall) + PaddingCells];
    private int _untilTiming = BatchesPerTiming;
    private bool _isTiming;
    private long _ticksInCalls; // of the batch that is being timed

    /// <summary>How often this was called.</summary>
    public long CallsOf(MeteredCall call) => Read(Cell(call, Calls));

    /// <summary>Bytes that crossed with it.</summary>
    public long BytesOf(MeteredCall call) => Read(Cell(call, Bytes));

    /// <summary>Time spent in it, seconds: that of the timed batches, for all of them.</summary>
    public double SecondsOf(MeteredCall call) => Scaled(Read(Cell(call, TimedTicks)));

    /// <summary>Time of batches between their calls, seconds: that of the timed ones, for all.</summary>
    public double WorkSeconds => Scaled(Read(TimedWorkTicks));

    /// <summary>
    /// Bytes of packets that left from another place than they were read into: what user space has copied, headers
    /// written anew among it.
    /// </summary>
    public long UserCopiedBytes => Read(CopiedBytes);

    /// <summary>Says that a batch begins.</summary>
    /// <returns>What <see cref="EndBatch"/> is to be told.</returns>
    internal long BeginBatch()
    {
        if (--_untilTiming > 0)
        {
            return 0;
        }

        _untilTiming = BatchesPerTiming;
        _isTiming = true;
        _ticksInCalls = 0;
        return Stopwatch.GetTimestamp();
    }

    /// <summary>Says that it has ended.</summary>
    internal void EndBatch(long began)
    {
        if (_isTiming)
        {
            _isTiming = false;
            _cells[TimedWorkTicks] += Stopwatch.GetTimestamp() - began - _ticksInCalls;
        }
    }

    /// <summary>Says that a call begins.</summary>
    /// <returns>What <see cref="End"/> is to be told.</returns>
    internal long Begin() => _isTiming ? Stopwatch.GetTimestamp() : 0;

    /// <summary>Says that it has returned.</summary>
    internal void End(MeteredCall call, long began, long bytes)
    {
        Count(call, bytes);
        if (_isTiming)
        {
            long ticks = Stopwatch.GetTimestamp() - began;
            _ticksInCalls += ticks;
            _cells[Cell(call, TimedTicks)] += ticks;
        }
    }

    /// <summary>Counts bytes copied within user space.</summary>
    internal void CountCopy(long bytes) => _cells[CopiedBytes] += bytes;

    private void Count(MeteredCall call, long bytes)
    {
        int first = Cell(call, Calls);
        _cells[first]++;
        _cells[first + Bytes] += bytes;
    }

    private static int Cell(MeteredCall call, int which) => FirstCall + ((int)call * CellsPerCall) + which;

    private long Read(int cell) => Volatile.Read(ref _cells[cell]);

    private static double Scaled(long timedTicks) => timedTicks * (double)BatchesPerTiming / Stopwatch.Frequency;
}
