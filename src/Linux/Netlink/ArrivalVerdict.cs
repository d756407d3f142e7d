namespace Overlay.Linux.Netlink;

/// <summary>What the kernel does with a packet that arrives (<c>ip route get … from … iif …</c>).</summary>
public enum ArrivalVerdict
{
    /// <summary>It takes or forwards it.</summary>
    Taken,

    /// <summary>It drops it for its source: the reverse-path filter (ip-sysctl.rst, rp_filter), or a source that no
    /// packet may have.</summary>
    SourceRefused,

    /// <summary>It would have to forward it, and does not: forwarding is off, or a route says "unreachable".</summary>
    NotForwarded,

    /// <summary>No route leads to its destination.</summary>
    NoRoute,
}
