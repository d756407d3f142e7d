using System.Collections.Generic;

namespace Overlay.Bench.Results;

/// <summary>What kind of way packets take.</summary>
internal enum VariantKind
{
    /// <summary>The kernel alone.</summary>
    Kernel,

    /// <summary>One of our engines.</summary>
    Engine,

    /// <summary>The kernel, as a backend of our daemons has set it up.</summary>
    Backend,

    /// <summary>A command that the user gave.</summary>
    Peer,
}

/// <summary>One way from pod to pod, with everything measured on it.</summary>
internal sealed record VariantReport
{
    /// <summary>
    /// <c>direct</c>, <c>vxlan</c>, <c>vxlan-backend</c>, <c>offload</c>, <c>kernel-path</c>,
    /// <c>offload-without-udp_gso</c>, <c>offload-with-a-copy</c>, or the peer's.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>Who carries the packets.</summary>
    public required VariantKind Kind { get; init; }

    /// <summary>What it is, in one sentence.</summary>
    public required string Description { get; init; }

    /// <summary>Of the pods, in bytes.</summary>
    public required int Mtu { get; init; }

    /// <summary>TCP_STREAM, flat out.</summary>
    public required IReadOnlyList<TcpFigures> Tcp { get; init; }

    /// <summary>UDP_STREAM, flat out.</summary>
    public required IReadOnlyList<UdpFigures> Udp { get; init; }

    /// <summary>UDP_RR, 64 bytes each way.</summary>
    public required IReadOnlyList<LatencyFigures> Latency { get; init; }

    /// <summary>
    /// What the whole machine spent on a GB (10^9 bytes) in one TCP stream, sender and receiver included.
    /// </summary>
    public required CpuCost CpuSecondsPerGb { get; init; }

    /// <summary>
    /// What both daemons spent on it, user and system; null where no process of theirs carries packets.
    /// </summary>
    public CpuCost? DaemonCpuSecondsPerGb { get; init; }

    /// <summary>Resident memory of both daemons together after each round, in bytes; null without daemons.</summary>
    public Spread? ResidentBytes { get; init; }

    /// <summary>
    /// What was counted; empty where no meter counts, and everything the kernel alone carries has no system call and
    /// no copy of its own.
    /// </summary>
    public required IReadOnlyList<CountedWorkload> Counts { get; init; }

    /// <summary>
    /// Packets dropped by the daemons, by the kernel at their device and sockets, and at the receiver, whose buffer was
    /// full (<c>receiver_buffer_full</c>), over all rounds, by reason. Of a way that is not ours only the last is
    /// known.
    /// </summary>
    public required IReadOnlyDictionary<string, long> Drops { get; init; }

    /// <summary>
    /// How the accelerations of our engines stood: <c>on</c>, <c>off</c>, or why not; empty for the others.
    /// </summary>
    public IReadOnlyDictionary<string, string> Accelerations { get; init; } = new Dictionary<string, string>();
}

/// <summary>TCP between two pods.</summary>
/// <param name="NumStreams">At a time.</param>
/// <param name="Reverse">From pod 2 to pod 1.</param>
/// <param name="BitsPerSecond">Delivered payload.</param>
/// <param name="CpuUtilizationPercent">Of all processors.</param>
internal sealed record TcpFigures(int NumStreams, bool Reverse, Spread BitsPerSecond, Spread CpuUtilizationPercent);

/// <summary>UDP from pod 1 to pod 2, more than arrives.</summary>
/// <param name="Blksize">Payload of a datagram, in bytes.</param>
/// <param name="IsFullSize">The longest that fits the pods' MTU.</param>
/// <param name="PacketsPerSecond">Delivered.</param>
/// <param name="BitsPerSecond">Delivered payload.</param>
/// <param name="LostPercent">Of what was sent.</param>
internal sealed record UdpFigures(
    int Blksize, bool IsFullSize, Spread PacketsPerSecond, Spread BitsPerSecond, Spread LostPercent);

/// <summary>Request and response, one at a time.</summary>
/// <param name="Load"><c>idle</c>, or <c>half</c>: beside datagrams of full size, half as many a second as this variant
/// delivered at most.</param>
/// <param name="LoadPacketsPerSecond">As many as arrived meanwhile; 0 when idle.</param>
/// <param name="P50">Microseconds.</param>
/// <param name="P90">Microseconds.</param>
/// <param name="P99">Microseconds.</param>
/// <param name="P999">99.9 %, microseconds.</param>
/// <param name="Transactions">A round. One that was lost counts as the 200 ms that it was waited for.</param>
internal sealed record LatencyFigures(
    string Load, Spread LoadPacketsPerSecond, Spread P50, Spread P90, Spread P99, Spread P999, Spread Transactions);

/// <summary>Processor time for a GB (10^9 bytes of payload), in seconds.</summary>
/// <param name="User">In programs.</param>
/// <param name="System">In the kernel for programs.</param>
/// <param name="Softirq">In the kernel for packets that arrived, hard interrupts among them; null where it cannot be
/// told apart.</param>
internal sealed record CpuCost(Spread User, Spread System, Spread? Softirq);

/// <summary>
/// What the daemons counted while a workload ran, in the direction of its data: out of host 1 and into host 2. Packets
/// are inner packets as they are on the wire.
/// </summary>
/// <param name="Workload"><c>tcp_1</c>, <c>udp_64</c>.</param>
/// <param name="BytesPerPacket">Inner bytes.</param>
/// <param name="SystemCallsPerPacket">By call: <c>tun_read</c>, <c>udp_send</c>, <c>udp_receive</c>, <c>tun_write</c>;
/// and of both daemons in all, <c>wait</c>, <c>signal</c>.</param>
/// <param name="ContextSwitchesPerPacket">Of the daemons' threads, voluntary and not.</param>
/// <param name="KernelCopiesPerByte">Bytes that crossed between user space and the kernel, for each byte forwarded: by
/// crossing, the first four names of <paramref name="SystemCallsPerPacket"/>.</param>
/// <param name="UserCopiesPerByte">Bytes that left from another place in user space than they were read into, headers
/// written anew among them, for each byte forwarded, by direction: <c>outbound</c>, <c>inbound</c>.</param>
/// <param name="Stages">Time by stage, in the packet's order.</param>
internal sealed record CountedWorkload(
    string Workload, Spread BytesPerPacket,
    IReadOnlyDictionary<string, Spread> SystemCallsPerPacket, Spread ContextSwitchesPerPacket,
    IReadOnlyDictionary<string, Spread> KernelCopiesPerByte, IReadOnlyDictionary<string, Spread> UserCopiesPerByte,
    IReadOnlyList<StageCost> Stages);

/// <summary>One rung of the copy ladder.</summary>
/// <param name="Stage"><c>tun_read</c>, <c>encapsulate</c>, <c>udp_send</c>, <c>udp_receive</c>, <c>decapsulate</c>,
/// <c>tun_write</c>.</param>
/// <param name="NanosecondsPerPacket">Elapsed in it, for each packet forwarded.</param>
internal sealed record StageCost(string Stage, Spread NanosecondsPerPacket);
