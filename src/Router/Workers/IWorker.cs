using Overlay.Router.Counters;

namespace Overlay.Router.Workers;

/// <summary>One direction's work, a bounded piece at a time. One thread runs it.</summary>
internal interface IWorker
{
    /// <summary>What the direction has done.</summary>
    WorkerCounters Counters { get; }

    /// <summary>Takes what waits, up to a limit, and passes it on. Nothing is held back when it returns.</summary>
    /// <returns>False when nothing was waiting.</returns>
    /// <remarks>
    /// A method of its own that returns often, so that the optimizing compiler's code takes over early.
    /// </remarks>
    bool RunBatch();
}
