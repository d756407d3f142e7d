using System.Collections.Generic;

namespace Overlay.Lab.Faults;

/// <summary>Sizes, checksums, buffers and losses: rows M of docs/doctor.md.</summary>
internal static class SizeFaults
{
    internal static IReadOnlyList<LabFault> List { get; } =
    [
        new LabFault(
            "M1", "a pod's interface takes longer packets than the tunnel",
            "was=$(cat /sys/class/net/veth0/mtu); echo $was > \"$ROOT/mtu\"; ip link set veth0 mtu 1500; "
                + "ip link set cni0 mtu $was",
            "ip link set veth0 mtu $(cat \"$ROOT/mtu\")")
        {
            Backends = LabFault.OfTunnels,
        },
        new LabFault(
            "M2", "the path to a peer is narrower than the interface",
            "ip route add $PEER dev eth0 mtu lock 1300", "ip route del $PEER dev eth0")
        {
            IsWithoutDaemon = true,
        },
        new LabFault(
            "M3", "full packets to a peer behind a narrow path are fragmented",
            "ip route add $PEER dev eth0 mtu 1300; "
                + Background("ping -q -i 0.01 -s 1400 -M dont $PEER"),
            EndBackground + "; ip route del $PEER dev eth0")
        {
            Needs = ["ping"], IsWithoutDaemon = true,
        },
        new LabFault(
            "M5", "somebody sends long datagrams in fragments",
            Background("ping -q -i 0.01 -s 3000 $PEER"), EndBackground)
        {
            Needs = ["ping"],
        },
        new LabFault(
            "M6", "datagrams come with wrong checksums",
            """
            ip netns exec $PEER_NS ethtool -K eth0 tx off >/dev/null
            nft -f - <<'END'
            table ip spoil {
              chain arriving {
                type filter hook prerouting priority raw; policy accept;
                udp dport 9 udp checksum set 0x1234
              }
            }
            END

            """ + Background(
                "ip netns exec $PEER_NS bash -c \"while :; do echo x > /dev/udp/$HOST/9; sleep 0.02; done\""),
            EndBackground + "; nft delete table ip spoil; ip netns exec $PEER_NS ethtool -K eth0 tx on >/dev/null")
        {
            Needs = ["bash", "ethtool", "nft"],
        },
        new LabFault(
            "M9", "nobody reads the overlay's socket fast enough",
            "ip tuntap add dev flannel0 mode tun; ip link set flannel0 up; " + Background(
                "python3 -c \"import socket,time; s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); "
                    + "s.setsockopt(socket.SOL_SOCKET,socket.SO_RCVBUF,2048); s.bind((\\\"0.0.0.0\\\",8285)); "
                    + "time.sleep(600)\" & "
                    + "exec ip netns exec $PEER_NS bash -c \"while :; do echo x > /dev/udp/$HOST/8285; sleep 0.01; "
                    + "done\""),
            EndBackground + "; ip tuntap del dev flannel0 mode tun")
        {
            Needs = ["bash", "python3"], IsWithoutDaemon = true,
            Backends = LabFault.OfUdp,
        },
        new LabFault(
            "M10", "the tunnel's queue holds one packet",
            "cat /sys/class/net/flannel0/tx_queue_len > \"$ROOT/queue\"; ip link set flannel0 txqueuelen 1; "
                + Background("ip netns exec $POD_NS ping -q -i 0.02 -s 60000 $PEER_POD"),
            EndBackground + "; ip link set flannel0 txqueuelen $(cat \"$ROOT/queue\")")
        {
            Needs = ["ping"],
            Backends = LabFault.OfUdp,
        },
        new LabFault(
            "M11", "the underlay's queue is full",
            "tc qdisc add dev eth0 root tbf rate 64kbit burst 3000 limit 3000; " + Background(
                "bash -c \"while :; do printf %1000s x > /dev/udp/$PEER/9; sleep 0.01; done\""),
            EndBackground + "; tc qdisc del dev eth0 root")
        {
            Needs = ["bash", "tc"],
        },
        new LabFault(
            "M16", "two hosts send a subnet's packets to each other",
            "ip route add 10.244.0.0/24 via $PEER; ip netns exec $PEER_NS ip route add 10.244.0.0/24 via $HOST; "
                + Background(
                    "ip netns exec $POD_NS ping -q -i 0.01 -t 63 10.244.0.9 & "
                        + "exec ip netns exec $POD_NS ping -q -i 0.01 -t 64 10.244.0.9"),
            EndBackground + "; ip route del 10.244.0.0/24; ip netns exec $PEER_NS ip route del 10.244.0.0/24")
        {
            Needs = ["ping"],
        },
    ];

    private const string EndBackground = "kill -- -$(cat \"$ROOT/traffic.pid\")";

    // A process group of its own, which goes on until it is ended.
    private static string Background(string script) =>
        $"setsid sh -c '{script}' </dev/null >/dev/null 2>&1 & echo $! > \"$ROOT/traffic.pid\"";
}
