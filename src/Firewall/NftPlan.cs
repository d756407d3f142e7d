using System;
using System.Collections.Generic;
using System.Linq;

namespace Overlay.Firewall;

/// <summary>What nft is to do so that the rules are as wanted: one transaction, or nothing where they are.</summary>
/// <param name="Payload">For <c>nft -f -</c>.</param>
/// <param name="Findings">What was not as wanted, in words, an entry for each chain.</param>
public sealed record NftPlan(string Payload, IReadOnlyList<string> Findings)
{
    private const string Table = $"{NftRules.Family} {NftRules.Table}";

    /// <summary>Compares what there is with what is wanted.</summary>
    /// <param name="found">The table's chains; null when there is no such table.</param>
    /// <param name="traffic">What is wanted.</param>
    /// <param name="printed">How nft prints the rules.</param>
    /// <returns>Null when nothing is to be done.</returns>
    public static NftPlan? Make(
        IReadOnlyDictionary<string, NftFoundChain>? found, OverlayTraffic traffic, PrintedRules printed)
    {
        List<string> lines = [];
        List<string> findings = [];
        IReadOnlyList<NftChain> chains = NftRules.Chains(traffic);
        if (chains.All(chain => chain.Rules.Count == 0))
        {
            return MakeAbsence(found, traffic, chains);
        }

        if (found is null)
        {
            lines.Add($"add table {Table} {{ comment \"{NftRules.TableComment}\"; }}");
        }

        foreach (NftChain chain in chains)
        {
            NftFoundChain? there = found?.GetValueOrDefault(chain.Name);
            var shared = new SharedChain(printed.Of(chain.Rules), traffic.IsNamedBy, chain.IsFlannels);
            bool isRightKind = there is not null && IsSameType(there.Type, chain.Type);
            if (isRightKind ? shared.IsKept(there!.Rules) : there is null && chain.Rules.Count == 0)
            {
                continue;
            }

            findings.Add(there is null ? $"chain {chain.Name}" : $"rules of {chain.Name}");
            IReadOnlyList<string> rules = shared.Merge(there?.Rules ?? []);
            if (there is not null)
            {
                lines.Add($"flush chain {Table} {chain.Name}");
            }

            if (there is not null && (!isRightKind || rules.Count == 0))
            {
                lines.Add($"delete chain {Table} {chain.Name}");
            }

            if (rules.Count > 0)
            {
                lines.Add($"add chain {Table} {chain.Name} {{ {chain.Type} comment \"{chain.Comment}\"; }}");
                lines.AddRange(rules.Select(rule => $"add rule {Table} {chain.Name} {rule}"));
            }
        }

        return findings.Count == 0 ? null : new NftPlan(string.Join('\n', lines) + "\n", findings);
    }

    /// <summary>Reads what <c>nft list table</c> has printed.</summary>
    public static IReadOnlyDictionary<string, NftFoundChain> Parse(string text)
    {
        Dictionary<string, NftFoundChain> chains = new(StringComparer.Ordinal);
        string? name = null;
        string type = string.Empty;
        List<string> rules = [];
        foreach (string line in text.Split(
            '\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("chain ", StringComparison.Ordinal) && line.EndsWith('{'))
            {
                (name, type, rules) = (line[6..^1].Trim(), string.Empty, []);
            }
            else if (name is not null && line == "}")
            {
                chains[name] = new NftFoundChain(type, rules);
                name = null;
            }
            else if (name is not null && line.StartsWith("type ", StringComparison.Ordinal))
            {
                type = line;
            }
            else if (name is not null && !line.StartsWith("comment ", StringComparison.Ordinal))
            {
                rules.Add(string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
            }
        }

        return chains;
    }

    // Other daemons' rules stay; where there are none the whole table goes.
    private static NftPlan? MakeAbsence(
        IReadOnlyDictionary<string, NftFoundChain>? found, OverlayTraffic traffic, IReadOnlyList<NftChain> chains)
    {
        if (found is null)
        {
            return null;
        }

        var shared = new SharedChain(
            [], traffic.IsNamedBy, rule => chains.Any(chain => chain.IsFlannels(rule)));
        if (!found.Any(chain => shared.HasOthers(chain.Value.Rules)))
        {
            return new NftPlan($"delete table {Table}\n", [$"table {NftRules.Table}"]);
        }

        List<string> lines = [];
        foreach ((string name, NftFoundChain chain) in found.Where(chain => chain.Value.Rules.Any(traffic.IsNamedBy)))
        {
            lines.Add($"flush chain {Table} {name}");
            lines.AddRange(shared.Merge(chain.Rules).Select(rule => $"add rule {Table} {name} {rule}"));
        }

        return lines.Count == 0
            ? null
            : new NftPlan(string.Join('\n', lines) + "\n", [$"rules of table {NftRules.Table}"]);
    }

    // Older versions print numbers, and no policy where it is accept.
    private static bool IsSameType(string found, string wanted)
    {
        return Normal(found) == Normal(wanted);

        static string Normal(string type) => type
            .Replace("priority 100;", "priority srcnat;", StringComparison.Ordinal)
            .Replace("priority 0;", "priority filter;", StringComparison.Ordinal)
            .Replace("policy accept;", string.Empty, StringComparison.Ordinal)
            .Trim();
    }
}
