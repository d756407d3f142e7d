using Overlay.Router.Ports;
using Overlay.Router.Workers;
using Overlay.Tun;

namespace Overlay.Router.Metering;

/// <summary>Puts one worker's meter between the worker and its device and socket.</summary>
internal sealed class WorkerMeter
{
    private readonly CopyLoad _copies;

    /// <summary>Makes a meter that has counted nothing.</summary>
    /// <param name="extraCopies">How many times everything the worker reads is copied for nothing, 0 or more.</param>
    internal WorkerMeter(int extraCopies) => _copies = new CopyLoad(extraCopies, Calls);

    /// <summary>What it has counted.</summary>
    internal CallMeter Calls { get; } = new();

    /// <summary>Makes a metered queue.</summary>
    /// <param name="queue">What it calls.</param>
    /// <param name="scratch">Where the worker writes headers.</param>
    internal ITunQueue On(ITunQueue queue, SlabPart scratch) => new MeteredTunQueue(queue, Calls, _copies, scratch);

    /// <summary>Makes a metered socket.</summary>
    /// <param name="port">What it calls.</param>
    /// <param name="scratch">Where the worker writes headers.</param>
    internal IDatagramPort On(IDatagramPort port, SlabPart scratch) =>
        new MeteredDatagramPort(port, Calls, _copies, scratch);

    /// <summary>Makes a worker whose batches are metered.</summary>
    internal IWorker On(IWorker worker) => new MeteredWorker(worker, Calls);
}
