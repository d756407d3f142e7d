using System;
using Overlay.Linux.Interop;
using Overlay.Net;

namespace Overlay.Linux.Netlink;

/// <summary>A network interface, as the kernel described it at one moment.</summary>
/// <param name="Index">1 or more; unique within its network namespace.</param>
/// <param name="Name">1 to 15 bytes of UTF-8.</param>
/// <param name="Mtu">Bytes of the largest packet, link header not counted. 0 when the driver has none.</param>
/// <param name="TransmitQueueLength">Packets that may wait for the driver.</param>
/// <param name="Flags">Other bits of linux/if.h are kept as they are.</param>
/// <param name="Kind">IFLA_INFO_KIND: <c>tun</c>, <c>veth</c>, <c>bridge</c> …; null for hardware and loopback.</param>
public sealed record Link(int Index, string Name, int Mtu, int TransmitQueueLength, LinkFlags Flags, string? Kind)
{
    /// <summary>Its link-layer address (IFLA_ADDRESS); null for a TUN, and for addresses of another length.</summary>
    public MacAddress? Mac { get; init; }

    /// <summary>The bridge that it is a port of, or another link above it (IFLA_MASTER); null for none.</summary>
    public int? MasterIndex { get; init; }

    /// <summary>
    /// The link that it is joined with (IFLA_LINK): the other end of a veth pair, which has its index in its own
    /// namespace; null for none.
    /// </summary>
    public int? PeerIndex { get; init; }

    /// <summary>
    /// The namespace of <see cref="PeerIndex"/> (IFLA_LINK_NETNSID), by this namespace's number for it; null for this
    /// one itself.
    /// </summary>
    public int? PeerNamespaceId { get; init; }

    /// <summary>What only a vxlan link has; null for other kinds.</summary>
    public VxlanSettings? Vxlan { get; init; }

    /// <summary>The operator wants it up (IFF_UP). Whether it carries is <see cref="LinkFlags.Running"/>.</summary>
    public bool IsUp => (Flags & LinkFlags.Up) != 0;
}

/// <summary>What a network interface has carried and dropped since it was made (IFLA_STATS64).</summary>
/// <remarks>A superpacket counts as one packet, here and among the dropped.</remarks>
/// <param name="ReceivedPackets">From the driver.</param>
/// <param name="TransmittedPackets">Taken by the driver; a TUN: read by its owner.</param>
/// <param name="ReceivedBytes">Of those packets; without the Ethernet header where the link is a tunnel.</param>
/// <param name="TransmittedBytes">Of those packets, as above.</param>
/// <param name="ReceiveDropped">Received and dropped by the kernel.</param>
/// <param name="TransmitDropped">Not taken by the driver; a TUN: its queue was full.</param>
public sealed record LinkStatistics(
    ulong ReceivedPackets, ulong TransmittedPackets, ulong ReceivedBytes, ulong TransmittedBytes, ulong ReceiveDropped,
    ulong TransmitDropped);

/// <summary>Interface flags (linux/if.h, IFF_*): those that are used.</summary>
[Flags]
public enum LinkFlags : uint
{
    /// <summary>No flag.</summary>
    None = 0,
    /// <summary>Administratively up.</summary>
    Up = Native.IFF_UP,
    /// <summary>The loopback interface.</summary>
    Loopback = Native.IFF_LOOPBACK,
    /// <summary>Has one neighbour and no addresses on the link: TUN, for one.</summary>
    PointToPoint = Native.IFF_POINTOPOINT,
    /// <summary>Operational: up, with a carrier.</summary>
    Running = Native.IFF_RUNNING,
}

/// <summary>What to change on a link. Null and false leave a setting alone.</summary>
public sealed record LinkSettings
{
    /// <summary>Bytes; the driver decides what it accepts.</summary>
    public int? Mtu { get; init; }

    /// <summary>Packets, 0 or more.</summary>
    public int? TransmitQueueLength { get; init; }

    /// <summary>Another link-layer address; a driver may ask for the link to be down.</summary>
    public MacAddress? Mac { get; init; }

    /// <summary>True brings the link up, false takes it down (and its routes with it).</summary>
    public bool? Up { get; init; }

    /// <summary>
    /// True keeps the kernel from giving the link an IPv6 link-local address, and thus from soliciting routers on it.
    /// An address that is there already stays. Without effect where the kernel or the link has no IPv6.
    /// </summary>
    public bool NoIpv6LinkLocalAddress { get; init; }
}
