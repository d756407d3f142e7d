using System;
using System.Collections.Generic;

namespace Overlay.Router.Counters;

/// <summary>What is counted beside drops. No event decides whether a packet is forwarded.</summary>
/// <remarks>docs/metrics.md has the same names and sentences; a test compares them.</remarks>
public enum CountedEvent
{
    /// <summary>An ICMP error was sent to the source of a dropped packet.</summary>
    IcmpSent,

    /// <summary>
    /// An ICMP error was due, but the limit for its receiver or for this host was reached (RFC 1812, section 4.3.2.8).
    /// </summary>
    IcmpRateLimited,

    /// <summary>An ICMP error was due, but the kernel did not take it.</summary>
    IcmpRefused,

    /// <summary>
    /// Inbound: a packet longer than this host's tunnel MTU was delivered whole. The peer's MTU is larger.
    /// </summary>
    Oversize,

    /// <summary>Outbound: reading from the TUN failed; the packet is lost, and reading went on.</summary>
    ReadFailed,

    /// <summary>Inbound: receiving from the socket failed and was repeated.</summary>
    ReceiveFailed,

    /// <summary>Outbound: the kernel refused a train; its datagrams were sent one by one.</summary>
    TrainRefused,

    /// <summary>Inbound: the kernel refused a merged packet; its packets were written one by one.</summary>
    MergeRefused,

    /// <summary>
    /// Inbound: a TCP or UDP checksum was wrong; the packet was delivered unchanged, for its receiver to drop.
    /// </summary>
    BadTransportChecksum,

    /// <summary>The underlay reported that the path to a peer takes only shorter packets.</summary>
    PathMtuLearned,

    /// <summary>The underlay or a peer reported that datagrams to it do not arrive.</summary>
    PeerUnreachable,

    /// <summary>
    /// Inbound: a peer asked whether this host's kernel takes its datagrams, and no program was there to answer.
    /// </summary>
    ProbePassedOver,

    /// <summary>Inbound: a peer asked by <c>overlay ping</c>, and was answered.</summary>
    PingAnswered,
}

/// <summary>The names of the events, as they appear in counters and documents.</summary>
public static class CountedEvents
{
    private static readonly string[] s_names = Array.ConvertAll(Enum.GetNames<CountedEvent>(), CounterName.FromMember);

    /// <summary>Every event.</summary>
    public static IReadOnlyList<CountedEvent> All { get; } = Enum.GetValues<CountedEvent>();

    /// <summary>Lower case with underscores: <c>icmp_sent</c>.</summary>
    public static string Name(this CountedEvent countedEvent) => s_names[(int)countedEvent];
}
