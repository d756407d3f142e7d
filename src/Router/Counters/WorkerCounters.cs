using System.Numerics;
using System.Threading;
using Overlay.Linux;
using Overlay.Net;

namespace Overlay.Router.Counters;

/// <summary>What one worker has done. Written by the worker's thread alone, read by any.</summary>
/// <remarks>A reader sees each number whole, but not all numbers at the same instant.</remarks>
public sealed class WorkerCounters
{
    // Two cache lines of 64 bytes on either side keep the counters of other threads away: the adjacent-line prefetcher
    // fetches lines in pairs.
    private const int PaddingCells = 16;

    // Part i has batches of up to 2^i packets, and more than half of that; the last one has all larger ones.
    private const int BatchParts = 14;

    private const int Packets = PaddingCells;
    private const int Bytes = Packets + 1;
    private const int Batched = Bytes + 1; // forwarded up to the end of the last batch
    private const int FirstBatch = Batched + 1;
    private const int FirstDrop = FirstBatch + BatchParts;

    private static readonly int s_firstEvent = FirstDrop + DropReasons.All.Count + 1;
    private static readonly int s_lastErrno = s_firstEvent + CountedEvents.All.Count;

    private readonly long[] _cells = new long[s_lastErrno + 1 + PaddingCells];

    /// <summary>The same by peer.</summary>
    internal PeerCounters Peers { get; } = new();

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

    /// <summary>How many parts batches are counted in, by their packets.</summary>
    public static int BatchPartCount => BatchParts;

    /// <summary>
    /// Batches that forwarded up to 2^<paramref name="part"/> packets, and more than those of the part before; the last
    /// part has all larger ones. Those that forwarded none are not counted.
    /// </summary>
    /// <param name="part">0 to <see cref="BatchPartCount"/> − 1.</param>
    public long Batches(int part) => Volatile.Read(ref _cells[FirstBatch + part]);

    /// <summary>The packets of all those batches.</summary>
    public long BatchedPackets => Volatile.Read(ref _cells[Batched]);

    /// <summary>Counts packets that were forwarded.</summary>
    /// <param name="peer">The outer address that they went to or came from.</param>
    /// <param name="packets">1 or more.</param>
    /// <param name="bytes">Their inner bytes in all.</param>
    internal void Forward(Ipv4Address peer, int packets, int bytes)
    {
        _cells[Packets] += packets;
        _cells[Bytes] += bytes;
        Peers.Add(peer, packets, bytes);
    }

    /// <summary>Counts packets that were dropped.</summary>
    internal void Drop(DropReason reason, int packets = 1) => _cells[FirstDrop + (int)reason] += packets;

    /// <summary>Counts an event.</summary>
    internal void Note(CountedEvent countedEvent, long times = 1) => _cells[s_firstEvent + (int)countedEvent] += times;

    /// <summary>A batch is over: counts it by what it has forwarded.</summary>
    internal void EndBatch()
    {
        long packets = _cells[Packets] - _cells[Batched];
        if (packets > 0)
        {
            _cells[Batched] += packets;
            int part = BitOperations.Log2(((ulong)packets * 2) - 1); // of the least power of two that is no less
            _cells[FirstBatch + (part < BatchParts ? part : BatchParts - 1)]++;
        }
    }

    /// <summary>Records why the kernel refused a packet.</summary>
    internal void NoteRefusal(Errno errno) => _cells[s_lastErrno] = (long)errno;
}
