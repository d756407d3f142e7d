using System;
using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Logging;

/// <summary>
/// Every log line of the daemon. Event ids are unique and never used again for another line; a test counts them.
/// </summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Using interface with name {Interface} and address {Address}, MTU {Mtu}, "
        + "chosen by {Reason}; Using {PublicIp} as external address")]
    internal static partial void Underlay(
        ILogger log, string @interface, string address, int mtu, string reason, string publicIp);

    [LoggerMessage(2, LogLevel.Information, "lease {Subnet} of network {Network} acquired from {Store} until {End}",
        EventName = "lease_acquired")]
    internal static partial void Acquired(ILogger log, string subnet, string network, string store, string end);

    [LoggerMessage(3, LogLevel.Information, "ready: subnet {Subnet}, interface {Interface}, MTU {Mtu}, {Endpoint}, "
        + "{Peers} peers, {Description}", EventName = "ready")]
    internal static partial void Ready(
        ILogger log, string subnet, string @interface, int mtu, string endpoint, int peers, string description);

    [LoggerMessage(4, LogLevel.Information, "Subnet added: {Subnet} via {PublicIp}", EventName = "peer_added")]
    internal static partial void SubnetAdded(ILogger log, string subnet, string publicIp);

    [LoggerMessage(5, LogLevel.Information, "Subnet changed: {Subnet} now via {PublicIp}", EventName = "peer_updated")]
    internal static partial void SubnetChanged(ILogger log, string subnet, string publicIp);

    [LoggerMessage(6, LogLevel.Information, "Subnet removed: {Subnet}", EventName = "peer_removed")]
    internal static partial void SubnetRemoved(ILogger log, string subnet);

    [LoggerMessage(
        7, LogLevel.Information, "Subnets: {Added} added, {Changed} changed, {Removed} removed, {Total} in all",
        EventName = "peers_changed")]
    internal static partial void SubnetsChanged(ILogger log, int added, int changed, int removed, int total);

    [LoggerMessage(8, LogLevel.Warning, "lease store cannot be read, known routes stay: {Reason}",
        EventName = "store_down")]
    internal static partial void Gap(ILogger log, string reason);

    [LoggerMessage(9, LogLevel.Warning, "lease store: {Warning}")]
    internal static partial void StoreWarning(ILogger log, string warning);

    [LoggerMessage(10, LogLevel.Information, "Lease renewed, new expiration: {End} (subnet {Subnet})",
        EventName = "lease_renewed")]
    internal static partial void Renewed(ILogger log, string subnet, string end);

    [LoggerMessage(11, LogLevel.Warning, "lease {Subnet} could not be renewed, next try in {Seconds} s: {Reason}",
        EventName = "lease_renew_failed")]
    internal static partial void RenewalFailed(ILogger log, string subnet, int seconds, string reason);

    [LoggerMessage(12, LogLevel.Warning, "IPv4 forwarding is off, so pods' packets will not reach their peers; turn "
        + "it on: sysctl -w net.ipv4.ip_forward=1")]
    internal static partial void ForwardingOff(ILogger log);

    [LoggerMessage(13, LogLevel.Warning, "no ICMP errors will be sent: {Reason}")]
    internal static partial void NoIcmp(ILogger log, string reason);

    [LoggerMessage(14, LogLevel.Warning, "--mtu {Mtu} leaves no room for {Overhead} bytes of encapsulation on "
        + "{Interface} (MTU {UnderlayMtu}): full packets will be sent in fragments")]
    internal static partial void MtuTooLarge(ILogger log, int mtu, int overhead, string @interface, int underlayMtu);

    [LoggerMessage(
        15, LogLevel.Information, "stopped: forwarded {Outbound} packets out and {Inbound} in, dropped {Dropped}",
        EventName = "stopped")]
    internal static partial void Stopped(ILogger log, long outbound, long inbound, long dropped);

    [LoggerMessage(16, LogLevel.Information, "lease store can be read again", EventName = "store_up")]
    internal static partial void GapOver(ILogger log);

    [LoggerMessage(17, LogLevel.Information, "Subnet of this host too, by its public IP {PublicIp}: {Subnets}")]
    internal static partial void FurtherOwn(ILogger log, string subnets, string publicIp);

    [LoggerMessage(18, LogLevel.Warning, "interface {Interface} is down, so nothing is forwarded; bring it up: ip "
        + "link set {Interface} up")]
    internal static partial void LinkDown(ILogger log, string @interface);

    [LoggerMessage(19, LogLevel.Warning, "{What} of {Interface} was gone and is put back", EventName = "host_repair")]
    internal static partial void PutBack(ILogger log, string what, string @interface);

    [LoggerMessage(20, LogLevel.Warning, "{Interface} could not be looked after: {Reason}")]
    internal static partial void RepairFailed(ILogger log, string @interface, string reason);

    [LoggerMessage(21, LogLevel.Warning, "{Count} packets dropped in the last minute: {DropReason}{Refusal} (overlay "
        + "counters says more)", EventName = "drop_burst")]
    internal static partial void Drops(ILogger log, long count, string dropReason, string refusal);

    [LoggerMessage(22, LogLevel.Warning, "acceleration {Acceleration} is {State}; packets go without it",
        EventName = "offload_disabled")]
    internal static partial void AccelerationLost(ILogger log, string acceleration, string state);

    [LoggerMessage(23, LogLevel.Warning, "lease {Subnet} is lost, another one is taken: {Reason}",
        EventName = "lease_lost")]
    internal static partial void LeaseLost(ILogger log, string subnet, string reason);

    [LoggerMessage(24, LogLevel.Warning, "no other lease in place of {Subnet} yet, known routes stay and it is tried "
        + "again: {Reason}")]
    internal static partial void NoLease(ILogger log, string subnet, string reason);

    [LoggerMessage(25, LogLevel.Warning, "lease {Subnet} is gone from the store and is taken back")]
    internal static partial void OwnIsGone(ILogger log, string subnet);

    [LoggerMessage(26, LogLevel.Warning, "lease {Subnet} is in question and is renewed: {Reason}",
        EventName = "lease_conflict")]
    internal static partial void OwnInQuestion(ILogger log, string subnet, string reason);

    [LoggerMessage(27, LogLevel.Warning, "subnet changed from {Before} to {After}, {File} rewritten: restart this "
        + "host's pods so that they get addresses of it", EventName = "subnet_changed")]
    internal static partial void Moved(ILogger log, string before, string after, string file);

    [LoggerMessage(28, LogLevel.Warning, "subnet changed from {Before} to {After}, but {File} could not be rewritten "
        + "and is tried again every 10 s: {Reason}")]
    internal static partial void SubnetFileNotWritten(
        ILogger log, string before, string after, string file, string reason);

    [LoggerMessage(29, LogLevel.Warning, "{File} rewritten for subnet {Subnet}: restart this host's pods so that "
        + "they get addresses of it")]
    internal static partial void SubnetFileWritten(ILogger log, string file, string subnet);

    [LoggerMessage(30, LogLevel.Warning, "waiting for the lease store {Store}: {Reason}")]
    internal static partial void WaitingForStore(ILogger log, string store, string reason);

    [LoggerMessage(31, LogLevel.Warning, "{Store} is away ({Reason}): starting from the snapshot of {Written:u} with "
        + "subnet {Subnet}, {Peers} peers")]
    internal static partial void StartingFromSnapshot(
        ILogger log, string store, string reason, DateTimeOffset written, string subnet, int peers);

    [LoggerMessage(32, LogLevel.Warning, "the snapshot {File} {Fault}, so it is not started from")]
    internal static partial void SnapshotUnusable(ILogger log, string file, string fault);

    [LoggerMessage(33, LogLevel.Warning, "the snapshot {File} could not be written, so a restart while the lease "
        + "store is away may have to wait for it: {Reason}")]
    internal static partial void SnapshotNotWritten(ILogger log, string file, string reason);

    [LoggerMessage(34, LogLevel.Warning, "the network config of {Store} is another one than the snapshot's this "
        + "daemon has started from; restart to take it up", EventName = "config_changed_restart_needed")]
    internal static partial void ConfigChanged(ILogger log, string store);

    [LoggerMessage(35, LogLevel.Warning, "interface {Interface} has left this network namespace, so nothing is "
        + "forwarded; {Remedy}")]
    internal static partial void LinkGone(ILogger log, string @interface, string remedy);

    [LoggerMessage(36, LogLevel.Warning, "interface {Interface} was renamed to {Name}, where others look for it in "
        + "vain; name it back: ip link set {Name} name {Interface}")]
    internal static partial void LinkRenamed(ILogger log, string @interface, string name);

    [LoggerMessage(37, LogLevel.Information, "Subnet of this host no longer: {Subnets}")]
    internal static partial void FurtherOwnLost(ILogger log, string subnets);

    [LoggerMessage(38, LogLevel.Warning, "left out, because this host routes datagrams to their addresses into the "
        + "tunnel itself, where they would loop: {Peers}; give each address a more specific route than {Network}, or "
        + "choose another Network")]
    internal static partial void PeersLoop(ILogger log, string peers, string network);

    [LoggerMessage(39, LogLevel.Information, "routed past the tunnel now, and no longer left out: {Peers}")]
    internal static partial void PeersLoopNoLonger(ILogger log, string peers);

    [LoggerMessage(40, LogLevel.Information, "path to {Peer}: {What} (overlay counters has all paths)",
        EventName = "peer_mtu_changed")]
    internal static partial void WorsePath(ILogger log, string peer, string what);

    [LoggerMessage(41, LogLevel.Warning, "the route of Network {Network} takes packets to {What} into the tunnel; keep "
        + "it in reach by a route of its own ({Command}), or choose another Network")]
    internal static partial void CutOff(ILogger log, string what, string network, string command);

    [LoggerMessage(45, LogLevel.Warning, "the address {Local} of {Interface} lies inside the Network {Network}, whose "
        + "route takes packets to its neighbours into the tunnel; choose another interface with --iface, give them "
        + "more specific routes, or choose another Network")]
    internal static partial void NeighboursCutOff(ILogger log, string local, string @interface, string network);

    [LoggerMessage(42, LogLevel.Warning, "the route of Network {Network} takes packets to {Count} more hosts into the "
        + "tunnel that this one works with")]
    internal static partial void MoreCutOff(ILogger log, int count, string network);

    [LoggerMessage(
        43, LogLevel.Information, "interface {Interface} leads to no other host; MTU {Mtu} is that of {Wire}")]
    internal static partial void NoWire(ILogger log, string @interface, int mtu, string wire);

    [LoggerMessage(44, LogLevel.Information, "MTU {Mtu} instead of {Before}: the way to {Peer} takes no more than "
        + "{Smallest} bytes")]
    internal static partial void MtuOfPeers(ILogger log, int mtu, int before, string peer, int smallest);

    [LoggerMessage(47, LogLevel.Warning, "{File} cannot be renamed over ({Reason}), so it is written in place, and a "
        + "reader may find it half written for a moment; mount or open its directory instead of the file alone")]
    internal static partial void SubnetFileInPlace(ILogger log, string file, string reason);

    [LoggerMessage(48, LogLevel.Warning, "changes in the kernel are not heard of any longer, and are looked for every "
        + "10 s instead: {Reason}")]
    internal static partial void WatchEnded(ILogger log, string reason);

    [LoggerMessage(49, LogLevel.Warning, "what has changed in the kernel could not be looked after, and is tried "
        + "again within 10 s: {Reason}")]
    internal static partial void WatchRepairFailed(ILogger log, string reason);

    [LoggerMessage(50, LogLevel.Warning, "{What} lies inside the Network {Network}: once a peer's lease has that "
        + "subnet, packets to it go to that peer; keep it in reach by a route of its own ({Command}), or choose "
        + "another Network")]
    internal static partial void MayBeCutOff(ILogger log, string what, string network, string command);

    [LoggerMessage(51, LogLevel.Warning, "left out, because this host's backend is {Own}: {Subnets}; set every host's "
        + "network config to one backend and restart those that have another")]
    internal static partial void OtherBackends(ILogger log, string own, string subnets);

    [LoggerMessage(52, LogLevel.Information, "stopped: the routes stay, so pods go on meanwhile (routes {Routes}, "
        + "peers {Peers})", EventName = "stopped_forwarding_goes_on")]
    internal static partial void StoppedForwardingGoesOn(ILogger log, int routes, int peers);

    [LoggerMessage(53, LogLevel.Warning, "the peer {PublicIp} is not on the link of {Interface} ({Local}), so "
        + "{Subnet} is not reached, and it is tried again; host-gw needs every host on one link: give both an "
        + "address there, or set the Backend of the network config to one that crosses routers, udp or vxlan")]
    internal static partial void PeerNotOnLink(
        ILogger log, string publicIp, string subnet, string @interface, string local);

    [LoggerMessage(54, LogLevel.Information, "the kernel takes the route {Route} on {Interface} now")]
    internal static partial void PeerOnLink(ILogger log, string route, string @interface);

    [LoggerMessage(55, LogLevel.Warning, "no route {Route}, and it is tried again: {Reason}")]
    internal static partial void RouteRefused(ILogger log, string route, string reason);

    [LoggerMessage(56, LogLevel.Warning, "the route {Before} is replaced by {After} dev {Interface}")]
    internal static partial void RouteReplaced(ILogger log, string before, string after, string @interface);

    [LoggerMessage(57, LogLevel.Information, "removed from {Interface}, because no lease is there for them any longer: "
        + "{Routes}")]
    internal static partial void RoutesOfNobody(ILogger log, string routes, string @interface);

    [LoggerMessage(59, LogLevel.Information, "removed, because this host's backend is host-gw no longer: {Routes}")]
    internal static partial void HostGwIsOver(ILogger log, string routes);

    [LoggerMessage(58, LogLevel.Warning, "left out, because its route would take away the peers' own addresses "
        + "{Local} on {Interface}: {Subnet}; choose another Network")]
    internal static partial void SubnetOnLink(ILogger log, string subnet, string local, string @interface);

    [LoggerMessage(70, LogLevel.Information, "packets are forwarded in user space, because the kernel path cannot be "
        + "had: {Reason}")]
    internal static partial void NoKernelPath(ILogger log, string reason);

    [LoggerMessage(71, LogLevel.Warning, "packets go through user space, because the kernel path was disturbed: "
        + "{Fault}; it is tried again {When}")]
    internal static partial void KernelPathLost(ILogger log, string fault, string when);

    [LoggerMessage(72, LogLevel.Information, "the kernel path is back")]
    internal static partial void KernelPathBack(ILogger log);

    [LoggerMessage(73, LogLevel.Warning, "packets to and from {Count} peers go through user space, because the kernel "
        + "path has room for {Most}")]
    internal static partial void PeersWithoutRoom(ILogger log, int count, int most);

    [LoggerMessage(74, LogLevel.Information, "the kernel path has room for all peers again")]
    internal static partial void RoomForAllPeers(ILogger log);
}
