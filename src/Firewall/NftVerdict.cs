using System.Collections.Generic;
using System.Linq;

namespace Overlay.Firewall;

/// <summary>What a chain of nftables does with the first packets of a connection.</summary>
public static class NftVerdict
{
    /// <summary>
    /// Whether packets are accepted in both directions between this host's pods and others. A rule that looks at more
    /// than addresses, interfaces and states of connections decides about a part of the packets alone, and is passed
    /// over.
    /// </summary>
    /// <param name="chains">Those of the table.</param>
    /// <param name="name">The chain that a hook leads to.</param>
    /// <param name="isDropPolicy">Whether it drops what no rule decides about.</param>
    /// <param name="traffic">The overlay's.</param>
    public static bool Accepts(
        IReadOnlyDictionary<string, NftFoundChain> chains, string name, bool isDropPolicy, OverlayTraffic traffic) =>
        traffic.ForwardedPackets.All(packet => (Walk(chains, packet, isStrict: false).VerdictOf(name)
                ?? (isDropPolicy ? RuleAction.Drop : RuleAction.Accept)) == RuleAction.Accept);

    /// <summary>Whether it is certain that packets from pod to pod get another source address.</summary>
    /// <param name="chains">Those of the table.</param>
    /// <param name="name">The chain that a hook leads to.</param>
    /// <param name="traffic">The overlay's.</param>
    public static bool Masquerades(
        IReadOnlyDictionary<string, NftFoundChain> chains, string name, OverlayTraffic traffic) =>
        traffic.LeavingPackets.Any(
            packet => Walk(chains, packet, isStrict: true).VerdictOf(name) == RuleAction.SourceNat);

    /// <summary>Whether it is certain that what peers send to this host is dropped or rejected.</summary>
    /// <param name="chains">Those of the table.</param>
    /// <param name="name">The chain that a hook leads to.</param>
    /// <param name="isDropPolicy">Whether it drops what no rule decides about.</param>
    /// <param name="datagram">What they send.</param>
    public static bool Drops(
        IReadOnlyDictionary<string, NftFoundChain> chains, string name, bool isDropPolicy, ProbePacket datagram) =>
        (Walk(chains, datagram, isStrict: true).VerdictOf(name)
            ?? (isDropPolicy ? RuleAction.Drop : RuleAction.Accept)) == RuleAction.Drop;

    private static RuleWalk Walk(
        IReadOnlyDictionary<string, NftFoundChain> chains, ProbePacket packet, bool isStrict) => new(
        chain => chains.GetValueOrDefault(chain)?.Rules, rule => NftReading.Read(rule, packet), isStrict);
}
