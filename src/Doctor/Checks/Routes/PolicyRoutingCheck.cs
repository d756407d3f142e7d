using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;
using Overlay.Linux.Netlink;

namespace Overlay.Doctor.Checks.Routes;

/// <summary>
/// R11: whether a rule (ip-rule(8)) has another table decide about the overlay's packets than the main one.
/// </summary>
internal sealed class PolicyRoutingCheck : ICheck
{
    // All peers' subnets are in one network: a rule that catches none of these is for something else.
    private const int MostPeers = 64;

    private static readonly Row s_row = new(
        "R11", "rule-around-tunnel", HealthSeverity.Warning,
        "a routing rule sends packets for a peer's pods by another table than the one with the overlay's routes",
        "ip-rule(8)");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_row];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host) =>
    [
        .. (from answer in host.Routes.Ask(
                host.Peers.Take(MostPeers), (kernel, peer) => kernel.FindMatch(peer.Subnet.First + 2))
            where answer.Answer is { Table: not (RoutingTables.Main or RoutingTables.Local) }
            let table = answer.Answer!.Table
            select new Finding(
                s_row, $"{answer.About.Subnet}", $"its packets go by table {table} ({answer.Answer.Destination})",
                $"ip rule show table {table}, and give the rule for {host.Overlay.Network} a later place than main"))
            .Take(1),
    ];
}
