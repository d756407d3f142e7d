using System.Collections.Generic;

namespace Overlay.Lab.Faults;

/// <summary>Faults of the lease store and of what is in it: rows L of docs/doctor.md.</summary>
internal static class LeaseFaults
{
    private const string KeepConfig = "cp -p \"$LEASES/config\" \"$ROOT/kept.config\"";
    private const string MendConfig = "mv \"$ROOT/kept.config\" \"$LEASES/config\"";
    internal const string KeepOwn = "own=\"$LEASES/subnets/${SUBNET%/*}-24\"; cp -p \"$own\" \"$ROOT/kept.lease\"";
    internal const string MendOwn = "mv \"$ROOT/kept.lease\" \"$LEASES/subnets/${SUBNET%/*}-24\"";

    // The first subnet of a network is never given out.
    private const string Strange = "\"$LEASES/subnets/10.244.0.0-24\"";
    internal const string NoLease = $"rm {Strange}";

    internal static IReadOnlyList<LabFault> List { get; } =
    [
        new LabFault(
            "L1", "the lease store has no network config",
            "mv \"$LEASES/config\" \"$ROOT/kept.config\"", MendConfig),
        new LabFault(
            "L2", "the network config is not valid",
            $"{KeepConfig}; echo '{{\"Network\":\"10.244.0.0/16\",\"SubnetLen\":17}}' > \"$LEASES/config\"",
            MendConfig),
        new LabFault(
            "L3", "the network config names no backend",
            $"{KeepConfig}; echo \"{{\\\"Network\\\":\\\"$NETWORK\\\"}}\" > \"$LEASES/config\"", MendConfig),
        new LabFault(
            "L4", "another host has this host's subnet",
            $"{KeepOwn}; echo '{{\"PublicIP\":\"172.16.0.99\"}}' > \"$own\"", MendOwn)
        {
            IsWithoutDaemon = true,
        },
        new LabFault("L5", "the lease of this host's subnet is gone", $"{KeepOwn}; rm \"$own\"", MendOwn)
        {
            IsWithoutDaemon = true,
        },
        new LabFault(
            "L6", "the lease ends in minutes", $"{KeepOwn}; touch -d '23 hours ago 40 minutes ago' \"$own\"", MendOwn)
        {
            IsWithoutDaemon = true,
        },
        new LabFault(
            "L7", "a peer's lease has no route on a host with flannel's vxlan",
            $"ip link add flannel.1 type vxlan id 1 dstport 8472 nolearning && {Lease("$PEER", "vxlan")}",
            $"ip link del flannel.1; {NoLease}")
        {
            IsWithoutDaemon = true,
            Backends = LabFault.OfUdp,
        },
        new LabFault(
            "L8", "a peer has moved, and flannel's vxlan sends to where it was",
            $"ip link add flannel.1 type vxlan id 1 dstport 8472 nolearning; ip link set flannel.1 up; "
                + "ip route add 10.244.0.0/24 via 10.244.0.0 dev flannel.1 onlink; "
                + "ip neigh add 10.244.0.0 lladdr 2e:00:00:00:00:78 dev flannel.1 nud permanent; "
                + "bridge fdb add 2e:00:00:00:00:78 dev flannel.1 dst 172.16.0.98; " + Lease("$PEER", "vxlan"),
            $"ip link del flannel.1; {NoLease}")
        {
            IsWithoutDaemon = true,
            Backends = LabFault.OfUdp,
        },
        new LabFault(
            "L9", "the lease store is away", "mv \"$LEASES\" \"$LEASES.away\"", "mv \"$LEASES.away\" \"$LEASES\"")
        {
            IsWithoutDaemon = true,
        },
        new LabFault(
            "L12", "the certificate of a flanneld ends in three days",
            "mkdir -p \"$ROOT/etc\"; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3 "
                + "-subj /CN=host -keyout \"$ROOT/etc/key.pem\" -out \"$ROOT/etc/cert.pem\" 2>/dev/null; "
                + Flanneld("-etcd-certfile=/etc/cert.pem"),
            StopFlanneld)
        {
            IsWithoutDaemon = true, Needs = ["bash", "openssl"],
        },
        new LabFault(
            "L12", "the key of a flanneld's certificate is everybody's to read",
            "mkdir -p \"$ROOT/etc\"; touch \"$ROOT/etc/key.pem\"; chmod 644 \"$ROOT/etc/key.pem\"; "
                + Flanneld("--etcd-keyfile /etc/key.pem"),
            StopFlanneld)
        {
            Name = "L12-key", IsWithoutDaemon = true, Needs = ["bash"],
        },
        new LabFault(
            "L13", "all subnets of the network are leased",
            KeepConfig + """
                ; first="${SUBNET%/*}"
                echo "{\"Network\":\"$NETWORK\",\"SubnetMin\":\"$first\",\"SubnetMax\":\"$first\"}" > "$LEASES/config"
                """,
            MendConfig)
        {
            IsWithoutDaemon = true,
        },
        new LabFault(
            "L14", "a host is gone, and its lease has stayed",
            $"{Lease("172.16.0.88", "")}; ip neigh replace 172.16.0.88 dev eth0 nud failed",
            $"{NoLease}; ip neigh del 172.16.0.88 dev eth0 2>/dev/null || true"),
        new LabFault("L15", "a peer holds two leases", Lease("$PEER", ""), NoLease),
        new LabFault(
            "L17", "a peer's lease is for another backend", Lease("172.16.0.97", "vxlan"), NoLease)
        {
            Backends = ["udp", "host-gw"],
        },
        new LabFault(
            "L18", "an entry of the lease store is no lease",
            $"echo '{{\"PublicIP\":' > {Strange}", NoLease),
        new LabFault(
            "L19", "the network config has another network than this host's subnet is of",
            $"{KeepConfig}; echo '{{\"Network\":\"10.99.0.0/16\",\"Backend\":{{\"Type\":\"udp\"}}}}' > "
                + "\"$LEASES/config\"",
            MendConfig)
        {
            IsWithoutDaemon = true,
        },
        new LabFault(
            "L20", "the network config has another port than the daemon uses",
            $"{KeepConfig}; sed 's/8285/7890/' \"$ROOT/kept.config\" > \"$LEASES/config\"", MendConfig)
        {
            Backends = LabFault.OfUdp,
        },
        new LabFault(
            "L21", "the network config asks for IPv6 with the udp backend",
            KeepConfig + """
                ; sed 's/^{/{"EnableIPv6":true,"IPv6Network":"fd00:244::\/48",/' "$ROOT/kept.config" > "$LEASES/config"
                """,
            MendConfig)
        {
            Backends = LabFault.OfUdp,
        },
    ];

    internal const string StopFlanneld = "kill -- -$(cat \"$ROOT/flanneld.pid\"); rm -r \"$ROOT/etc\"";

    // A process that looks like flannel's daemon, and sleeps.
    internal static string Flanneld(string options) =>
        "setsid bash -c 'exec -a flanneld sh -c \"sleep 600; :\" " + options + "' </dev/null >/dev/null 2>&1 & "
            + "echo $! > \"$ROOT/flanneld.pid\"";

    internal static string Lease(string host, string backend) =>
        $"echo \"{{\\\"PublicIP\\\":\\\"{host}\\\""
            + (backend.Length > 0 ? $",\\\"BackendType\\\":\\\"{backend}\\\"" : "") + $"}}\" > {Strange}";
}
