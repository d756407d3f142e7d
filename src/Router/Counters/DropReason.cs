using System;
using System.Collections.Generic;

namespace Overlay.Router.Counters;

/// <summary>Why a packet was not forwarded. Each such packet counts under exactly one of these.</summary>
/// <remarks>docs/metrics.md has the same names and sentences; a test compares them.</remarks>
public enum DropReason
{
    /// <summary>Not dropped.</summary>
    None = 0,

    /// <summary>Fewer than 20 bytes: no IPv4 header fits.</summary>
    ShortPacket,

    /// <summary>Not IP version 4.</summary>
    NotIpv4,

    /// <summary>The header length or the total length contradicts the bytes.</summary>
    BadHeader,

    /// <summary>The inner header checksum is wrong.</summary>
    BadChecksum,

    /// <summary>Outbound: the virtio-net header contradicts the packet.</summary>
    BadSuperpacket,

    /// <summary>Outbound: no lease covers the destination.</summary>
    NoRoute,

    /// <summary>The time to live would reach zero.</summary>
    TtlExpired,

    /// <summary>Outbound: the socket's send buffer or the outgoing device's queue stayed full.</summary>
    SendBufferFull,

    /// <summary>Outbound: the datagram is too long for the underlay to take.</summary>
    TooLong,

    /// <summary>Outbound: too long for the path to the peer, and it may not be fragmented (DF).</summary>
    FragmentationNeeded,

    /// <summary>Outbound: the kernel refused the datagram: firewall, no route to the peer, link down.</summary>
    SendRefused,

    /// <summary>Outbound: a datagram of this host, which the kernel has routed into the tunnel.</summary>
    Looped,

    /// <summary>Inbound: the datagram was longer than any IPv4 packet can be.</summary>
    Truncated,

    /// <summary>Inbound: the outer source is no known peer's public IP.</summary>
    UnknownPeer,

    /// <summary>Inbound: the inner source cannot be one host: 0/8, 127/8, 224/4 or 255.255.255.255.</summary>
    MartianSource,

    /// <summary>Inbound: the inner source belongs to this host or to another peer than the sender.</summary>
    SpoofedSource,

    /// <summary>Inbound: the inner destination is not in this host's lease.</summary>
    NotOurs,

    /// <summary>Inbound: the TUN device did not take the packet; it may be down.</summary>
    TunRefused,
}

/// <summary>The names of the drop reasons, as they appear in counters and documents.</summary>
public static class DropReasons
{
    private static readonly string[] s_names = Array.ConvertAll(Enum.GetNames<DropReason>(), CounterName.FromMember);

    /// <summary>Every reason but <see cref="DropReason.None"/>.</summary>
    public static IReadOnlyList<DropReason> All { get; } = [.. Enum.GetValues<DropReason>()[1..]];

    /// <summary>Lower case with underscores: <c>no_route</c>.</summary>
    public static string Name(this DropReason reason) => s_names[(int)reason];
}
