using Overlay.Net;

namespace Overlay.Linux.Netlink;

/// <summary>What a vxlan link is made with and cannot change later (linux/if_link.h, IFLA_VXLAN_*).</summary>
/// <param name="Vni">The network identifier in each datagram (RFC 7348, section 5), 0 to 16,777,215.</param>
public sealed record VxlanSettings(uint Vni)
{
    /// <summary>The interface whose MTU bounds the link's (IFLA_VXLAN_LINK); null for none.</summary>
    public int? ParentIndex { get; init; }

    /// <summary>The datagrams' source address (IFLA_VXLAN_LOCAL); null for the one the kernel chooses.</summary>
    public Ipv4Address? Local { get; init; }

    /// <summary>
    /// The UDP port of every host (IFLA_VXLAN_PORT); null makes the kernel take its own, 8472, which is read back.
    /// </summary>
    public ushort? Port { get; init; }

    /// <summary>Whether the forwarding entries follow what is received (IFLA_VXLAN_LEARNING).</summary>
    public bool IsLearning { get; init; }

    /// <summary>Whether datagrams carry a group policy (IFLA_VXLAN_GBP).</summary>
    public bool HasGroupPolicy { get; init; }

    /// <summary>Whether a missing forwarding entry is reported (IFLA_VXLAN_L2MISS).</summary>
    public bool ReportsMisses { get; init; }

    /// <summary>Where frames without a forwarding entry go (IFLA_VXLAN_GROUP); null for nowhere.</summary>
    public Ipv4Address? Group { get; init; }
}
