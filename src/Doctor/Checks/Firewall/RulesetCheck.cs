using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Firewall;
using Overlay.Health;

namespace Overlay.Doctor.Checks.Firewall;

/// <summary>
/// W4, W7, W10, W16: rules that are gone, of two kinds at once, left over, or another program's policy.
/// </summary>
internal sealed class RulesetCheck : ICheck
{
    private const string FlannelTable = $"{NftRules.Family} {NftRules.Table}";

    private static readonly Row s_docker = new(
        "W4", "docker-chains-missing", HealthSeverity.Warning,
        "containers have lost their rules: firewalld has been started or reloaded after Docker",
        "Docker's documentation, Packet filtering and firewalls");

    private static readonly Row s_both = new(
        "W7", "iptables-both-kinds", HealthSeverity.Warning,
        "rules of both kinds of iptables are in force: what one accepts the other may drop", "flannel issue 1317");

    private static readonly Row s_left = new(
        "W10", "firewall-rules-left", HealthSeverity.Warning,
        "flannel's rules are there twice, by iptables and by nftables", "flannel pkg/trafficmngr");

    private static readonly Row s_engine = new(
        "W16", "policy-engine-first", HealthSeverity.Info,
        "a policy engine decides about pods' packets before flannel's rules accept them", "flannel issue 978");

    private static readonly string[] s_engineChains =
        ["cali-FORWARD", "KUBE-ROUTER-FORWARD", "CILIUM_FORWARD", "WEAVE-NPC", "ANTREA-FORWARD"];

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_docker, s_both, s_left, s_engine];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host) =>
        [.. LookForDocker(host), .. LookForBoth(host.Firewall), .. LookForLeft(host), .. LookForEngine(host)];

    private static IEnumerable<Finding> LookForDocker(HostFacts host)
    {
        if (host.Network.Find("docker0") is { IsUp: true } && host.Firewall.HasNftTable("inet firewalld")
            && !host.Firewall.NftChains.Contains("docker", StringComparison.OrdinalIgnoreCase)
            && !host.Firewall.Iptables.Any(kind => HasChain(kind, IptablesRules.NatTable, "DOCKER")))
        {
            yield return new Finding(
                s_docker, "docker0", "docker0 is up, firewalld has its table, and there is no chain DOCKER",
                "systemctl restart docker")
            {
                IsCommand = true,
            };
        }
    }

    private static IEnumerable<Finding> LookForBoth(FirewallFacts firewall)
    {
        IptablesFacts? older = firewall.Iptables.FirstOrDefault(kind => kind.IsOlder && IsInForce(kind));
        IptablesFacts? newer = firewall.Iptables.FirstOrDefault(kind => !kind.IsOlder && IsInForce(kind));
        if (older is not null && newer is not null)
        {
            yield return new Finding(
                s_both, "",
                $"{Count(older)} rules of iptables-legacy, {Count(newer)} of iptables-nft",
                "have all rules by one kind: update-alternatives --set iptables /usr/sbin/iptables-nft, remove the "
                    + "others (iptables-legacy-save shows them), and restart what makes rules");
        }
    }

    private static IEnumerable<Finding> LookForLeft(HostFacts host)
    {
        string[] chains =
        [
            .. host.Firewall.Iptables.SelectMany(kind => (string[])
            [
                .. Flannels(kind, IptablesRules.FilterTable, IptablesRules.Forward, IptablesRules.ForwardChain),
                .. Flannels(kind, IptablesRules.NatTable, IptablesRules.Postrouting, IptablesRules.MasqueradeChain),
            ]),
        ];
        if (chains.Length > 0 && host.Firewall.HasNftTable(FlannelTable))
        {
            bool? isNft = host.Store?.Config?.EnableNFTables;
            string ofIptables = string.Join(" && ", chains);
            string ofNft = $"nft delete table {FlannelTable}";
            yield return new Finding(
                s_left, "", $"nftables has table {FlannelTable}, and iptables flannel's chains",
                isNft switch
                {
                    true => ofIptables,
                    false => ofNft,
                    null => $"without EnableNFTables in the network config: {ofNft}; with it: {ofIptables}",
                })
            {
                IsCommand = isNft is not null,
            };
        }
    }

    private static IEnumerable<Finding> LookForEngine(HostFacts host) =>
        from kind in host.Firewall.Iptables
        let rules = kind.Listing.RulesOf(IptablesRules.FilterTable, IptablesRules.Forward)
        from rule in rules.TakeWhile(
            rule => !rule.EndsWith($"-j {IptablesRules.ForwardChain}", StringComparison.Ordinal))
        from chain in s_engineChains
        where rule.EndsWith($"-j {chain}", StringComparison.Ordinal)
        select new Finding(
            s_engine, chain, $"{kind.Tool} jumps to {chain} first",
            "look at that program's policies where pods are cut off; flannel's rules can be left out with "
                + "--iptables-forward-rules=false");

    private static bool IsInForce(IptablesFacts kind) => Count(kind) > 0 || kind.Listing.Tables.Any(
        table => kind.Listing.ChainsOf(table).Values.Any(chain => chain.Policy == "DROP"));

    private static int Count(IptablesFacts kind) => kind.Listing.Tables.Sum(
        table => kind.Listing.ChainsOf(table).Values.Sum(chain => chain.Rules.Count));

    private static bool HasChain(IptablesFacts kind, string table, string chain) =>
        kind.Listing.ChainsOf(table).ContainsKey(chain);

    // The lines that remove one of flannel's chains and what leads to it.
    private static IEnumerable<string> Flannels(IptablesFacts kind, string table, string hook, string chain) =>
        HasChain(kind, table, chain)
            ?
            [
                .. kind.Listing.RulesOf(table, hook)
                    .Where(rule => rule.EndsWith($"-j {chain}", StringComparison.Ordinal))
                    .Select(rule => $"{kind.Tool} -t {table} -D {hook} {rule}"),
                $"{kind.Tool} -t {table} -F {chain}", $"{kind.Tool} -t {table} -X {chain}",
            ]
            : [];
}
