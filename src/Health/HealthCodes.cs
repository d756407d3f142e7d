using System;
using System.Collections.Generic;

namespace Overlay.Health;

/// <summary>Every kind of trouble there is. docs/health.md has the same; a test compares them.</summary>
#pragma warning disable CS1591 // what each breaks says what it is
public static class HealthCodes
{
    // The host: devices, addresses, routes, rules, files.

    public static readonly HealthCode LinkGone = new(
        "link-gone", HealthSeverity.Error, "nothing is forwarded: the tunnel's interface is not there",
        "restart overlay to have it made anew")
    {
        EndsReadiness = true,
    };

    public static readonly HealthCode TunDown = new(
        "tun-down", HealthSeverity.Error, "nothing is forwarded: the tunnel's interface is down",
        "bring it up: ip link set INTERFACE up")
    {
        EndsReadiness = true,
        DependsOn = ["link-gone"],
    };

    public static readonly HealthCode LinkRenamed = new(
        "link-renamed", HealthSeverity.Warning,
        "firewall rules and programs look for the interface by its name in vain",
        "name it back: ip link set NAME name INTERFACE");

    public static readonly HealthCode UnderlayGone = new(
        "underlay-gone", HealthSeverity.Error, "no peer is reached: the underlay's interface is not there",
        "bring the interface back; its routes are then made anew")
    {
        EndsReadiness = true,
    };

    public static readonly HealthCode UnderlayDown = new(
        "underlay-down", HealthSeverity.Error, "no peer is reached: the underlay's interface is down",
        "bring it up: ip link set INTERFACE up")
    {
        EndsReadiness = true,
        DependsOn = ["underlay-gone"],
    };

    public static readonly HealthCode UnderlayAddressGone = new(
        "underlay-address-gone", HealthSeverity.Error, "peers send to an address that this host no longer has",
        "give the interface its address back, or restart overlay with --iface or --public-ip")
    {
        EndsReadiness = true,
        DependsOn = ["underlay-gone", "underlay-down"],
    };

    public static readonly HealthCode RouteMissing = new(
        "route-missing", HealthSeverity.Error, "pods' packets for the peers do not reach the tunnel",
        "remove what is in the way of the route; it is tried again every 10 s")
    {
        EndsReadiness = true,
        DependsOn = ["link-gone", "tun-down", "underlay-gone", "underlay-down"],
    };

    public static readonly HealthCode RepairFailed = new(
        "repair-failed", HealthSeverity.Error, "the interface's address, MTU or entries are not as they have to be",
        "remove what is in the way; it is tried again every 10 s")
    {
        EndsReadiness = true,
        DependsOn = ["link-gone", "tun-down", "underlay-gone", "underlay-down", "route-missing"],
    };

    public static readonly HealthCode FirewallRulesMissing = new(
        "firewall-rules-missing", HealthSeverity.Error, "pods' packets may be dropped, or leave without masquerade",
        "see the cause; the rules are tried again at every --iptables-resync")
    {
        EndsReadiness = true,
    };

    public static readonly HealthCode FirewallForwardReject = new(
        "firewall-forward-reject", HealthSeverity.Warning, // what other rules accept can be told in part alone
        "another rule drops or rejects what is forwarded to and from pods",
        "remove the rule, or trust the interfaces: firewall-cmd --permanent --zone=trusted --add-interface=NAME")
    {
        DependsOn = ["firewall-rules-missing"],
    };

    public static readonly HealthCode FirewallInputReject = new(
        "firewall-input-reject", HealthSeverity.Warning,
        "peers' packets do not reach this host: a firewall of its own drops or rejects the overlay's UDP port",
        "let the port in: firewall-cmd --permanent --add-port=8285/udp && firewall-cmd --reload, or ufw allow "
            + "8285/udp");

    public static readonly HealthCode FirewallForeignMasquerade = new(
        "firewall-foreign-masquerade", HealthSeverity.Warning,
        "packets from pod to pod arrive with another source address than the pod's",
        "have the other program leave it to flannel: dockerd --ip-masq=false, and run with --ip-masq")
    {
        DependsOn = ["firewall-rules-missing"],
    };

    public static readonly HealthCode FirewallToolMissing = new(
        "firewall-tool-missing", HealthSeverity.Error, "no rule can be made: iptables or nft is not there",
        "install it, or run without --ip-masq and with --iptables-forward-rules=false")
    {
        EndsReadiness = true,
    };

    public static readonly HealthCode IpForwardingOff = new(
        "ip-forwarding-off", HealthSeverity.Error,
        "pods' packets do not reach their peers, nor those of the peers the pods",
        "turn it on: sysctl -w net.ipv4.ip_forward=1");

    public static readonly HealthCode RouteAroundTunnel = new(
        "route-around-tunnel", HealthSeverity.Warning,
        "packets for a peer's pods go where another program's route leads, as the backend used before leaves them",
        "remove the route; or stop overlay, and remove all that flannel has left: overlay cleanup");

    public static readonly HealthCode TunnelManaged = new(
        "tunnel-managed", HealthSeverity.Warning,
        "another program configures the tunnel's interface, and may take its address or routes as well",
        "keep it off: Unmanaged=yes for Name=flannel* (networkd), unmanaged-devices=interface-name:flannel* "
            + "(NetworkManager), denyinterfaces flannel* (dhcpcd)");

    public static readonly HealthCode MemoryLimitNear = new(
        "memory-limit-near", HealthSeverity.Warning, "the kernel kills the daemon when the limit is reached",
        "raise it: MemoryMax= of the unit, or limits.memory of the pod");

    public static readonly HealthCode ProcessorThrottled = new(
        "processor-throttled", HealthSeverity.Warning, "packets wait, and are dropped, while the daemon is held back",
        "raise it: CPUQuota= of the unit, or limits.cpu of the pod");

    public static readonly HealthCode ConntrackFull = new(
        "conntrack-full", HealthSeverity.Warning, "new connections of pods fail, old ones go on",
        "raise net.netfilter.nf_conntrack_max, or do not track the tunnel's datagrams (NOTRACK)");

    public static readonly HealthCode StrictReversePath = new(
        "strict-reverse-path", HealthSeverity.Warning,
        "packets are dropped while the two hosts of a pair change between VXLAN and udp",
        "sysctl -w net.ipv4.conf.all.rp_filter=2");

    public static readonly HealthCode SubnetFileNotWritten = new(
        "subnet-file-not-written", HealthSeverity.Error,
        "new pods get addresses of a subnet that this host no longer has, or none",
        "make room, or make the file's directory writable; it is tried again each second")
    {
        EndsReadiness = true,
    };

    public static readonly HealthCode SnapshotNotWritten = new(
        "snapshot-not-written", HealthSeverity.Warning,
        "a restart while the lease store is away may have to wait for it",
        "make room in --run-dir, or make it writable");

    public static readonly HealthCode KernelEventsLost = new(
        "kernel-events-lost", HealthSeverity.Warning,
        "what others take from the host is put back within 10 s, not at once",
        "restart overlay");

    public static readonly HealthCode WorkerHung = new(
        "worker-hung", HealthSeverity.Error, "packets or repairs wait for a thread that gets no further",
        "restart overlay, and report it")
    {
        EndsReadiness = true,
        TimeToVisible = TimeSpan.Zero,
    };

    public static readonly HealthCode NotStartedAgain = new(
        "not-started-again", HealthSeverity.Error, "nothing is forwarded: a start within the process does not work",
        "see the cause; it is tried again twice a second")
    {
        EndsReadiness = true,
    };

    public static readonly HealthCode NoKernelPath = new(
        "no-kernel-path", HealthSeverity.Info, "all packets go through user space", "see the cause");

    public static readonly HealthCode KernelPathDisturbed = new(
        "kernel-path-disturbed", HealthSeverity.Warning,
        "packets go through user space until the kernel path is made anew",
        "find out who takes its interfaces or detaches its programs (the cause names them)")
    {
        TimeToVisible = TimeSpan.FromSeconds(10),
    };

    public static readonly HealthCode NoIcmpErrors = new(
        "no-icmp-errors", HealthSeverity.Warning,
        "pods are not told of packets that are too long or that nobody can take", "give the daemon CAP_NET_RAW");

    // The own lease and the store.

    public static readonly HealthCode LeaseStoreAway = new(
        "lease-store-away", HealthSeverity.Warning, "changes of peers are not seen; known routes stay",
        "bring the store back; it is tried again by itself")
    {
        TimeToVisible = TimeSpan.FromSeconds(5),
    };

    public static readonly HealthCode LeaseRenewalFailed = new(
        "lease-renewal-failed", HealthSeverity.Warning, "the lease ends at its time unless a renewal succeeds",
        "see the cause; it is tried again every minute")
    {
        DependsOn = ["lease-store-away", "lease-lost"],
    };

    public static readonly HealthCode LeaseInQuestion = new(
        "lease-in-question", HealthSeverity.Warning, "another host may be using this host's subnet",
        "see the cause; the lease is renewed, or another one taken")
    {
        TimeToVisible = TimeSpan.FromSeconds(10),
        DependsOn = ["lease-store-away", "lease-lost"],
    };

    public static readonly HealthCode LeaseLost = new(
        "lease-lost", HealthSeverity.Error, "peers send this host's packets elsewhere: it holds no subnet",
        "see the cause; another lease is asked for by itself")
    {
        EndsReadiness = true,
    };

    public static readonly HealthCode ConfigChanged = new(
        "config-changed", HealthSeverity.Warning, "this host works with an older network config than the store has",
        "have the daemon read it: systemctl reload overlay, or kill -HUP");

    // Peers.

    public static readonly HealthCode PeerThroughTunnel = new(
        "peer-through-tunnel", HealthSeverity.Error,
        "the peer is left out: datagrams to it would loop through the tunnel",
        "give its address a more specific route than the Network, or choose another Network");

    public static readonly HealthCode PeerOtherBackend = new(
        "peer-other-backend", HealthSeverity.Warning, "the peer is left out: its lease is for another backend",
        "set every host's network config to one backend and restart those that have another");

    public static readonly HealthCode PeerNotOnLink = new(
        "peer-not-on-link", HealthSeverity.Error,
        "the peer's subnet is not reached: host-gw needs every host on one link",
        "give both hosts an address on one link, or set Backend to udp or vxlan in the network config");

    public static readonly HealthCode PeerNotMade = new(
        "peer-not-made", HealthSeverity.Error, "the peer's subnet is not reached: the kernel refuses its entries",
        "see the cause; it is tried again every 10 s");

    public static readonly HealthCode PeerDaemonDown = new(
        "peer-daemon-down", HealthSeverity.Warning, "packets to the peer are lost: nobody listens on its port",
        "start overlay or flanneld on the peer, with the same port")
    {
        TimeToVisible = TimeSpan.FromSeconds(5),
        DependsOn = ["underlay-gone", "underlay-down"],
    };

    public static readonly HealthCode PeerFirewallProhibits = new(
        "peer-firewall-prohibits", HealthSeverity.Warning, "packets to the peer are rejected by a firewall",
        "let the overlay's UDP port in there")
    {
        TimeToVisible = TimeSpan.FromSeconds(5),
        DependsOn = ["underlay-gone", "underlay-down"],
    };

    public static readonly HealthCode PeerUnreachable = new(
        "peer-unreachable", HealthSeverity.Warning, "packets to the peer are lost: the underlay does not reach it",
        "find out whether the peer is up, and the route to it: ip route get ADDRESS")
    {
        TimeToVisible = TimeSpan.FromSeconds(5),
        DependsOn = ["underlay-gone", "underlay-down"],
    };

    public static readonly HealthCode PeerPathMtu = new(
        "peer-path-mtu", HealthSeverity.Info, "full packets to the peer are sent in fragments, or told to be shorter",
        "give all hosts one MTU, or run with a smaller --mtu");

    public static readonly HealthCode PeerByFallback = new(
        "peer-by-fallback", HealthSeverity.Warning, "packets to the peer go by udp: VXLAN does not reach it",
        "let UDP port 8472 through, or look whether the peer has a vxlan device");

    public static readonly HealthCode NoVxlan = new(
        "no-vxlan", HealthSeverity.Warning, "nothing goes by VXLAN: peers with --fallback udp are reached by udp",
        "see the cause; it is tried again");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<HealthCode> All { get; } =
    [
        LinkGone, TunDown, LinkRenamed, UnderlayGone, UnderlayDown, UnderlayAddressGone, RouteMissing, RepairFailed,
        FirewallRulesMissing, FirewallForwardReject, FirewallInputReject, FirewallForeignMasquerade,
        FirewallToolMissing, IpForwardingOff, RouteAroundTunnel, TunnelManaged, MemoryLimitNear,
        ProcessorThrottled, ConntrackFull, StrictReversePath,
        SubnetFileNotWritten, SnapshotNotWritten, KernelEventsLost, WorkerHung, NotStartedAgain, NoKernelPath,
        KernelPathDisturbed, NoIcmpErrors, LeaseStoreAway, LeaseRenewalFailed, LeaseInQuestion, LeaseLost,
        ConfigChanged, PeerThroughTunnel, PeerOtherBackend, PeerNotOnLink, PeerNotMade, PeerDaemonDown,
        PeerFirewallProhibits, PeerUnreachable, PeerPathMtu, PeerByFallback, NoVxlan,
    ];
}
