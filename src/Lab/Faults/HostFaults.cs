using System.Collections.Generic;

namespace Overlay.Lab.Faults;

/// <summary>Faults of the host itself: rows H of docs/doctor.md.</summary>
internal static class HostFaults
{
    private const string Group = "mount -t tmpfs none /sys/fs/cgroup; "
        + "g=\"/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)\"; mkdir -p \"$g\"; ";

    internal static IReadOnlyList<LabFault> List { get; } =
    [
        new LabFault("H1", "the TUN device is not there", ":", ":")
        {
            View = "mount -t tmpfs none /dev/net",
            Backends = LabFault.OfUdp,
        },
        new LabFault(
            "H2", "flanneld's unit names a user and gives it no capability",
            Unit("User=flannel"), NoUnit),
        new LabFault(
            "H3", "the TUN device may not be opened", ":", ":")
        {
            View = "mount -t tmpfs -o nodev none /dev/net; mknod /dev/net/tun c 10 200",
            Backends = LabFault.OfUdp,
        },
        new LabFault(
            "H4", "flanneld's unit hides the devices", Unit("PrivateDevices=yes"), NoUnit),
        new LabFault(
            "H5", "forwarding is off",
            "sysctl -qw net.ipv4.ip_forward=0",
            "sysctl -qw net.ipv4.ip_forward=1"),
        new LabFault(
            "H5", "forwarding is off on the pods' bridge alone",
            "sysctl -qw net.ipv4.conf.cni0.forwarding=0",
            "sysctl -qw net.ipv4.conf.cni0.forwarding=1")
        {
            Name = "H5-bridge",
        },
        new LabFault(
            "H7", "a vxlan interface has the overlay's UDP port",
            "ip link add vx7 type vxlan id 7 dstport 8285 nolearning; ip link set vx7 up", "ip link del vx7")
        {
            IsWithoutDaemon = true,
            Backends = LabFault.OfUdp,
        },
        new LabFault(
            "H8", "an interface of a daemon that was killed is left, and a second one is there",
            "ip tuntap add dev flannel0 mode tun; ip tuntap add dev flannel1 mode tun",
            "ip link del flannel1; ip link del flannel0")
        {
            IsWithoutDaemon = true,
            Backends = LabFault.OfUdp,
        },
        new LabFault(
            "H9", "the daemon's memory is near its limit", ":", ":")
        {
            View = Group + "echo 50000000 > \"$g/memory.max\"; echo 49000000 > \"$g/memory.current\"; "
                + "echo 'oom_kill 3' > \"$g/memory.events\"",
        },
        new LabFault(
            "H10", "the daemon is held back by its processor quota", ":", ":")
        {
            View = Group + "printf 'nr_periods 1000\\nnr_throttled 400\\n' > \"$g/cpu.stat\"",
        },
    ];

    internal const string NoUnit = "rm -r \"$ROOT/etc\"";

    /// <summary>A unit file of flanneld's with one more line.</summary>
    internal static string Unit(string line) =>
        "mkdir -p \"$ROOT/etc/systemd/system\"; printf '[Service]\\nExecStart=/usr/bin/flanneld\\n%s\\n' '" + line
            + "' > \"$ROOT/etc/systemd/system/flanneld.service\"";
}
