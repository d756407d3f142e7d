using System.Collections.Generic;
using System.Globalization;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;

namespace Overlay.Doctor.Checks.Sizes;

/// <summary>M6, M9, M10, M11, M16: packets that this host's kernel, or its daemon, drops right now.</summary>
internal sealed class LossCheck : ICheck
{
    private const string BadChecksums = "Udp.InCsumErrors";
    private const string SendBuffer = "Udp.SndbufErrors";
    private const string TimeExceeded = "Ip.InHdrErrors";

    // A traceroute has three of them for a host. The kernel's answers to them are limited, what it counts is not.
    private const int Loop = 4;

    private static readonly Row s_checksum = new(
        "M6", "udp-checksum-errors", HealthSeverity.Error,
        "datagrams arrive with wrong checksums and are dropped: a sender's offload spoils them",
        "flannel issues 1279, 790 and 2152");

    private static readonly Row s_receive = new(
        "M9", "receive-buffer-full", HealthSeverity.Warning,
        "datagrams from peers are dropped: the overlay's socket is full", "udp(7), socket(7) SO_RCVBUF");

    private static readonly Row s_tunnel = new(
        "M10", "tunnel-queue-full", HealthSeverity.Warning,
        "pods' packets are dropped before the tunnel: its queue is full, or nobody reads it",
        "ip-link(8), txqueuelen");

    private static readonly Row s_send = new(
        "M11", "send-buffer-full", HealthSeverity.Warning,
        "datagrams are dropped before they leave: the interface's queue or a send buffer is full",
        "proc_net_snmp(5)");

    private static readonly Row s_loop = new(
        "M16", "routing-loop", HealthSeverity.Warning,
        "packets end their time to live here: they go in a circle between two hosts", "flannel issue 1289");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_checksum, s_receive, s_tunnel, s_send, s_loop];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        CounterFacts counters = host.Counters;
        if (counters.Growth(BadChecksums) is > 0 and var bad)
        {
            yield return new Finding(
                s_checksum, "", Why(counters, BadChecksums, bad, "datagrams with a wrong checksum"),
                "the kernel's log names the sender (dmesg | grep 'bad checksum'); there, for the interface towards "
                    + "this host: ethtool -K INTERFACE tx-checksum-ip-generic off");
        }

        if (counters.Growth(CounterFacts.SocketDrops) is > 0 and var unread)
        {
            yield return new Finding(
                s_receive, $"UDP port {host.Overlay.Port}",
                Why(counters, CounterFacts.SocketDrops, unread, "datagrams dropped"),
                "give sockets more room, and restart the daemon: sysctl -w net.core.rmem_max=8388608 "
                    + "net.core.rmem_default=8388608");
        }

        if (counters.Growth(CounterFacts.TunnelDrops) is > 0 and var full)
        {
            string tunnel = host.Overlay.Tunnel ?? "";
            yield return new Finding(
                s_tunnel, tunnel, Why(counters, CounterFacts.TunnelDrops, full, $"packets not taken by {tunnel}"),
                $"ip link set {tunnel} txqueuelen 1000")
            {
                IsCommand = true,
            };
        }

        if (counters.Growth(SendBuffer) is > 0 and var unsent)
        {
            yield return new Finding(
                s_send, "", Why(counters, SendBuffer, unsent, "datagrams not sent"),
                "look at the queue of the underlay's interface (tc -s qdisc), and at net.core.wmem_default");
        }

        long ended = counters.Growth(CounterFacts.TtlExpired) + counters.Growth(TimeExceeded);
        if (ended >= Loop)
        {
            yield return new Finding(
                s_loop, "",
                Why(counters, TimeExceeded, ended, "packets whose time to live has ended"),
                "look for a subnet that two hosts have (overlay lease list), and for routes into the Network beside "
                    + "the tunnel's (ip route)");
        }
    }

    private static string Why(CounterFacts counters, string name, long growth, string what) => string.Create(
        CultureInfo.InvariantCulture,
        $"{growth} {what} in {CounterFacts.Span.TotalSeconds} s, {counters.Total(name)} before");
}
