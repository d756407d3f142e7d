namespace Overlay.Router.Workers;

/// <summary>What makes one system call carry more than one packet. The data path works without any of them.</summary>
/// <remarks>docs/metrics.md has the same names and sentences; a test compares them.</remarks>
public enum Acceleration
{
    /// <summary>
    /// TCP comes from the TUN uncut, up to 64 KB, with its checksum unfinished (TUN_F_TSO4, TUN_F_CSUM).
    /// </summary>
    TunTso,

    /// <summary>UDP of one flow comes from the TUN uncut, up to 64 KB (TUN_F_USO4; Linux 6.2).</summary>
    TunUso,

    /// <summary>TCP segments of one flow are merged into one write to the TUN.</summary>
    TunTcpGro,

    /// <summary>UDP datagrams of one flow are merged into one write to the TUN (Linux 6.2).</summary>
    TunUdpGro,

    /// <summary>Packets to one peer are sent as a train that the kernel cuts apart (UDP_SEGMENT; Linux 4.18).</summary>
    UdpGso,

    /// <summary>
    /// Datagrams of one peer are received as a train that the kernel has put together (UDP_GRO; Linux 5.0).
    /// </summary>
    UdpGro,

    /// <summary>Several messages are sent or received with one system call (sendmmsg, recvmmsg).</summary>
    Mmsg,
}

/// <summary>Whether one acceleration is in use.</summary>
public enum AccelerationState
{
    /// <summary>Not asked for.</summary>
    Off,

    /// <summary>In use.</summary>
    On,

    /// <summary>Asked for, but the kernel does not have it.</summary>
    Unavailable,

    /// <summary>Was in use until the kernel refused a call that used it.</summary>
    SwitchedOff,
}
