namespace Overlay.Diagnosis.Ping;

/// <summary>What packets to a peer's pod depend on, each on those before it.</summary>
internal enum Layer
{
    /// <summary>That a lease says which host has the address.</summary>
    Lease,

    /// <summary>That the host is reached at its public IP.</summary>
    Underlay,

    /// <summary>That its UDP port is reached, and a daemon has it.</summary>
    Port,

    /// <summary>That packets of full size pass.</summary>
    PathMtu,

    /// <summary>That the tunnels of both hosts carry packets both ways.</summary>
    Overlay,

    /// <summary>That the other host hands packets to its pod, and the pod answers.</summary>
    Pod,
}

/// <summary>How a step came out.</summary>
internal enum StepResult
{
    /// <summary>It works.</summary>
    Ok,

    /// <summary>It does not.</summary>
    Failed,

    /// <summary>It cannot be told by itself: later steps tell.</summary>
    Unknown,

    /// <summary>It was not tried.</summary>
    Skipped,
}

/// <summary>One step of the way to a peer.</summary>
/// <param name="Layer">Which.</param>
/// <param name="From">From where, or what.</param>
/// <param name="To">To where, or how.</param>
/// <param name="Result">How it came out.</param>
/// <param name="Detail">What was seen.</param>
internal sealed record LadderStep(Layer Layer, string From, string To, StepResult Result, string Detail)
{
    /// <summary>The answer that it was judged by; null where none was waited for.</summary>
    internal EchoAnswer? Answer { get; init; }

    /// <summary>The longest packet that passes, in bytes, where that was looked for.</summary>
    internal int Passes { get; init; }
}
