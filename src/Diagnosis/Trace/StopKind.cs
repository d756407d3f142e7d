namespace Overlay.Diagnosis.Trace;

/// <summary>What a packet passes, from a pod to the wire.</summary>
internal enum StopKind
{
    /// <summary>A pod's own interface, inside its namespace.</summary>
    Pod,

    /// <summary>The other end of the pod's veth pair, on its host.</summary>
    Veth,

    /// <summary>The bridge of the host's pods.</summary>
    Bridge,

    /// <summary>The interface that leads into the overlay: a TUN or VXLAN device.</summary>
    Tunnel,

    /// <summary>The daemon, where it forwards in user space.</summary>
    Daemon,

    /// <summary>The interface of the host's own network.</summary>
    Underlay,
}
