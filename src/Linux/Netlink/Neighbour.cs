using Overlay.Net;

namespace Overlay.Linux.Netlink;

/// <summary>Which link-layer address an IPv4 address has on a link (<c>ip neigh</c>, arp(7)).</summary>
/// <param name="InterfaceIndex">1 or more.</param>
/// <param name="Address">Of the neighbour.</param>
/// <param name="Mac">Its link-layer address.</param>
/// <param name="IsPermanent">Whether it stays until somebody removes it (NUD_PERMANENT, linux/neighbour.h).</param>
public sealed record Neighbour(int InterfaceIndex, Ipv4Address Address, MacAddress Mac, bool IsPermanent = true);

/// <summary>An IPv4 address whose host does not answer on a link: arp(7) has asked in vain.</summary>
/// <param name="InterfaceIndex">1 or more.</param>
/// <param name="Address">Of the neighbour.</param>
public sealed record FailedNeighbour(int InterfaceIndex, Ipv4Address Address);

/// <summary>Where a vxlan link sends frames for a link-layer address (<c>bridge fdb</c>, NTF_SELF).</summary>
/// <param name="InterfaceIndex">1 or more.</param>
/// <param name="Mac">The frames' destination.</param>
/// <param name="Destination">The host that gets them in datagrams.</param>
/// <param name="IsPermanent">Whether it stays until somebody removes it (NUD_PERMANENT, linux/neighbour.h).</param>
public sealed record ForwardingEntry(
    int InterfaceIndex, MacAddress Mac, Ipv4Address Destination, bool IsPermanent = true);
