using System;
using Overlay.Linux.Interop;

namespace Overlay.Linux;

/// <summary>What the reader of a TUN can do by itself, so that the kernel need not (TUN_F_*, linux/if_tun.h).</summary>
[Flags]
public enum TunOffloads : uint
{
    /// <summary>Nothing: every packet comes complete.</summary>
    None = 0,

    /// <summary>Completing transport checksums.</summary>
    Checksum = Native.TUN_F_CSUM,

    /// <summary>Cutting TCP in IPv4.</summary>
    TcpV4 = Native.TUN_F_TSO4,

    /// <summary>Cutting TCP in IPv6.</summary>
    TcpV6 = Native.TUN_F_TSO6,

    /// <summary>Cutting TCP whose first segment says that the congestion window was reduced.</summary>
    TcpEcn = Native.TUN_F_TSO_ECN,

    /// <summary>Cutting UDP in IPv4. Linux 6.2, only together with <see cref="UdpV6"/>.</summary>
    UdpV4 = Native.TUN_F_USO4,

    /// <summary>Cutting UDP in IPv6. Linux 6.2, only together with <see cref="UdpV4"/>.</summary>
    UdpV6 = Native.TUN_F_USO6,
}
