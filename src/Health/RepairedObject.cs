namespace Overlay.Health;

/// <summary>What can be taken from the host and is put back.</summary>
public enum RepairedObject
{
    /// <summary>An interface: made again or brought up, with its MTU and MAC.</summary>
    Link,

    /// <summary>An interface's address.</summary>
    Address,

    /// <summary>A route.</summary>
    Route,

    /// <summary>A neighbour or a forwarding entry of a peer.</summary>
    Neighbour,

    /// <summary>Rules of iptables or nftables.</summary>
    Firewall,

    /// <summary>subnet.env.</summary>
    SubnetFile,

    /// <summary>The programs and helpers of the kernel path.</summary>
    KernelPath,
}
