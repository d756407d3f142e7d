using System.Collections.Generic;

namespace Overlay.Lab.Faults;

/// <summary>Faults of what gives pods their addresses: rows N of docs/doctor.md.</summary>
internal static class PodFaults
{
    private const string Config = """
        mkdir -p "$ROOT/etc/cni/net.d"
        cat > "$ROOT/etc/cni/net.d/10-flannel.conflist" <<END
        {"name":"cbr0","plugins":[{"type":"flannel","delegate":{"hairpinMode":true}},{"type":"portmap"}]}
        END

        """;

    private const string NoConfig = "rm -r \"$ROOT/etc\"";

    internal static IReadOnlyList<LabFault> List { get; } =
    [
        new LabFault(
            "N1", "the pods' bridge has an address of another life",
            "ip address add 10.99.0.1/24 dev cni0; ip address del \"$GATEWAY/24\" dev cni0",
            "ip address add \"$GATEWAY/24\" dev cni0; ip address del 10.99.0.1/24 dev cni0"),
        new LabFault(
            "N2", "Docker's bridge has an address of the subnet before",
            "ip link add docker0 type bridge; ip address add 10.244.99.1/24 dev docker0", "ip link del docker0"),
        new LabFault(
            "N3", "subnet.env is not there",
            "mv \"$SUBNET_FILE\" \"$ROOT/kept.env\"",
            "mv \"$ROOT/kept.env\" \"$SUBNET_FILE\"")
        {
            IsWithoutDaemon = true,
        },
        new LabFault(
            "N4", "the pods' bridge has no address",
            "ip address del \"$GATEWAY/24\" dev cni0", "ip address add \"$GATEWAY/24\" dev cni0"),
        new LabFault(
            "N5", "an address of the subnet before is kept for a pod that is gone",
            "mkdir -p \"$ROOT/var/lib/cni/networks/cbr0\"; touch \"$ROOT/var/lib/cni/networks/cbr0/10.244.99.7\"",
            "rm -r \"$ROOT/var/lib/cni\""),
        new LabFault(
            "N6", "Calico's configuration comes before flannel's",
            $"{Config}echo '{{\"type\":\"calico\"}}' > \"$ROOT/etc/cni/net.d/10-calico.conflist\"", NoConfig),
        new LabFault(
            "N7", "CNI's plugins are not installed",
            $"{Config}mkdir -p \"$ROOT/opt/cni/bin\"; touch \"$ROOT/opt/cni/bin/flannel\"",
            $"{NoConfig}; rm -r \"$ROOT/opt\""),
        new LabFault(
            "N8", "a pod's interface is no port of the bridge",
            "ip link set veth0 nomaster", "ip link set veth0 master cni0"),
        new LabFault(
            "N8", "the bridge does not forward to a pod",
            "bridge link set dev veth0 state 0", "bridge link set dev veth0 state 3")
        {
            Name = "N8-state",
            Needs = ["bridge"],
        },
        new LabFault(
            "N9", "flannel's CNI configuration leaves hairpin mode off",
            $"{Config}sed -i 's/true/false/' \"$ROOT/etc/cni/net.d/10-flannel.conflist\"", NoConfig),
    ];
}
