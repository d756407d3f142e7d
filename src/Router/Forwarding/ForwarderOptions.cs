using Overlay.Router.Ports;

namespace Overlay.Router.Forwarding;

/// <summary>How a forwarder treats packets and shares its work.</summary>
/// <param name="SourceCheck">How much an inbound datagram has to prove.</param>
/// <param name="TunnelMtu">The TUN's MTU in bytes: longer inbound packets are delivered and counted.</param>
public sealed record ForwarderOptions(SourceCheck SourceCheck, int TunnelMtu)
{
    /// <summary>What <see cref="ExtraCopies"/> may be at most.</summary>
    public const int MostExtraCopies = 8;

    /// <summary>Packets or superpackets read from the TUN before what has been collected is sent: 1 to 64.</summary>
    public int FramesABatch { get; init; } = 64;

    /// <summary>
    /// Messages taken by one system call at most, 1 to 64. Received are 4 at the least where this allows it, and the
    /// more the smaller they are; with <see cref="WorkerLayout.Pipeline"/> each is received alone, and so many make a
    /// batch.
    /// </summary>
    public int MessagesABatch { get; init; } = 64;

    /// <summary>Datagrams a train: 1 for no trains, at most 127.</summary>
    public int DatagramsATrain { get; init; } = 1;

    /// <summary>Which threads there are.</summary>
    public WorkerLayout Layout { get; init; } = WorkerLayout.Pair;

    /// <summary>How long an idle worker looks again before it waits, in microseconds; 0 for not at all.</summary>
    public int SpinMicroseconds { get; init; }

    /// <summary>
    /// Whether the workers' system calls are counted and timed, which costs them a little: for measurements.
    /// </summary>
    public bool IsMetered { get; init; }

    /// <summary>
    /// How often everything read is copied once more to no purpose, 0 to <see cref="MostExtraCopies"/>; takes
    /// <see cref="IsMetered"/>: for measurements.
    /// </summary>
    public int ExtraCopies { get; init; }

    internal SendLimits SendLimits => new(MessagesABatch, DatagramsATrain);

    /// <summary>
    /// Whether inner UDP to the ports of tunnels is never merged: kernels before 6.8.5 lose such superpackets.
    /// </summary>
    public bool SparesTunnelPorts { get; init; }
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
