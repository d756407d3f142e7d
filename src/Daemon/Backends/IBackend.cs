using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using Overlay.Control;
using Overlay.Daemon.Health;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Paths;
using Overlay.Router.Tapping;
using Overlay.Terminal;

namespace Overlay.Daemon.Backends;

/// <summary>What a backend is doing, for the log and for whoever asks.</summary>
/// <param name="Interface">The network interface that pods' packets leave by.</param>
/// <param name="Endpoint">Where peers send to, <c>UDP 172.16.0.5:8285</c>.</param>
/// <param name="Peers">Hosts that packets can be sent to.</param>
/// <param name="Description">How packets are carried, in words.</param>
internal sealed record BackendState(string Interface, string Endpoint, int Peers, string Description)
{
    /// <summary>The UDP port of the daemons, whose datagrams are packets; null where the backend has none.</summary>
    internal ushort? TunnelPort { get; init; }

    /// <summary>The UDP port of VXLAN; null where the backend has none.</summary>
    internal ushort? VxlanPort { get; init; }

    /// <summary>The UDP ports that peers send to; none where packets go as they are.</summary>
    internal IReadOnlyList<ushort> UdpPorts =>
        [.. VxlanPort is { } vxlan ? [vxlan] : (ushort[])[], .. TunnelPort is { } tunnel ? [tunnel] : (ushort[])[]];
}

/// <summary>
/// Carries packets to the peers in one way of flannel's. Made by <see cref="IBackendKind.Prepare"/>, which checks
/// everything that can be checked before the machine is changed; <see cref="IDisposable.Dispose"/> undoes whatever
/// <see cref="Open"/> and <see cref="Forward"/> have done.
/// </summary>
/// <remarks>
/// The order is Open, Apply for the first leases, Forward, then Apply, Repair and LogTrouble in any order and from any
/// thread, but Apply from one at a time.
/// </remarks>
internal interface IBackend : IDisposable
{
    /// <summary>What this host's lease publishes for the same backend of its peers.</summary>
    BackendLeaseData LeaseData { get; }

    /// <summary>The MTU of the pods' interfaces in bytes, as subnet.env publishes it.</summary>
    int Mtu { get; }

    /// <summary>Completes when forwarding has ended by itself, with the reason.</summary>
    Task<Exception> Fault { get; }

    /// <summary>Makes devices, addresses and sockets; nothing is forwarded yet.</summary>
    /// <param name="own">The subnet that this host holds.</param>
    /// <exception cref="LinuxException">The kernel refused one of the steps.</exception>
    /// <exception cref="OperatorException">Something is in the way; the line says how to mend it.</exception>
    void Open(Ipv4Prefix own);

    /// <summary>Puts leases in force. Packets follow them when it returns.</summary>
    /// <param name="leases">All there are now; another own subnet than before moves this host. Read before the call
    /// returns.</param>
    /// <param name="delta">What has changed since the last call.</param>
    void Apply(LeaseView leases, LeaseDelta delta);

    /// <summary>Begins to forward.</summary>
    void Forward();

    /// <summary>Puts back what others have taken from the interface, and does what could not be done before.</summary>
    void Repair();

    /// <summary>Logs what has gone wrong since the last call, as far as an operator can mend it.</summary>
    void LogTrouble();

    /// <summary>What it is doing.</summary>
    BackendState ReadState();

    /// <summary>
    /// Whether a peer's subnet is to be routed to the peer's own address: always by host-gw, and by vxlan to peers of
    /// DirectRouting. Such a route is right, whoever has made it.
    /// </summary>
    bool IsRoutedPlainly(Ipv4Address peer) => false;

    /// <summary>Holds a capture of what user space forwards and drops; null where it does neither.</summary>
    TapCell? Taps => null;

    /// <summary>Whether packets pass that user space does not see.</summary>
    bool IsKernelForwarding => true;

    /// <summary>What each of its packet threads is doing; none where the kernel forwards.</summary>
    IReadOnlyList<WorkerState> ReadWorkers() => [];

    /// <summary>What each lane's socket holds, as far as the kernel tells; none where it forwards.</summary>
    IReadOnlyList<SocketMemory> ReadSockets() => [];

    /// <summary>What ICMP has said of datagrams to peers; nothing where the kernel sends them.</summary>
    IReadOnlyList<PeerError> ReadPeerErrors() => [];

    /// <summary>How often ICMP has said this of datagrams to any peer, those that are forgotten too.</summary>
    long CountPeerErrors(PeerErrorKind kind) => 0;

    /// <summary>What it has forwarded and dropped. After <see cref="Forward"/>.</summary>
    CountersReport ReadCounters();
}
