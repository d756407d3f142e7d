using System.Collections.Generic;
using static Overlay.Daemon.Metrics.MetricKind;

namespace Overlay.Daemon.Metrics;

/// <summary>Every metric there is. docs/metrics.md has the same; a test compares them.</summary>
internal static class MetricNames
{
    // The data path.

    internal static readonly Metric EncapPackets = new(
        "overlay_encap_packets_total", Counter, "Packets sent to peers.");

    internal static readonly Metric EncapBytes = new(
        "overlay_encap_bytes_total", Counter, "Bytes of the inner packets sent to peers.");

    internal static readonly Metric DecapPackets = new(
        "overlay_decap_packets_total", Counter, "Packets taken from peers and delivered.");

    internal static readonly Metric DecapBytes = new(
        "overlay_decap_bytes_total", Counter, "Bytes of the inner packets taken from peers and delivered.");

    internal static readonly Metric Dropped = new(
        "overlay_dropped_packets_total", Counter, "Packets dropped, by the reasons under Drop reasons.",
        "direction", "reason");

    internal static readonly Metric Events = new(
        "overlay_events_total", Counter, "What else is counted, by the names under Events.", "direction", "event");

    internal static readonly Metric IcmpSent = new(
        "overlay_icmp_sent_total", Counter,
        "ICMP errors due to the sources of dropped packets: sent, rate_limited or refused.", "result");

    internal static readonly Metric IcmpReceived = new(
        "overlay_icmp_errors_received_total", Counter, "ICMP errors about datagrams to peers, by what they say.",
        "code");

    internal static readonly Metric Syscalls = new(
        "overlay_syscalls_total", Counter, "System calls of the packet threads; only with --meter.", "direction", "op");

    internal static readonly Metric BatchPackets = new(
        "overlay_batch_packets", Histogram,
        "Packets that a packet thread has forwarded in one go; superpackets count as what they stand for.",
        "direction");

    internal static readonly Metric WorkerCpu = new(
        "overlay_worker_cpu_seconds_total", Counter, "Processor time of each packet thread.", "worker", "mode");

    internal static readonly Metric SocketDrops = new(
        "overlay_socket_drops_total", Counter, "Messages dropped because the sockets' receive buffers were full.");

    internal static readonly Metric SocketReceiveQueue = new(
        "overlay_socket_receive_queue_bytes", Gauge,
        "What waits in each lane's socket to be read, in the kernel's accounting.", "lane");

    internal static readonly Metric SocketReceiveBuffer = new(
        "overlay_socket_receive_buffer_bytes", Gauge, "The most that may wait there; what is more is dropped.", "lane");

    internal static readonly Metric SocketSendQueue = new(
        "overlay_socket_send_queue_bytes", Gauge,
        "What was sent and is not yet taken by the underlay's device, in the kernel's accounting.", "lane");

    internal static readonly Metric SocketSendBuffer = new(
        "overlay_socket_send_buffer_bytes", Gauge, "The most that may wait there.", "lane");

    internal static readonly Metric TunQueueDrops = new(
        "overlay_tun_queue_drops_total", Counter,
        "Packets dropped at the end of the tunnel's queue before they were read.");

    internal static readonly Metric TunReceiveDrops = new(
        "overlay_tun_receive_drops_total", Counter, "Packets written to the tunnel and dropped there.");

    internal static readonly Metric KernelPathPackets = new(
        "overlay_kernel_path_packets_total", Counter, "Packets that the kernel path has forwarded.", "direction");

    internal static readonly Metric KernelPathUp = new(
        "overlay_kernel_path_up", Gauge, "Whether the kernel path is in use.");

    internal static readonly Metric Mtu = new(
        "overlay_mtu_bytes", Gauge,
        "MTUs: of the underlay's interface, of the tunnel as pods are told it, and of the bridge that pods are on.",
        "device");

    // Peers.

    internal static readonly Metric Peers = new("overlay_peers", Gauge, "Hosts that packets can be sent to.");

    internal static readonly Metric PeerInfo = new(
        "overlay_peer_info", Gauge, "1 for each peer, with its public IP and the way of its packets.",
        "subnet", "public_ip", "way");

    internal static readonly Metric PeerUp = new(
        "overlay_peer_up", Gauge, "0 for a peer that something is known to be wrong with, otherwise 1.", "subnet");

    internal static readonly Metric PeerHeard = new(
        "overlay_peer_last_receive_timestamp_seconds", Gauge,
        "When something of the peer last came in; left out when never.", "subnet");

    internal static readonly Metric PeerEncapPackets = new(
        "overlay_peer_encap_packets_total", Counter, "Packets sent to the peer.", "subnet");

    internal static readonly Metric PeerEncapBytes = new(
        "overlay_peer_encap_bytes_total", Counter, "Bytes of the inner packets sent to the peer.", "subnet");

    internal static readonly Metric PeerDecapPackets = new(
        "overlay_peer_decap_packets_total", Counter, "Packets taken from the peer.", "subnet");

    internal static readonly Metric PeerDecapBytes = new(
        "overlay_peer_decap_bytes_total", Counter, "Bytes of the inner packets taken from the peer.", "subnet");

    internal static readonly Metric PeerPathMtu = new(
        "overlay_peer_path_mtu_bytes", Gauge,
        "The longest outer packet that gets to the peer whole; left out where it is the underlay's MTU.", "subnet");

    // Leases.

    internal static readonly Metric LeaseExpiry = new(
        "overlay_lease_expiry_timestamp_seconds", Gauge, "When the own lease ends; left out when never.");

    internal static readonly Metric LeaseRenewals = new(
        "overlay_lease_renewals_total", Counter, "Renewals of the own lease: ok or failed.", "result");

    internal static readonly Metric LeaseAcquisitions = new(
        "overlay_lease_acquisitions_total", Counter,
        "Leases taken, by where the subnet is from, and attempts that failed.", "how", "result");

    internal static readonly Metric LeaseConflicts = new(
        "overlay_lease_conflicts_total", Counter, "How often the own lease was found to be another host's.", "kind");

    internal static readonly Metric Leases = new(
        "overlay_leases", Gauge, "Leases that are known: this host's, its peers', and those left out.");

    internal static readonly Metric SubnetsCapacity = new(
        "overlay_subnets_capacity", Gauge, "Subnets that the network config has for hosts.");

    internal static readonly Metric StoreUp = new(
        "overlay_lease_store_up", Gauge, "Whether the lease store can be read.");

    // etcd, or the Kubernetes API, where leases are there.

    internal static readonly StoreMetrics Etcd = new(
        new(
            "overlay_etcd_requests_total", Counter, "Requests to etcd, by what came of them (gRPC's status codes).",
            "op", "code"),
        new(
            "overlay_etcd_request_duration_seconds", Histogram, "How long requests to etcd took, answered or not.",
            "op"),
        new(
            "overlay_etcd_last_success_timestamp_seconds", Gauge,
            "When etcd last answered a request as it should; left out before."),
        new(
            "overlay_etcd_watch_restarts_total", Counter,
            "How often a watch that stood was opened again: compacted, closed, no_leader, missed_events or error.",
            "cause"),
        new(
            "overlay_etcd_watch_revision", Gauge,
            "How far in etcd's history the watch is; left out before it stands."),
        new(
            "overlay_etcd_resync_differences_total", Counter,
            "Leases that a listing had and the watch had not told of: put or removed.", "kind"))
    {
        RestartCauses = ["closed", "compacted", "error", "missed_events", "no_leader"],
    };

    internal static readonly StoreMetrics Kubernetes = new(
        new(
            "overlay_kube_requests_total", Counter,
            "Requests to the Kubernetes API, by what came of them (HTTP's status codes, or what has kept it away).",
            "op", "code"),
        new(
            "overlay_kube_request_duration_seconds", Histogram,
            "How long requests to the Kubernetes API took, answered or not; of a watch, until it stood.", "op"),
        new(
            "overlay_kube_last_success_timestamp_seconds", Gauge,
            "When the Kubernetes API last answered a request as it should; left out before."),
        new(
            "overlay_kube_watch_restarts_total", Counter,
            "How often a watch that stood was opened again: closed, which is what the server does every few minutes, "
                + "expired or error.",
            "cause"),
        new(
            "overlay_kube_watch_revision", Gauge,
            "How far in the cluster's history the watch is, its resource version; left out before it stands."),
        new(
            "overlay_kube_resync_differences_total", Counter,
            "Leases that a listing had and the watch had not told of: put or removed.", "kind"))
    {
        RestartCauses = ["closed", "error", "expired"],
    };

    // The host, and the daemon itself.

    internal static readonly Metric Ready = new(
        "overlay_ready", Gauge, "Whether the host can take pods' packets, as /readyz says.");

    internal static readonly Metric HealthWarnings = new(
        "overlay_health_warnings", Gauge, "Warnings that are shown, by the codes of docs/health.md.",
        "code", "severity");

    internal static readonly Metric HostRepairs = new(
        "overlay_host_repairs_total", Counter, "What was put back on the host after others had taken it.", "object");

    internal static readonly Metric FirewallRule = new(
        "overlay_firewall_rule_present", Gauge,
        "Whether the rules that were asked for were all there at the last look, or could be put back.", "rule");

    internal static readonly Metric BuildInfo = new(
        "overlay_build_info", Gauge, "1, with what the daemon is.", "version", "runtime", "arch");

    internal static readonly Metric ConfigInfo = new(
        "overlay_config_info", Gauge, "1, with what it works with.", "network", "subnet", "backend", "interface");

    internal static readonly Metric ProcessCpu = new(
        "process_cpu_seconds_total", Counter, "Processor time of the process, user and system together.");

    internal static readonly Metric ProcessMemory = new(
        "process_resident_memory_bytes", Gauge, "Resident memory of the process.");

    internal static readonly Metric ProcessStart = new(
        "process_start_time_seconds", Gauge, "When the process was started.");

    internal static readonly Metric ProcessDescriptors = new(
        "process_open_fds", Gauge, "Descriptors that the process has open.");

    internal static readonly Metric GcPause = new(
        "dotnet_gc_pause_time_seconds_total", Counter, "How long the process has stood still to collect memory.");

    internal static readonly Metric GcAllocated = new(
        "dotnet_gc_heap_total_allocated_bytes_total", Counter, "Bytes allocated on the managed heap.");

    /// <summary>All of them, in the order in which they are written.</summary>
    internal static IReadOnlyList<Metric> All { get; } =
    [
        EncapPackets, EncapBytes, DecapPackets, DecapBytes, Dropped, Events, IcmpSent, IcmpReceived, Syscalls,
        BatchPackets, WorkerCpu, SocketDrops, SocketReceiveQueue, SocketReceiveBuffer, SocketSendQueue,
        SocketSendBuffer, TunQueueDrops, TunReceiveDrops, KernelPathPackets, KernelPathUp, Mtu, Peers, PeerInfo, PeerUp,
        PeerHeard, PeerEncapPackets, PeerEncapBytes, PeerDecapPackets, PeerDecapBytes, PeerPathMtu, LeaseExpiry,
        LeaseRenewals, LeaseAcquisitions, LeaseConflicts, Leases, SubnetsCapacity, StoreUp, .. Etcd.All,
        .. Kubernetes.All, Ready, HealthWarnings, HostRepairs, FirewallRule,
        BuildInfo, ConfigInfo, ProcessCpu, ProcessMemory, ProcessStart, ProcessDescriptors, GcPause, GcAllocated,
    ];
}
