using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;

namespace Overlay.Doctor.Checks.Routes;

/// <summary>
/// R10: whether the kernel speaks IPv6 on the tunnel's interface. What it sends there by itself (RFC 4861, router
/// solicitations) is no packet for a peer, and is counted among the drops.
/// </summary>
internal sealed class Ipv6OnTunnelCheck : ICheck
{
    private static readonly Row s_row = new(
        "R10", "tunnel-ipv6", HealthSeverity.Info,
        "the kernel sends IPv6 of its own into the tunnel, which counts as drops", "docs/counters.md");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_row];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host) =>
        from tunnel in host.Overlay.Tunnel is { } name && host.Network.Find(name) is { Kind: "tun" } link
            ? [link.Name] : (string[])[]
        let lines = (host.Files.Read("proc/net/if_inet6") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries)
        where lines.Any(line => line.Split(' ')[^1] == tunnel)
        select new Finding(
            s_row, tunnel, $"{tunnel} has an IPv6 address", $"sysctl -w net.ipv6.conf.{tunnel}.disable_ipv6=1")
        {
            IsCommand = true,
        };
}
