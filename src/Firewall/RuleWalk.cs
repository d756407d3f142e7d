using System;
using System.Collections.Generic;
using System.Linq;

namespace Overlay.Firewall;

/// <summary>The way of packets through the chains of a table, as far as its rules can be read.</summary>
/// <param name="rulesOf">The rules of a chain; null when there is no such chain.</param>
/// <param name="read">What a rule means for the packets.</param>
/// <param name="isStrict">
/// Whether a rule that may let some of them through counts as one that does, so that what is found is certain.
/// Otherwise such a rule is about a part of the packets alone, and is passed over.
/// </param>
public sealed class RuleWalk(
    Func<string, IReadOnlyList<string>?> rulesOf, Func<string, RuleReading> read, bool isStrict)
{
    /// <summary>What a chain does with them.</summary>
    /// <param name="chain">The chain.</param>
    /// <returns><c>Accept</c>, <c>Drop</c> or <c>SourceNat</c>; null when it leaves them to the policy.</returns>
    public RuleAction? VerdictOf(string chain) => Walk(chain, []);

    /// <summary>Finds the first of some rules that gives packets another source address.</summary>
    /// <param name="rules">Of one chain.</param>
    /// <returns>Counted from 0; null when there is none.</returns>
    public int? FindSourceNat(IReadOnlyList<string> rules)
    {
        for (int index = 0; index < rules.Count; index++)
        {
            (bool isDecided, RuleAction? verdict) = Step(read(rules[index]), []);
            if (isDecided)
            {
                return verdict == RuleAction.SourceNat ? index : null;
            }
        }

        return null;
    }

    private RuleAction? Walk(string name, IReadOnlyList<string> callers)
    {
        if (callers.Contains(name) || rulesOf(name) is not { } rules)
        {
            return null;
        }

        bool mayHaveReturned = false;
        foreach (RuleReading rule in rules.Select(read))
        {
            (bool isDecided, RuleAction? verdict) = Step(rule, [.. callers, name]);
            if (isDecided)
            {
                // Those that went back earlier are the caller's, and the others' end is no worse.
                return mayHaveReturned && verdict != RuleAction.Accept ? null : verdict;
            }

            mayHaveReturned |= isStrict && rule.Match != RuleMatch.No
                && rule.Action is RuleAction.Return or RuleAction.Goto;
        }

        return null;
    }

    // Null when it is decided: they go back.
    private (bool IsDecided, RuleAction? Verdict) Step(RuleReading rule, IReadOnlyList<string> callers)
    {
        bool isWhole = rule.Match == RuleMatch.Whole;
        switch (rule.Action)
        {
            case RuleAction.Accept:
            case RuleAction.Unknown:
                return (isWhole || (isStrict && rule.Match != RuleMatch.No), RuleAction.Accept);
            case RuleAction.Drop:
                return (isWhole, RuleAction.Drop);
            case RuleAction.SourceNat:
                return (rule.Match >= RuleMatch.Part, RuleAction.SourceNat);
            case RuleAction.Return:
                return (isWhole, null);
            case RuleAction.Jump or RuleAction.Goto when isStrict && rulesOf(rule.Chain) is null:
                return Step(rule with { Action = RuleAction.Unknown }, callers); // a target that is no chain
            case RuleAction.Jump or RuleAction.Goto when rule.Match != RuleMatch.No:
                RuleAction? inner = Walk(rule.Chain, callers);
                (bool isDecided, _) = inner is { } action ? Step(rule with { Action = action }, callers) : default;
                return (isDecided || (isWhole && rule.Action == RuleAction.Goto), inner);
            default:
                return (false, null);
        }
    }
}
