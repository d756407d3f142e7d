using System;
using Overlay.Linux.Interop;
using Overlay.Net;

namespace Overlay.Linux.Netlink;

/// <summary>An IPv4 address of an interface.</summary>
/// <param name="InterfaceIndex">1 or more.</param>
/// <param name="Local">The local address (IFA_LOCAL) with the length of the subnet on the link.</param>
/// <param name="Scope">How far the address is valid.</param>
/// <param name="Flags">Other bits of linux/if_addr.h are kept as they are.</param>
public sealed record InterfaceAddress(
    int InterfaceIndex, Ipv4Prefix Local, AddressScope Scope, AddressFlags Flags);

/// <summary>How far an address is valid (linux/rtnetlink.h, RT_SCOPE_*). Values between are user defined.</summary>
public enum AddressScope
{
    /// <summary>Everywhere: "global".</summary>
    Universe = Native.RT_SCOPE_UNIVERSE,
    /// <summary>Within this site.</summary>
    Site = Native.RT_SCOPE_SITE,
    /// <summary>On this link.</summary>
    Link = Native.RT_SCOPE_LINK,
    /// <summary>On this host: 127.0.0.1.</summary>
    Host = Native.RT_SCOPE_HOST,
    /// <summary>Nowhere.</summary>
    Nowhere = Native.RT_SCOPE_NOWHERE,
}

/// <summary>Address flags (linux/if_addr.h, IFA_F_*): those that are used.</summary>
[Flags]
public enum AddressFlags : uint
{
    /// <summary>No flag.</summary>
    None = 0,
    /// <summary>Not the first of its subnet on the interface: not chosen as a source address.</summary>
    Secondary = Native.IFA_F_SECONDARY,
    /// <summary>Its preferred lifetime is over: not for new connections.</summary>
    Deprecated = Native.IFA_F_DEPRECATED,
    /// <summary>Has no lifetime: configured, not borrowed by a DHCP client.</summary>
    Permanent = Native.IFA_F_PERMANENT,
}
