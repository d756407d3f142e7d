using System.Diagnostics;
using System.Threading;

namespace Overlay.Router.Metering;

/// <summary>
/// What one worker asks of the kernel, and how long that takes. Written by the worker's thread alone, read by any.
/// </summary>
/// <remarks>
/// Every call and byte is counted. Time is sampled: one of <see cref="BatchesPerTiming"/> batches is timed with all its
/// calls, because reading the clock costs as much as a good part of the work between two calls.
/// </remarks>
public sealed class CallMeter
{
    // A prime: batches come in short cycles (a full one, one that finds nothing), and a period that shares a factor
    // with the cycle would time only one kind.
    internal const int BatchesPerTiming = 13;

    // Two cache lines on either side, as in WorkerCounters.
    private const int PaddingCells = 16;

    private const int CopiedBytes = PaddingCells;
    private const int TimedWorkTicks = CopiedBytes + 1;
    private const int FirstCall = TimedWorkTicks + 1;

    // The cells of one call.
    private const int Calls = 0;
    private const int Bytes = 1;
    private const int TimedTicks = 2;
    private const int CellsPerCall = 3;

    private readonly long[] _cells = new long[FirstCall + (MeteredCalls.All.Count * CellsPerCall) + PaddingCells];
    private int _untilTiming = BatchesPerTiming;
    private bool _isTiming;
    private long _ticksInCalls; // of the batch that is being timed

    /// <summary>How often this call was made.</summary>
    public long CallsOf(MeteredCall call) => Read(Cell(call, Calls));

    /// <summary>Bytes that it carried into the kernel or out of it.</summary>
    public long BytesOf(MeteredCall call) => Read(Cell(call, Bytes));

    /// <summary>Time spent in it, in seconds, estimated from the timed batches.</summary>
    public double SecondsOf(MeteredCall call) => Scaled(Read(Cell(call, TimedTicks)));

    /// <summary>Time spent in batches between their calls, in seconds, estimated from the timed ones.</summary>
    public double WorkSeconds => Scaled(Read(TimedWorkTicks));

    /// <summary>
    /// Bytes copied within user space: bytes of packets that left from another place than they were read into, headers
    /// that were written anew included.
    /// </summary>
    public long UserCopiedBytes => Read(CopiedBytes);

    /// <summary>Marks the beginning of a batch.</summary>
    /// <returns>The argument of <see cref="EndBatch"/>.</returns>
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

    /// <summary>Marks its end.</summary>
    internal void EndBatch(long began)
    {
        if (_isTiming)
        {
            _isTiming = false;
            _cells[TimedWorkTicks] += Stopwatch.GetTimestamp() - began - _ticksInCalls;
        }
    }

    /// <summary>Marks the beginning of a call.</summary>
    /// <returns>The argument of <see cref="End"/>.</returns>
    internal long Begin() => _isTiming ? Stopwatch.GetTimestamp() : 0;

    /// <summary>Counts a call that has returned.</summary>
    /// <param name="call">Which one.</param>
    /// <param name="began">What <see cref="Begin"/> returned.</param>
    /// <param name="bytes">Bytes that it carried, 0 or more.</param>
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
