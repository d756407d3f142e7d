using Overlay.Router.Forwarding;
using Overlay.Router.Ports;
using Overlay.Tun;

namespace Overlay.Router.Metering;

/// <summary>Puts one worker's meter between it and what it uses.</summary>
internal sealed class WorkerMeter
{
    private readonly CopyLoad _copies;

    /// <param name="extraCopies">How often everything the worker reads is copied once more, 0 to <see cref="ForwarderOptions.MostExtraCopies"/>.</param>
    internal WorkerMeter(int extraCopies) => _copies = new CopyLoad(extraCopies, Calls);

    /// <summary>What it has counted.</summary>
    internal CallMeter Calls { get; } = new();

    internal ITunQueue On(ITunQueue queue) => new MeteredTunQueue(queue, Calls, _copies);

    internal IDatagramPort On(IDatagramPort port) => new MeteredDatagramPort(port, Calls, _copies);

    internal IWorker On(IWorker worker) => new MeteredWorker(worker, Calls);
}
