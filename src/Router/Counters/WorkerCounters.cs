using System.Threading;
using Overlay.Linux;

namespace Overlay.Router.Counters;

/// <summary>What one worker has done. Written by the worker's thread alone, read by any.</summary>
/// <remarks>A reader sees each number whole, but not all numbers at the same instant.</remarks>
public sealed class WorkerCounters
{
    // Two cache lines of 64 bytes on either side keep the counters of other threads away: the adjacent-line prefetcher
    // fetches lines in pairs.
    private const int PaddingCells = 16;

    private const int Packets = PaddingCells;
    private const int Bytes = Packets + 1;
    private const int FirstDrop = Bytes + 1;

    private static readonly int s_firstEvent = FirstDrop + DropReasons.All.Count + 1;
    private static readonly int s_lastErrno = s_firstEvent + CountedEvents.All.Count;

    private readonly long[] _cells = new long[s_lastErrno + 1 + PaddingCells];

    /// <summary>Packets forwarded.</summary>
    public long ForwardedPackets => Volatile.Read(ref _cells[Packets]);

    /// <summary>Bytes of the inner packets forwarded.</summary>
    public long ForwardedBytes => Volatile.Read(ref _cells[Bytes]);

    /// <summary>The kernel's latest refusal of a packet; <see cref="Errno.None"/> when it never refused one.</summary>
    public Errno LastRefusal => (Errno)Volatile.Read(ref _cells[s_lastErrno]);

    /// <summary>Packets dropped for this reason.</summary>
    public long Dropped(DropReason reason) => Volatile.Read(ref _cells[FirstDrop + (int)reason]);

    /// <summary>Packets dropped for any reason.</summary>
    public long Dropped()
    {
        long sum = 0;
        foreach (DropReason reason in DropReasons.All)
        {
            sum += Dropped(reason);
        }

        return sum;
    }

    /// <summary>How often this happened.</summary>
    public long Seen(CountedEvent countedEvent) => Volatile.Read(ref _cells[s_firstEvent + (int)countedEvent]);

    /// <summary>Counts packets that were forwarded.</summary>
    /// <param name="packets">1 or more.</param>
    /// <param name="bytes">Their inner bytes in all.</param>
    internal void Forward(int packets, int bytes)
    {
        _cells[Packets] += packets;
        _cells[Bytes] += bytes;
    }

    /// <summary>Counts packets that were dropped.</summary>
    internal void Drop(DropReason reason, int packets = 1) => _cells[FirstDrop + (int)reason] += packets;

    /// <summary>Counts an event.</summary>
    internal void Note(CountedEvent countedEvent, long times = 1) => _cells[s_firstEvent + (int)countedEvent] += times;

    /// <summary>Records why the kernel refused a packet.</summary>
    internal void NoteRefusal(Errno errno) => _cells[s_lastErrno] = (long)errno;
}
