using System.Collections.Generic;
using System.Linq;
using Overlay.Linux;

namespace Overlay.Router.Counters;

/// <summary>What one direction has done: the sums of its workers' counters at the time of reading.</summary>
public sealed class DirectionTotals
{
    private readonly long[] _drops = new long[DropReasons.All.Count + 1];
    private readonly long[] _events = new long[CountedEvents.All.Count];
    private readonly long[] _batches = new long[WorkerCounters.BatchPartCount];

    private DirectionTotals(IReadOnlyList<WorkerCounters> workers)
    {
        foreach (WorkerCounters worker in workers)
        {
            ForwardedPackets += worker.ForwardedPackets;
            ForwardedBytes += worker.ForwardedBytes;
            BatchedPackets += worker.BatchedPackets;
            LastRefusal = worker.LastRefusal == Errno.None ? LastRefusal : worker.LastRefusal;
            foreach (DropReason reason in DropReasons.All)
            {
                _drops[(int)reason] += worker.Dropped(reason);
            }

            for (int part = 0; part < _batches.Length; part++)
            {
                _batches[part] += worker.Batches(part);
            }

            foreach (CountedEvent countedEvent in CountedEvents.All)
            {
                _events[(int)countedEvent] += worker.Seen(countedEvent);
            }
        }
    }

    /// <summary>Packets forwarded.</summary>
    public long ForwardedPackets { get; }

    /// <summary>Bytes of the inner packets forwarded.</summary>
    public long ForwardedBytes { get; }

    /// <summary>
    /// A worker's latest refusal of a packet by the kernel; <see cref="Errno.None"/> when there never was one.
    /// </summary>
    public Errno LastRefusal { get; }

    /// <summary>
    /// Batches by the packets that they forwarded: <see cref="WorkerCounters.Batches"/> of each part.
    /// </summary>
    public IReadOnlyList<long> Batches => _batches;

    /// <summary>The packets of all batches.</summary>
    public long BatchedPackets { get; }

    /// <summary>Packets dropped for this reason.</summary>
    public long Dropped(DropReason reason) => _drops[(int)reason];

    /// <summary>Packets dropped for any reason.</summary>
    public long Dropped() => _drops.Sum();

    /// <summary>How often this happened.</summary>
    public long Seen(CountedEvent countedEvent) => _events[(int)countedEvent];

    /// <summary>Sums counters up.</summary>
    internal static DirectionTotals Of(IReadOnlyList<WorkerCounters> workers) => new(workers);
}
