using Overlay.Router.Ports;
using Overlay.Router.Workers;
using Overlay.Tun;

namespace Overlay.Router.Metering;

/// <summary>Puts one worker's meter between it and what it uses.</summary>
internal sealed class WorkerMeter
{
    private readonly CopyLoad _copies;

    /// <param name="extraCopies">How often everything the worker reads is copied once more, 0 or more.</param>
    internal WorkerMeter(int extraCopies) => _copies = new CopyLoad(extraCopies, Calls);

    /// <summary>What it has counted.</summary>
    internal CallMeter Calls { get; } = new();

    /// <param name="queue">Is metered from here on.</param>
    /// <param name="scratch">Where the worker writes headers anew.</param>
    internal ITunQueue On(ITunQueue queue, SlabPart scratch) => new MeteredTunQueue(queue, Calls, _copies, scratch);

    /// <param name="port">Is metered from here on.</param>
    /// <param name="scratch">Where the worker writes headers anew.</param>
    internal IDatagramPort On(IDatagramPort port, SlabPart scratch) =>
        new MeteredDatagramPort(port, Calls, _copies, scratch);

    internal IWorker On(IWorker worker) => new MeteredWorker(worker, Calls);
}
