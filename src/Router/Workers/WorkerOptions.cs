using Overlay.Router.Packets;
using Overlay.Router.Ports;

namespace Overlay.Router.Workers;

/// <summary>How workers treat packets.</summary>
/// <param name="SourceCheck">How much an inbound datagram has to prove.</param>
/// <param name="TunnelMtu">The TUN's MTU in bytes: longer inbound packets are delivered and counted.</param>
public sealed record WorkerOptions(SourceCheck SourceCheck, int TunnelMtu)
{
    /// <summary>Frames read from the TUN before what has been collected is sent, 1 to 64.</summary>
    public int FramesPerBatch { get; init; } = 64;

    /// <summary>
    /// Messages in one system call at most, 1 to 64. A receiving call asks for fewer, down to 4, while the messages are
    /// long; a stage that receives into a pipe takes one message per call and this many per batch.
    /// </summary>
    public int MessagesPerBatch { get; init; } = 64;

    /// <summary>Datagrams in one train, 1 to 127; 1 for no trains.</summary>
    public int DatagramsPerTrain { get; init; } = 1;

    /// <summary>
    /// Whether inner UDP to the ports of tunnels is never merged: kernels before 6.8.5 lose such superpackets.
    /// </summary>
    public bool SparesTunnelPorts { get; init; }

    /// <summary>Where this host's datagrams come from: one that comes out of the tunnel is dropped.</summary>
    public TunnelEndpoint Own { get; init; }

    /// <summary>The limits of one sending call.</summary>
    internal SendLimits SendLimits => new(MessagesPerBatch, DatagramsPerTrain);
}
