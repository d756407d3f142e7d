using System;

namespace Overlay.Daemon.Backends.Udp;

/// <summary>Faults of kernels that only their version tells: nothing on this host shows them.</summary>
internal static class KernelFaults
{
    // From here on the kernel forwards UDP superpackets into its own tunnels (3d010c8031e3, "udp: do not accept
    // non-tunnel GSO skbs …").
    private static readonly Version s_tunnelsTakeSuperpackets = new(6, 8, 5);

    // b10b446ce7ad brought it, 5f17ae0f595a and 78effd896eee mended it.
    private static readonly Version s_fullTrainsBreak = new(7, 0);
    private static readonly Version s_fullTrainsAreMended = new(7, 1, 5);

    /// <summary>UDP superpackets to the ports of tunnels get lost where they are forwarded.</summary>
    internal static bool LosesSuperpacketsOfTunnels(Version kernel) => kernel < s_tunnelsTakeSuperpackets;

    /// <summary>
    /// Behind some network cards (GSO_PARTIAL) the last datagram of a train leaves with a wrong length when it is as
    /// long as the others: the peer drops it, and nobody here is told.
    /// </summary>
    internal static bool BreaksFullTrains(Version kernel) =>
        kernel >= s_fullTrainsBreak && kernel < s_fullTrainsAreMended;
}
