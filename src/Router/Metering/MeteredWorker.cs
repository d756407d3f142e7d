using System.Runtime.CompilerServices;
using Overlay.Router.Counters;
using Overlay.Router.Workers;

namespace Overlay.Router.Metering;

/// <summary>A worker whose batches are metered.</summary>
internal sealed class MeteredWorker(IWorker worker, CallMeter meter) : IWorker
{
    /// <inheritdoc/>
    public WorkerCounters Counters => worker.Counters;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool RunBatch()
    {
        long began = meter.BeginBatch();
        bool anything = worker.RunBatch();
        meter.EndBatch(began);
        return anything;
    }
}
