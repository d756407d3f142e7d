using System.Collections.Generic;

namespace Overlay.Lab.Faults;

/// <summary>Faults of the underlay and of this host's address on it: rows U of docs/doctor.md.</summary>
internal static class UnderlayFaults
{
    // Another interface of the host, which leads nowhere.
    private const string Other = "ip link add other type veth peer name other1; ip link set other1 up; "
        + "ip link set other up";

    private const string NoOther = "ip link del other";

    internal static IReadOnlyList<LabFault> List { get; } =
    [
        new LabFault(
            "U1", "the peer is reached by another interface than the daemon works with",
            $"{Other}; ip address add 192.0.2.9/24 dev other; ip route add \"$PEER\" via 192.0.2.1 dev other", NoOther)
        {
            IsWithoutDaemon = true,
        },
        new LabFault(
            "U2", "the host publishes the address that VirtualBox gives to every guest",
            $"{LeaseFaults.KeepOwn}; ip address add 10.0.2.15/24 dev eth0; "
                + "echo '{\"PublicIP\":\"10.0.2.15\"}' > \"$own\"",
            $"ip address del 10.0.2.15/24 dev eth0; {LeaseFaults.MendOwn}")
        {
            IsWithoutDaemon = true,
        },
        new LabFault(
            "U3", "the host publishes an address that it does not have",
            $"{LeaseFaults.KeepOwn}; echo '{{\"PublicIP\":\"203.0.113.7\"}}' > \"$own\"", LeaseFaults.MendOwn)
        {
            IsWithoutDaemon = true,
        },
        new LabFault(
            "U4", "the underlay's interface has lost its address",
            "ip address del \"$HOST/24\" dev eth0", "ip address add \"$HOST/24\" dev eth0"),
        new LabFault(
            "U5", "the underlay's interface is down", "ip link set eth0 down", "ip link set eth0 up")
        {
            IsWithoutDaemon = true,
        },
        new LabFault(
            "U6", "a second interface has an address of the underlay's subnet",
            $"{Other}; ip address add 172.16.0.205/24 dev other", NoOther)
        {
            IsWithoutDaemon = true,
        },
        new LabFault(
            "U7", "the way back to the peer is another interface, and rp_filter is strict",
            $"{Other}; ip route add \"$PEER\" dev other; sysctl -qw net.ipv4.conf.eth0.rp_filter=1",
            $"sysctl -qw net.ipv4.conf.eth0.rp_filter=0; {NoOther}")
        {
            IsWithoutDaemon = true,
        },
        new LabFault(
            "U7", "the way back to the peer's pods is not the tunnel, and rp_filter is strict on it",
            "ip route add \"$PEER_SUBNET\" via \"$PEER\" dev eth0; sysctl -qw \"net.ipv4.conf.$TUNNEL.rp_filter=1\"",
            "sysctl -qw \"net.ipv4.conf.$TUNNEL.rp_filter=0\"; ip route del \"$PEER_SUBNET\" via \"$PEER\" dev eth0")
        {
            Name = "U7-tunnel",
            Backends = LabFault.OfUdp,
        },
        new LabFault(
            "U8", "the router to a peer does not answer",
            $"{LeaseFaults.Lease("198.51.100.8", "")}; ip route add 198.51.100.8 via 172.16.0.254 dev eth0; "
                + "ip neigh replace 172.16.0.254 dev eth0 nud failed",
            $"ip neigh del 172.16.0.254 dev eth0; ip route del 198.51.100.8; {LeaseFaults.NoLease}")
        {
            IsWithoutDaemon = true,
        },
        new LabFault(
            "U9", "no daemon runs on a peer",
            "ip netns exec \"$PEER_NS\" ip address add 172.16.0.98/32 dev eth0; "
                + LeaseFaults.Lease("172.16.0.98", ""),
            $"{LeaseFaults.NoLease}; ip netns exec \"$PEER_NS\" ip address del 172.16.0.98/32 dev eth0")
        {
            Backends = LabFault.OfUdp,
        },
        new LabFault(
            "U10", "packets to a peer vanish on the way",
            "ip neigh replace 172.16.0.98 lladdr 02:00:00:00:00:98 dev eth0 nud permanent; "
                + $"{LeaseFaults.Lease("172.16.0.98", "")}; "
                + "for i in 1 2 3 4 5 6 7 8 9 10 11 12; "
                + "do ping -qc 1 -W 0.1 10.244.0.9 > /dev/null || sleep 0.05; done",
            $"{LeaseFaults.NoLease}; ip neigh del 172.16.0.98 dev eth0")
        {
            Needs = ["ping"],
            Backends = LabFault.OfUdp,
        },
        new LabFault(
            "U11", "a peer publishes an address of the overlay's network",
            LeaseFaults.Lease("10.244.200.7", ""), LeaseFaults.NoLease)
        {
            Backends = LabFault.OfUdp,
        },
        new LabFault(
            "U12", "the host is connected to a network that the overlay's network contains",
            $"{Other}; ip address add 10.244.50.1/24 dev other", NoOther),
    ];
}
