using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Firewall;
using Overlay.Health;

namespace Overlay.Doctor.Checks.Firewall;

/// <summary>
/// W1, W2, W3, W5, W6, W8, W9: rules that stop or change the overlay's packets. They are found as the daemon finds
/// them (<see cref="IptablesObstacles"/>, <see cref="NftObstacles"/>); here it is also told whose they are.
/// </summary>
internal sealed class ObstacleCheck : ICheck
{
    private const string Firewalld = "firewalld";
    private const string FirewalldTable = "inet firewalld";

    private static readonly Row s_policy = new(
        "W1", HealthCodes.FirewallForwardReject.Name, HealthSeverity.Warning,
        "packets between pods and tunnel are dropped: the policy of FORWARD is DROP", "flannel issues 799 and 609");

    private static readonly Row s_above = new(
        "W2", HealthCodes.FirewallForwardReject.Name, HealthSeverity.Warning,
        "a rule drops or rejects what is forwarded, and stands before whatever accepts the overlay's",
        "flannel issue 1172");

    private static readonly Row s_firewalld = new(
        "W3", HealthCodes.FirewallForwardReject.Name, HealthSeverity.Warning,
        "firewalld rejects what is forwarded between the tunnel and the pods", "flannel issue 2055");

    private static readonly Row s_input = new(
        "W5", HealthCodes.FirewallInputReject.Name, HealthSeverity.Warning,
        "peers' packets do not reach this host: its firewall drops or rejects the overlay's UDP port",
        "docs/health.md");

    private static readonly Row s_ufw = new(
        "W6", "ufw-denies", HealthSeverity.Warning,
        "ufw denies the overlay's packets", "ufw(8)");

    private static readonly Row s_chain = new(
        "W8", HealthCodes.FirewallForwardReject.Name, HealthSeverity.Warning,
        "a chain of nftables drops what is forwarded: an accept of another chain does not count there",
        "nft(8), Verdict statements");

    private static readonly Row s_masquerade = new(
        "W9", HealthCodes.FirewallForeignMasquerade.Name, HealthSeverity.Warning,
        "packets from pod to pod arrive with another source address than the pod's",
        "flannel issues 1337 and 415");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } =
        [s_policy, s_above, s_firewalld, s_input, s_ufw, s_chain, s_masquerade];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host) => FirewallTraffic.Of(host) is { } traffic
        ?
        [
            .. host.Firewall.Iptables.SelectMany(kind => OfIptables(kind, traffic)),
            .. NftObstacles.Find(host.Firewall.NftChains, traffic, host.Firewall.NftTable).Select(OfNft),
        ]
        : [];

    // Flannel's own rules are looked at like any others: they may be missing, or stand behind what stops the packets.
    private static IEnumerable<Finding> OfIptables(IptablesFacts kind, OverlayTraffic traffic)
    {
        IReadOnlyDictionary<string, IptablesChain> filter = kind.Listing.ChainsOf(IptablesRules.FilterTable);
        bool isUfw = filter.Keys.Any(name => name.StartsWith("ufw-", StringComparison.Ordinal));
        foreach (FirewallObstacle obstacle in IptablesObstacles.Find(
            kind.Listing, traffic, isInUse: false, kind.Tool))
        {
            if (obstacle.Code == HealthCodes.FirewallForeignMasquerade)
            {
                if (!IsPassed(kind.Listing, traffic))
                {
                    yield return Found(s_masquerade, obstacle, obstacle.Cause);
                }
            }
            else if (isUfw)
            {
                yield return OfUfw(obstacle, traffic);
            }
            else if (obstacle.Code == HealthCodes.FirewallInputReject)
            {
                yield return Found(s_input, obstacle, obstacle.Cause);
            }
            else if (ForwardPlacement.FindObstacle(filter, traffic.Tunnels, IsJump) is { } index)
            {
                string rule = filter[IptablesRules.Forward].Rules.Where(each => !IsJump(each)).ElementAt(index);
                yield return Found(s_above, obstacle, $"{kind.Tool} has -A {IptablesRules.Forward} {rule}");
            }
            else
            {
                yield return Found(
                    s_policy, obstacle,
                    $"{kind.Tool} has -P {IptablesRules.Forward} DROP, and no rule there accepts {traffic.Network}");
            }
        }
    }

    private static Finding OfUfw(FirewallObstacle obstacle, OverlayTraffic traffic)
    {
        string[] commands = obstacle.Code == HealthCodes.FirewallInputReject
            ? [.. traffic.Datagrams.Select(datagram => $"ufw allow {datagram.UdpPort}/udp")]
            :
            [
                .. traffic.Tunnels.SelectMany(
                    tunnel => (string[])[$"ufw route allow in on {tunnel}", $"ufw route allow out on {tunnel}"]),
            ];
        return new Finding(
            s_ufw, obstacle.Subject, obstacle.Cause.Replace("iptables drops", "ufw drops", StringComparison.Ordinal),
            string.Join(" && ", commands))
        {
            IsCommand = true,
        };
    }

    private static Finding OfNft(FirewallObstacle obstacle) => Found(
        obstacle.Code == HealthCodes.FirewallInputReject ? s_input
            : obstacle.Code == HealthCodes.FirewallForeignMasquerade ? s_masquerade
            : obstacle.Subject == Firewalld || obstacle.Subject.StartsWith(FirewalldTable, StringComparison.Ordinal)
                ? s_firewalld
            : s_chain,
        obstacle, obstacle.Cause);

    // "let it in: nft insert rule …": what is behind the colon is typed.
    private static Finding Found(Row row, FirewallObstacle obstacle, string why)
    {
        string[] parts = obstacle.Remedy.Split(": ", 2);
        bool isCommand = parts.Length == 2 && !parts[1].Contains(", or ", StringComparison.Ordinal)
            && !parts[0].StartsWith("have ", StringComparison.Ordinal);
        return new Finding(row, obstacle.Subject, why, isCommand ? parts[1] : obstacle.Remedy)
        {
            IsCommand = isCommand,
        };
    }

    // Whether flannel's rules let packets from pod to pod end their way before another's rule masquerades them, as ours
    // do; a RETURN of stock's leads back to it.
    private static bool IsPassed(IptablesListing listing, OverlayTraffic traffic)
    {
        IReadOnlyDictionary<string, IptablesChain> nat = listing.ChainsOf(IptablesRules.NatTable);
        IReadOnlyList<string> rules = listing.RulesOf(IptablesRules.NatTable, IptablesRules.Postrouting);
        int jump = rules.ToList().FindIndex(IsMasqueradeJump);
        return jump >= 0
            && MasqueradePlacement.FindObstacle(nat, traffic, IsMasqueradeJump) >= jump
            && listing.RulesOf(IptablesRules.NatTable, IptablesRules.MasqueradeChain).Any(
                rule => rule.Contains($"-d {traffic.Network} ", StringComparison.Ordinal)
                    && rule.EndsWith("-j ACCEPT", StringComparison.Ordinal));
    }

    private static bool IsJump(string rule) =>
        rule.EndsWith($"-j {IptablesRules.ForwardChain}", StringComparison.Ordinal);

    private static bool IsMasqueradeJump(string rule) =>
        rule.EndsWith($"-j {IptablesRules.MasqueradeChain}", StringComparison.Ordinal);
}
