using System.Collections.Generic;

namespace Overlay.Lab.Faults;

/// <summary>Firewall rules of others: rows W of docs/doctor.md.</summary>
internal static class FirewallFaults
{
    internal static IReadOnlyList<LabFault> List { get; } =
    [
        new LabFault(
            "W1", "FORWARD drops what nobody accepts, by the other kind of iptables than flannel's rules are of",
            "iptables-legacy -w -P FORWARD DROP", "iptables-legacy -w -P FORWARD ACCEPT")
        {
            Needs = ["iptables-legacy"],
        },
        new LabFault(
            "W2", "a REJECT stands before flannel's jump, where stock appends it",
            "iptables -w -I FORWARD -j REJECT --reject-with icmp-host-prohibited",
            "iptables -w -D FORWARD -j REJECT --reject-with icmp-host-prohibited")
        {
            Needs = ["iptables"], IsWithoutDaemon = true,
        },
        new LabFault(
            "W3", "firewalld's table rejects what is forwarded",
            """
            nft -f - <<'END'
            table inet firewalld {
              chain filter_FORWARD {
                type filter hook forward priority filter + 10; policy accept;
                ct state established,related accept
                iifname "lo" accept
                reject with icmpx admin-prohibited
              }
            }
            END
            """,
            "nft delete table inet firewalld")
        {
            Needs = ["nft"],
        },
        new LabFault(
            "W4", "firewalld has flushed Docker's chains",
            """
            ip link add docker0 type bridge
            ip link set docker0 up
            nft add table inet firewalld
            """,
            "nft delete table inet firewalld; ip link del docker0")
        {
            Needs = ["iptables", "nft"],
        },
        new LabFault(
            "W5", "INPUT drops the overlay's port",
            "iptables -w -I INPUT -p udp --dport 8285 -j DROP", "iptables -w -D INPUT -p udp --dport 8285 -j DROP")
        {
            Needs = ["iptables"],
            Backends = LabFault.OfUdp,
        },
        new LabFault(
            "W5", "a chain of nftables at the hook input drops the overlay's port",
            """
            nft -f - <<'END'
            table inet guard {
              chain arriving {
                type filter hook input priority filter; policy accept;
                udp dport 8000-9000 drop
              }
            }
            END
            """,
            "nft delete table inet guard")
        {
            Name = "W5-nft", Needs = ["nft"],
            Backends = LabFault.OfTunnels,
        },
        new LabFault(
            "W6", "ufw denies what comes in",
            """
            iptables -w -N ufw-before-input
            iptables -w -A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
            iptables -w -A INPUT -j ufw-before-input
            iptables -w -P INPUT DROP
            """,
            """
            iptables -w -P INPUT ACCEPT
            iptables -w -D INPUT -j ufw-before-input
            iptables -w -F ufw-before-input
            iptables -w -X ufw-before-input
            """)
        {
            Needs = ["iptables"],
            Backends = LabFault.OfTunnels,
        },
        new LabFault(
            "W7", "rules of both kinds of iptables are in force",
            "iptables-legacy -w -A FORWARD -j ACCEPT; iptables-nft -w -A FORWARD -j ACCEPT",
            "iptables-legacy -w -D FORWARD -j ACCEPT; iptables-nft -w -D FORWARD -j ACCEPT")
        {
            Needs = ["iptables-legacy", "iptables-nft"],
        },
        new LabFault(
            "W8", "a chain of nftables at the hook forward drops what it does not accept",
            """
            nft -f - <<'END'
            table inet guard {
              chain transit {
                type filter hook forward priority filter; policy drop;
                ct state established,related accept
              }
            }
            END
            """,
            "nft delete table inet guard")
        {
            Needs = ["nft"],
        },
        new LabFault(
            "W9", "Docker masquerades what its containers, which are flannel's pods, send to others",
            "iptables -w -t nat -I POSTROUTING -s $SUBNET ! -o cni0 -j MASQUERADE",
            "iptables -w -t nat -D POSTROUTING -s $SUBNET ! -o cni0 -j MASQUERADE")
        {
            Needs = ["iptables"],
        },
        new LabFault(
            "W10", "flannel's rules of nftables are left beside those of iptables",
            """
            nft -f - <<END
            table ip flannel-ipv4 {
              chain forward {
                type filter hook forward priority filter; policy accept;
                ip saddr $NETWORK accept
              }
            }
            END
            """,
            "nft delete table ip flannel-ipv4")
        {
            Needs = ["iptables", "nft"],
        },
        new LabFault(
            "W11", "a program holds the lock of iptables and hangs",
            "mkdir -p \"$ROOT/run\"; touch \"$ROOT/run/xtables.lock\"; "
                + "setsid flock \"$ROOT/run/xtables.lock\" sleep 600 </dev/null >/dev/null 2>&1 & "
                + "echo $! > \"$ROOT/lock.pid\"",
            "kill -- -$(cat \"$ROOT/lock.pid\"); rm \"$ROOT/run/xtables.lock\"")
        {
            Needs = ["flock"],
        },
        new LabFault(
            "W14", "a rule redirects what comes for the overlay's port, and what it has made stays",
            "sysctl -qw net.netfilter.nf_conntrack_udp_timeout=1; "
                + "iptables -w -t nat -A PREROUTING -p udp --dport 8285 -j REDIRECT --to-ports 9; "
                + "setsid ip netns exec $PEER_NS bash -c \"while :; do echo x > /dev/udp/$HOST/8285; sleep 0.1; done\" "
                + "</dev/null >/dev/null 2>&1 & echo $! > \"$ROOT/sender.pid\"",
            "kill -- -$(cat \"$ROOT/sender.pid\"); "
                + "iptables -w -t nat -D PREROUTING -p udp --dport 8285 -j REDIRECT --to-ports 9; "
                + "sysctl -qw net.netfilter.nf_conntrack_udp_timeout=30")
        {
            Needs = ["bash", "iptables"],
            Backends = LabFault.OfUdp,
        },
        new LabFault(
            "W16", "Calico's policies come before flannel's rules",
            "iptables -w -N cali-FORWARD; iptables -w -I FORWARD -j cali-FORWARD",
            "iptables -w -D FORWARD -j cali-FORWARD; iptables -w -X cali-FORWARD")
        {
            Needs = ["iptables"],
        },
    ];
}
