using System;
using System.Collections.Generic;
using System.Linq;

namespace Overlay.Firewall;

/// <summary>What a rule of nftables means, in the words of <c>nft list table</c>.</summary>
public static class NftReading
{
    /// <summary>Reads a rule.</summary>
    /// <param name="rule">A line.</param>
    /// <param name="packet">The packets that are asked about.</param>
    public static RuleReading Read(string rule, ProbePacket packet)
    {
        int comment = rule.IndexOf(" comment \"", StringComparison.Ordinal);
        string[] words = (comment < 0 ? rule : rule[..comment]).Split(' ');
        RuleMatch match = RuleMatch.Whole;
        while (words.Length > 0)
        {
            if (ActionOf(words) is { } action)
            {
                return action with { Match = match };
            }

            if (words is ["counter", "packets", _, "bytes", _, .. var uncounted])
            {
                words = uncounted;
            }
            else if (words is ["counter", .. var rest])
            {
                words = rest;
            }
            else if (words[0] is "log" or "limit" || ConditionOf(words, packet) is not { } condition)
            {
                if (words.Contains("vmap"))
                {
                    return new RuleReading(RuleMatch.Unknown, RuleAction.Unknown); // it holds any verdicts
                }

                match = words[0] == "log" ? match : RuleReading.Both(match, RuleMatch.Unknown);
                words = [.. words.SkipWhile(word => ActionOf([word, string.Empty]) is null)];
            }
            else
            {
                match = RuleReading.Both(match, condition.Match);
                if (condition.Mapped is { } mapped)
                {
                    return mapped with { Match = RuleReading.Both(match, mapped.Match) };
                }

                words = condition.Rest;
            }
        }

        return new RuleReading(match, RuleAction.GoOn);
    }

    // nft(8), "Verdict statements" and "NAT statements"; null for words that are none.
    private static RuleReading? ActionOf(IReadOnlyList<string> words) => words[0] switch
    {
        "accept" => new RuleReading(RuleMatch.Whole, RuleAction.Accept),
        "drop" or "reject" => new RuleReading(RuleMatch.Whole, RuleAction.Drop),
        "return" => new RuleReading(RuleMatch.Whole, RuleAction.Return),
        "masquerade" or "snat" => new RuleReading(RuleMatch.Whole, RuleAction.SourceNat),
        "queue" => new RuleReading(RuleMatch.Whole, RuleAction.Unknown),
        "jump" when words.Count > 1 => new RuleReading(RuleMatch.Whole, RuleAction.Jump, words[1]),
        "goto" when words.Count > 1 => new RuleReading(RuleMatch.Whole, RuleAction.Goto, words[1]),
        _ => null,
    };

    // Null for words that are not known here.
    private static Condition? ConditionOf(string[] words, ProbePacket packet) => words switch
    {
        ["meta", "nfproto", .. var rest] => Of(rest, name => name == "ipv4" ? RuleMatch.Whole : RuleMatch.No),
        ["iifname" or "iif", .. var rest] => Of(rest, name => ProbePacket.IsNamed(name, '*', packet.In)),
        ["oifname" or "oif", .. var rest] => Of(rest, name => ProbePacket.IsNamed(name, '*', packet.Out)),
        ["ip", "saddr", .. var rest] => Of(rest, text => ProbePacket.IsIn(text, packet.Source)),
        ["ip", "daddr", .. var rest] => Of(rest, text => ProbePacket.IsIn(text, packet.Destination)),
        ["meta", "l4proto", .. var rest] => Of(rest, packet.IsProtocol),
        ["ip", "protocol", .. var rest] => Of(rest, packet.IsProtocol),
        ["udp" or "th", "dport", .. var rest] => Of(rest, port => packet.IsPort(port, '-')),
        ["tcp" or "sctp" or "icmp", _, .. var rest] => Of(rest, _ => packet.IsProtocol(words[0]), isAnyValue: true),
        ["ip6" or "icmpv6", _, .. var rest] => Of(rest, _ => RuleMatch.No, isAnyValue: true),
        ["ct", "state", .. var rest] => Of(
            rest, states => states.Split(',').Contains("new") ? RuleMatch.Whole : RuleMatch.No),
        ["ct", "status", .. var rest] => Of(rest, _ => packet.IsTranslated()),
        _ => null,
    };

    // A value, values in braces, or a map of them to verdicts; "!=" before them is their opposite.
    private static Condition? Of(string[] words, Func<string, RuleMatch> fits, bool isAnyValue = false)
    {
        bool isNegated = words is ["!=", ..];
        words = isNegated ? words[1..] : words;
        bool isMap = words is ["vmap", ..];
        words = isMap ? words[1..] : words;
        int end = words is ["{", ..] ? Array.IndexOf(words, "}") : 0;
        if (words.Length == 0 || end < 0 || (isMap && end == 0))
        {
            return null; // a map by its name, which is listed elsewhere
        }

        string[] values = end == 0
            ? [words[0]]
            : string.Join(' ', words[1..end]).Split(", ", StringSplitOptions.TrimEntries);
        if (isMap)
        {
            return new Condition(RuleMatch.Whole, [], MappedTo(values, Fit));
        }

        RuleMatch match = values.Select(Fit).Aggregate(RuleReading.Either);
        bool isOpposite = isNegated && !isAnyValue; // that of a protocol's field is of the same protocol
        return new Condition(isOpposite ? RuleReading.Not(match) : match, words[(end + 1)..], Mapped: null);

        // A set by its name is listed elsewhere.
        RuleMatch Fit(string value) => value.StartsWith('@') && !isAnyValue
            ? RuleMatch.Unknown
            : fits(value.Trim('"'));
    }

    private static RuleReading MappedTo(string[] values, Func<string, RuleMatch> fit)
    {
        foreach (string[] pair in values.Select(value => value.Split(" : ")))
        {
            RuleMatch match = fit(pair[0]);
            if (match != RuleMatch.No && pair.Length == 2)
            {
                return match == RuleMatch.Whole && ActionOf(pair[1].Split(' ')) is { } action
                    ? action
                    : new RuleReading(RuleMatch.Unknown, RuleAction.Unknown);
            }
        }

        return new RuleReading(RuleMatch.No, RuleAction.GoOn);
    }

    /// <summary>A condition of a rule.</summary>
    /// <param name="Match">Which packets meet it.</param>
    /// <param name="Rest">The words behind it.</param>
    /// <param name="Mapped">What a map does with them, which ends the rule; null where it is no map.</param>
    private sealed record Condition(RuleMatch Match, string[] Rest, RuleReading? Mapped);
}
