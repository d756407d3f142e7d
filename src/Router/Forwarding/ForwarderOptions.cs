using Overlay.Router.Workers;

namespace Overlay.Router.Forwarding;

/// <summary>How a forwarder's workers treat packets, and which threads run them.</summary>
/// <param name="Workers">How each worker treats packets.</param>
public sealed record ForwarderOptions(WorkerOptions Workers)
{
    /// <summary>The most that <see cref="ExtraCopies"/> may be.</summary>
    public const int MostExtraCopies = 8;

    /// <summary>Which threads there are.</summary>
    public WorkerLayout Layout { get; init; } = WorkerLayout.Pair;

    /// <summary>How long an idle thread polls before it sleeps, in microseconds; 0 for not at all.</summary>
    public int SpinMicroseconds { get; init; }

    /// <summary>Whether the workers' system calls are counted and timed. It costs a little: for measurements.</summary>
    public bool IsMetered { get; init; }

    /// <summary>
    /// How many times everything that is read is copied for nothing, 0 to <see cref="MostExtraCopies"/>: for
    /// measurements of what a copy costs. Needs <see cref="IsMetered"/>.
    /// </summary>
    public int ExtraCopies { get; init; }
}

/// <summary>Which threads move packets for one TUN queue and one socket.</summary>
public enum WorkerLayout
{
    /// <summary>One thread, both directions in turn.</summary>
    Duplex,

    /// <summary>A thread for each direction.</summary>
    Pair,

    /// <summary>Two threads for each direction, joined by a pipe: one at the TUN, one at the socket.</summary>
    Pipeline,
}
