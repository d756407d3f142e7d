using System;

namespace Overlay.Daemon.Health;

/// <summary>What a worker is doing at one moment.</summary>
/// <param name="Name">The thread's or the loop's.</param>
/// <param name="Turns">Goes up with every turn, and each time that it wakes.</param>
/// <param name="IsWaiting">Whether it sleeps until there is something to do.</param>
internal readonly record struct WorkerState(string Name, long Turns, bool IsWaiting)
{
    /// <summary>How long a turn of this one may take; null for as long as any other's.</summary>
    internal TimeSpan? HungAfter { get; init; }
}
