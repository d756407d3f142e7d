using System.Collections.Generic;

namespace Overlay.Diagnosis.Report;

/// <summary>What goes into a report: what the daemon says, what the doctor finds, and what the kernel has.</summary>
internal static class ReportItems
{
    /// <summary>The commands, in the order in which they run. None changes anything.</summary>
    /// <param name="runDirectory">Of the daemon asked.</param>
    internal static IReadOnlyList<ReportItem> Commands(string runDirectory) =>
    [
        new("overlay/version.txt", ReportItem.Self, "--version"),
        new("overlay/status.json", ReportItem.Self, "status", "--json", "--run-dir", runDirectory),
        new("overlay/status.txt", ReportItem.Self, "status", "--run-dir", runDirectory),
        new("overlay/counters.txt", ReportItem.Self, "counters", "--run-dir", runDirectory),
        new("overlay/events.txt", ReportItem.Self, "events", "--run-dir", runDirectory),
        new("overlay/metrics.prom", ReportItem.Self, "metrics", "--run-dir", runDirectory),
        new("overlay/doctor.txt", ReportItem.Self, "doctor", "--run-dir", runDirectory),
        new("overlay/doctor.json", ReportItem.Self, "doctor", "--json", "--run-dir", runDirectory),
        new("network/links.txt", "ip", "-details", "-statistics", "link", "show"),
        new("network/addresses.txt", "ip", "address", "show"),
        new("network/rules.txt", "ip", "rule", "show"),
        new("network/routes.txt", "ip", "route", "show", "table", "all"),
        new("network/neighbours.txt", "ip", "neighbour", "show"),
        new("network/forwarding.txt", "bridge", "fdb", "show"),
        new("network/sockets.txt", "ss", "-uanp"),
        new("firewall/iptables.txt", "iptables-save"),
        new("firewall/iptables-legacy.txt", "iptables-legacy-save"),
        new("firewall/nftables.txt", "nft", "list", "ruleset"),
        new("host/kernel.txt", "uname", "-a"),
        new("host/unit.txt", "systemctl", "cat", "overlay.service"),
    ];

    /// <summary>Files that are copied as they are, but for secrets.</summary>
    /// <param name="subnetFile">Where subnet.env is.</param>
    internal static IReadOnlyList<string> Files(string subnetFile) =>
    [
        subnetFile, "/proc/net/snmp", "/proc/net/netstat", "/proc/net/softnet_stat", "/proc/sys/net/ipv4/ip_forward",
        "/proc/sys/net/ipv4/conf/all/rp_filter", "/proc/sys/net/core/rmem_max", "/proc/modules", "/etc/os-release",
    ];
}
