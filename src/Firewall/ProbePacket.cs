using System;
using Overlay.Net;

namespace Overlay.Firewall;

/// <summary>The first packets of connections that a ruleset is asked about.</summary>
/// <param name="In">Where they come in; null when that is not known.</param>
/// <param name="Out">Where they leave; null when that is not known.</param>
/// <param name="Source">All addresses that they may be from.</param>
/// <param name="Destination">All addresses that they may be for.</param>
/// <param name="UdpPort">
/// The UDP port that they are for, with no NAT before; null for packets of any protocol.
/// </param>
public sealed record ProbePacket(
    string? In, string? Out, Ipv4Prefix Source, Ipv4Prefix Destination, ushort? UdpPort = null)
{
    /// <summary>Whether addresses are among those that a rule names.</summary>
    /// <param name="named">As the tools print it: <c>10.42.0.0/16</c>, <c>10.42.0.1</c>.</param>
    /// <param name="addresses">The packets'.</param>
    public static RuleMatch IsIn(string named, Ipv4Prefix addresses)
    {
        if (!Ipv4Prefix.TryParse(named.Contains('/') ? named : $"{named}/32", out Ipv4Prefix prefix))
        {
            return RuleMatch.Unknown;
        }

        return prefix.Contains(addresses) ? RuleMatch.Whole
            : prefix.Overlaps(addresses) ? RuleMatch.Part
            : RuleMatch.No;
    }

    /// <summary>Whether an interface is the one that a rule names.</summary>
    /// <param name="pattern">A name, or the beginning of names.</param>
    /// <param name="wildcard">What a beginning ends with.</param>
    /// <param name="name">The packets' interface.</param>
    public static RuleMatch IsNamed(string pattern, char wildcard, string? name)
    {
        if (name is null)
        {
            return RuleMatch.Unknown;
        }

        bool isSame = pattern.EndsWith(wildcard)
            ? name.StartsWith(pattern[..^1], StringComparison.Ordinal)
            : name == pattern;
        return isSame ? RuleMatch.Whole : RuleMatch.No;
    }

    /// <summary>Whether the protocol is the one that a rule names.</summary>
    public RuleMatch IsProtocol(string name) =>
        name is "all" or "ip" ? RuleMatch.Whole
        : UdpPort is null ? RuleMatch.Unknown
        : name is "udp" or "17" ? RuleMatch.Whole
        : RuleMatch.No;

    /// <summary>Whether the destination port is the one, or in the range, that a rule names.</summary>
    /// <param name="named">As the tools print it.</param>
    /// <param name="separator">Between the ends of a range.</param>
    public RuleMatch IsPort(string named, char separator)
    {
        if (UdpPort is not { } port)
        {
            return RuleMatch.Unknown;
        }

        string[] ends = named.Split(separator);
        return ushort.TryParse(ends[0], out ushort first) && ushort.TryParse(ends[^1], out ushort last)
            ? first <= port && port <= last ? RuleMatch.Whole : RuleMatch.No
            : RuleMatch.Unknown;
    }

    /// <summary>Whether conntrack's status is the one that a rule names: nothing was translated before.</summary>
    public RuleMatch IsTranslated() => UdpPort is null ? RuleMatch.Unknown : RuleMatch.No;
}
