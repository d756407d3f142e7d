using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace Overlay.Firewall;

/// <summary>
/// What iptables-restore is to do so that the rules are as wanted: nothing where they are, otherwise one transaction
/// for each table, in which packets meet the old rules or the new ones and never none.
/// </summary>
/// <param name="Payload">For <c>iptables-restore --noflush</c>.</param>
/// <param name="Findings">What was not as wanted, in words, an entry for each chain.</param>
public sealed record IptablesPlan(string Payload, IReadOnlyList<string> Findings)
{
    /// <summary>Compares what there is with what is wanted.</summary>
    /// <param name="listing">All chains of the tables nat and filter that there are.</param>
    /// <param name="traffic">What is wanted.</param>
    /// <param name="printed">How iptables-save prints the rules.</param>
    /// <returns>Null when nothing is to be done.</returns>
    public static IptablesPlan? Make(IptablesListing listing, OverlayTraffic traffic, PrintedRules printed)
    {
        List<string> findings = [];
        var payload = new StringBuilder();
        IReadOnlyDictionary<string, IptablesChain> filter = listing.ChainsOf(IptablesRules.FilterTable);
        var forward = new JumpedChain(
            IptablesRules.ForwardChain, IptablesRules.Forward, IptablesRules.ForwardJump,
            new SharedChain(
                printed.Of(IptablesRules.Accept(traffic)), traffic.IsNamedBy, IptablesRules.IsAcceptForm),
            ForwardPlacement.FindObstacle(
                filter, traffic.Tunnels, rule => IsForwardJump(rule) || IsOlder(rule, traffic)))
        {
            IsOlder = rule => IsOlder(rule, traffic),
        };
        Append(payload, IptablesRules.FilterTable, forward.Plan(filter, findings));

        IReadOnlyDictionary<string, IptablesChain> nat = listing.ChainsOf(IptablesRules.NatTable);
        int? others = MasqueradePlacement.FindObstacle(
            nat, traffic, rule => IsMasqueradeJump(rule) || IsOlder(rule, traffic));
        var masquerade = new JumpedChain(
            IptablesRules.MasqueradeChain, IptablesRules.Postrouting, IptablesRules.MasqueradeJump,
            new SharedChain(
                printed.Of(IptablesRules.Masquerade(traffic, isFinal: others is not null)), traffic.IsNamedBy,
                IptablesRules.IsMasqueradeForm),
            others)
        {
            IsOlder = rule => IsOlder(rule, traffic),
        };
        Append(payload, IptablesRules.NatTable, masquerade.Plan(nat, findings));
        return payload.Length == 0 ? null : new IptablesPlan(payload.ToString(), findings);
    }

    /// <summary>
    /// Everything of flannel's, whatever its network, is to go: chains, jumps, rules by their comment.
    /// </summary>
    /// <param name="listing">Of iptables or of ip6tables.</param>
    /// <returns>Null when there is nothing.</returns>
    public static IptablesPlan? MakeRemoval(IptablesListing listing)
    {
        List<string> findings = [];
        var payload = new StringBuilder();
        foreach (string table in listing.Tables)
        {
            List<string> lines = [];
            List<string> emptied = [];
            foreach ((string chain, IptablesChain found) in listing.ChainsOf(table))
            {
                bool isFlannels = chain is IptablesRules.ForwardChain or IptablesRules.MasqueradeChain;
                string[] unwanted = [.. found.Rules.Where(rule => isFlannels || IsFlannels(rule))];
                lines.AddRange(unwanted.Select(rule => $"-D {chain} {rule}"));
                findings.AddRange(unwanted.Select(rule => $"table {table}: -A {chain} {rule}"));
                if (isFlannels)
                {
                    emptied.Add($"-X {chain}"); // behind every jump
                    findings.Add($"table {table}: -N {chain}");
                }
            }

            Append(payload, table, [.. lines, .. emptied]);
        }

        return payload.Length == 0 ? null : new IptablesPlan(payload.ToString(), findings);
    }

    private static bool IsFlannels(string rule) =>
        rule.Contains(IptablesRules.MasqueradeComment, StringComparison.Ordinal)
        || rule.Contains(IptablesRules.ForwardComment, StringComparison.Ordinal)
        || IsForwardJump(rule)
        || IsMasqueradeJump(rule);

    // Flannel up to 0.19 had its rules in the base chains themselves.
    private static bool IsOlder(string rule, OverlayTraffic traffic) =>
        (rule.Contains(IptablesRules.MasqueradeComment, StringComparison.Ordinal)
            || rule.Contains(IptablesRules.ForwardComment, StringComparison.Ordinal))
        && !IsForwardJump(rule) && !IsMasqueradeJump(rule) && traffic.IsNamedBy(rule);

    private static bool IsForwardJump(string rule) => LeadsTo(rule, IptablesRules.ForwardChain);

    private static bool IsMasqueradeJump(string rule) => LeadsTo(rule, IptablesRules.MasqueradeChain);

    private static bool LeadsTo(string rule, string chain) => rule.EndsWith($"-j {chain}", StringComparison.Ordinal);

    private static void Append(StringBuilder payload, string table, IReadOnlyList<string> lines)
    {
        if (lines.Count > 0)
        {
            payload.Append('*').Append(table).Append('\n').AppendJoin('\n', lines).Append("\nCOMMIT\n");
        }
    }

    /// <summary>A chain of flannel's and the jump to it.</summary>
    /// <param name="Name">The chain.</param>
    /// <param name="Base">The chain that the jump is in.</param>
    /// <param name="Jump">The jump.</param>
    /// <param name="Content">The chain's rules.</param>
    /// <param name="Obstacle">
    /// Which of the other rules of the base chain the jump has to stand before, counted from 0 among those that are not
    /// jumps to the chain; null when it may stand last.
    /// </param>
    private sealed record JumpedChain(
        string Name, string Base, string Jump, SharedChain Content, int? Obstacle)
    {
        /// <summary>Whether a rule of the base chain is one that an older flannel has left.</summary>
        public Func<string, bool> IsOlder { get; init; } = _ => false;

        private bool IsJump(string rule) => LeadsTo(rule, Name);

        public IReadOnlyList<string> Plan(
            IReadOnlyDictionary<string, IptablesChain> chains, List<string> findings)
        {
            bool exists = chains.TryGetValue(Name, out IptablesChain? chain);
            IReadOnlyList<string> found = chain?.Rules ?? [];
            IReadOnlyList<string> all = chains.TryGetValue(Base, out IptablesChain? start) ? start.Rules : [];
            string[] older = [.. all.Where(IsOlder)];
            string[] before = [.. all.Where(rule => !IsOlder(rule))];
            string[] jumps = [.. before.Where(IsJump)];
            if (Content.Wanted.Count == 0)
            {
                return PlanAbsence(exists, found, jumps, findings);
            }

            List<string> lines = [.. older.Select(rule => $"-D {Base} {rule}")];
            if (older.Length > 0)
            {
                findings.Add($"rules of an older flannel in {Base}");
            }

            if (!exists || !Content.IsKept(found))
            {
                findings.Add(exists && found.Any(Content.IsOwn) ? $"rules of {Name}" : $"chain {Name}");
                lines.Add($":{Name} - [0:0]"); // makes the chain, or empties it
                lines.AddRange(Content.Merge(found).Select(rule => $"-A {Name} {rule}"));
            }

            bool isPlaced = jumps is [var only] && only == Jump
                && (Obstacle is null || Array.FindIndex(before, IsJump) <= Obstacle);
            if (!isPlaced)
            {
                findings.Add($"{(jumps.Length == 0 ? "jump" : "place of the jump")} of {Base} to {Name}");
                lines.AddRange(jumps.Select(jump => $"-D {Base} {jump}"));
                lines.Add(Obstacle is { } index ? $"-I {Base} {index + 1} {Jump}" : $"-A {Base} {Jump}");
            }

            return lines;
        }

        private List<string> PlanAbsence(
            bool exists, IReadOnlyList<string> found, IReadOnlyList<string> jumps, List<string> findings)
        {
            bool isShared = Content.HasOthers(found);
            if (!exists || (isShared && !found.Any(Content.IsOwn)))
            {
                return [];
            }

            findings.Add($"rules of {Name}");
            return isShared
                ? [.. found.Where(Content.IsOwn).Select(rule => $"-D {Name} {rule}")]
                :
                [
                    .. jumps.Select(jump => $"-D {Base} {jump}"),
                    .. found.Select(rule => $"-D {Name} {rule}"),
                    $"-X {Name}",
                ];
        }
    }
}
