using System.Collections.Generic;

namespace Overlay.Lab.Faults;

/// <summary>Faults of routes and of the tunnel's interface: rows R of docs/doctor.md.</summary>
internal static class RouteFaults
{
    // What stock flannel has on a host: a lab without our daemon has none of it.
    private const string Tun = "ip tuntap add dev flannel0 mode tun";
    private const string Up = "ip link set flannel0 up";
    private const string Address = "ip address add \"${SUBNET%/*}/32\" dev flannel0";
    private const string Route = "ip route add \"$NETWORK\" dev flannel0";
    private const string NoTun = "ip link del flannel0";

    internal static IReadOnlyList<LabFault> List { get; } =
    [
        new LabFault("R1", "the route to the overlay is gone", $"{Tun}; {Up}; {Address}", NoTun)
        {
            IsWithoutDaemon = true,
            Backends = LabFault.OfUdp,
        },
        new LabFault("R2", "the tunnel's interface is down", $"{Tun}; {Address}", NoTun)
        {
            IsWithoutDaemon = true,
            Backends = LabFault.OfUdp,
        },
        new LabFault("R3", "the tunnel's interface has no address", $"{Tun}; {Up}; {Route}", NoTun)
        {
            IsWithoutDaemon = true,
            Backends = LabFault.OfUdp,
        },
        new LabFault(
            "R3", "the tunnel's address is not in the kernel's table of local ones",
            $"{Tun}; {Up}; {Address}; {Route}; ip route del table local local \"${{SUBNET%/*}}\" dev flannel0", NoTun)
        {
            Name = "R3-local",
            IsWithoutDaemon = true,
            Backends = LabFault.OfUdp,
        },
        new LabFault(
            "R4", "a network manager has given the tunnel an address of its own",
            "ip address add 169.254.7.7/16 dev \"$TUNNEL\"", "ip address del 169.254.7.7/16 dev \"$TUNNEL\"")
        {
            Backends = LabFault.OfTunnels,
        },
        new LabFault(
            "R5", "the vxlan backend used before has left its interface and a route",
            "ip link add flannel.1 type vxlan id 1 dstport 8472 nolearning; ip link set flannel.1 up; "
                + "ip route add \"$PEER_SUBNET\" via \"${PEER_SUBNET%/*}\" dev flannel.1 onlink",
            "ip link del flannel.1")
        {
            Backends = LabFault.OfUdp,
        },
        new LabFault(
            "R6", "the host-gw backend used before has left a route",
            "ip route add \"$PEER_SUBNET\" via \"$PEER\" dev eth0",
            "ip route del \"$PEER_SUBNET\" via \"$PEER\" dev eth0")
        {
            Backends = LabFault.OfUdp,
        },
        new LabFault(
            "R7", "the pods' bridge is down", "ip link set cni0 down", "ip link set cni0 up"),
        new LabFault(
            "R8", "the pods' bridge has no port", "ip link set veth0 nomaster", "ip link set veth0 master cni0"),
        new LabFault(
            "R10", "the kernel speaks IPv6 on the tunnel",
            "sysctl -qw \"net.ipv6.conf.$TUNNEL.disable_ipv6=0\"; "
                + "ip -6 address add fe80::7/64 dev \"$TUNNEL\" nodad",
            "sysctl -qw \"net.ipv6.conf.$TUNNEL.disable_ipv6=1\"")
        {
            Backends = LabFault.OfUdp,
        },
        new LabFault(
            "R11", "a routing rule sends packets for the peer's pods by another table",
            "ip route add \"$PEER_SUBNET\" via \"$PEER\" dev eth0 table 100; "
                + "ip rule add to \"$PEER_SUBNET\" lookup 100 pref 100",
            "ip rule del pref 100; ip route flush table 100")
        {
            Backends = LabFault.OfTunnels,
        },
    ];
}
