using System;
using System.Collections.Generic;
using System.Linq;

namespace Overlay.Firewall;

/// <summary>
/// Which rule of POSTROUTING would give packets from pod to pod another source address: Docker's without
/// <c>--ip-masq=false</c>, that of a CNI plugin's ipMasq. Flannel's jump has to stand before it, and its rules have to
/// end the packet's way, because a RETURN leads back to that rule.
/// </summary>
/// <remarks>
/// A rule that looks at more than addresses, interfaces and states of connections is somebody's policy and is not
/// passed by, and neither are chains that are made for one: kube-proxy's masquerades what it has marked.
/// </remarks>
public static class MasqueradePlacement
{
    private static readonly string[] s_policyChains = ["KUBE-", "cali-", "CILIUM_", "WEAVE", "ANTREA-", "FLANNEL-"];

    /// <summary>Finds the first rule of POSTROUTING that the jump has to stand before.</summary>
    /// <param name="chains">Of the table nat.</param>
    /// <param name="traffic">The overlay's.</param>
    /// <param name="isJump">Whether a rule is the jump itself.</param>
    /// <returns>Counted from 0 among the rules that are not the jump; null when there is none.</returns>
    public static int? FindObstacle(
        IReadOnlyDictionary<string, IptablesChain> chains, OverlayTraffic traffic, Func<string, bool> isJump)
    {
        if (!chains.TryGetValue(IptablesRules.Postrouting, out IptablesChain? postrouting))
        {
            return null;
        }

        string[] rules = [.. postrouting.Rules.Where(rule => !isJump(rule))];
        return traffic.LeavingPackets
            .Select(packet => new RuleWalk(RulesOf, rule => IptablesReading.Read(rule, packet), isStrict: false)
                .FindSourceNat(rules))
            .Min();

        IReadOnlyList<string>? RulesOf(string chain) =>
            !s_policyChains.Any(name => chain.StartsWith(name, StringComparison.Ordinal))
            && chains.TryGetValue(chain, out IptablesChain? found) ? found.Rules : null;
    }
}
