using System;
using System.Collections.Generic;
using System.Linq;

namespace Overlay.Firewall;

/// <summary>What a rule of iptables means, in the words of iptables-save.</summary>
public static class IptablesReading
{
    /// <summary>Reads a rule.</summary>
    /// <param name="rule">Without <c>-A CHAIN</c>.</param>
    /// <param name="packet">The packets that are asked about.</param>
    public static RuleReading Read(string rule, ProbePacket packet)
    {
        RuleMatch match = RuleMatch.Whole;
        bool isNegated = false;
        string[] words = Split(rule);
        for (int index = 0; index < words.Length; index++)
        {
            string next = index + 1 < words.Length ? words[index + 1] : string.Empty;
            if (words[index] == "!")
            {
                isNegated = true;
                continue;
            }

            if (words[index] is "-j" or "-g")
            {
                return new RuleReading(match, ActionOf(words[index], next), next);
            }

            if (Condition(words[index], next, packet) is { } condition)
            {
                match = RuleReading.Both(match, isNegated ? RuleReading.Not(condition) : condition);
                index++; // its value
            }
            else
            {
                match = RuleReading.Both(match, RuleMatch.Unknown);
            }

            isNegated = false;
        }

        return new RuleReading(match, RuleAction.GoOn); // it counts
    }

    /// <summary>The words of a rule; a comment is one.</summary>
    public static string[] Split(string rule)
    {
        List<string> words = [];
        int start = 0;
        bool isQuoted = false;
        for (int index = 0; index <= rule.Length; index++)
        {
            if (index < rule.Length && rule[index] == '"' && (index == 0 || rule[index - 1] != '\\'))
            {
                isQuoted = !isQuoted;
            }
            else if (index == rule.Length || (rule[index] == ' ' && !isQuoted))
            {
                if (index > start)
                {
                    words.Add(rule[start..index]);
                }

                start = index + 1;
            }
        }

        return [.. words];
    }

    // Null for an option that is not known here.
    private static RuleMatch? Condition(string option, string value, ProbePacket packet) => option switch
    {
        "-i" => ProbePacket.IsNamed(value, '+', packet.In),
        "-o" => ProbePacket.IsNamed(value, '+', packet.Out),
        "-s" => ProbePacket.IsIn(value, packet.Source),
        "-d" => ProbePacket.IsIn(value, packet.Destination),
        "-p" => packet.IsProtocol(value),
        "--dport" or "--dports" => value.Split(',')
            .Select(port => packet.IsPort(port, ':')).Aggregate(RuleReading.Either),
        "--ctstate" or "--state" => value.Split(',').Contains("NEW") ? RuleMatch.Whole : RuleMatch.No,
        "--ctstatus" => packet.IsTranslated(),
        "--comment" => RuleMatch.Whole,
        "-m" when value is "comment" or "conntrack" or "state" or "udp" or "multiport" => RuleMatch.Whole,
        _ => null,
    };

    // iptables-extensions(8), "TARGET EXTENSIONS": those that let the packet go on.
    private static RuleAction ActionOf(string option, string target) => target switch
    {
        "ACCEPT" => RuleAction.Accept,
        "DROP" or "REJECT" => RuleAction.Drop,
        "MASQUERADE" or "SNAT" => RuleAction.SourceNat,
        "RETURN" => RuleAction.Return,
        "LOG" or "NFLOG" or "ULOG" or "MARK" or "CONNMARK" or "TOS" or "DSCP" or "TTL" or "TCPMSS" or "SET"
            => RuleAction.GoOn,
        "QUEUE" or "NFQUEUE" => RuleAction.Unknown,
        _ => option == "-g" ? RuleAction.Goto : RuleAction.Jump,
    };
}
