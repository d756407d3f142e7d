using Overlay.Router.Counters;

namespace Overlay.Router.Workers;

/// <summary>One direction's work on one lane, or one stage of it, done in batches. Run by one thread.</summary>
internal interface IWorker
{
    /// <summary>What the worker has done.</summary>
    WorkerCounters Counters { get; }

    /// <summary>Takes what waits, up to a limit, and passes all of it on before it returns.</summary>
    /// <returns>False when nothing was waiting.</returns>
    /// <remarks>
    /// Implementations are not inlined: a method that returns often is replaced by its optimized code early.
    /// </remarks>
    bool RunBatch();
}
