using System;
using System.Collections.Generic;
using System.Linq;

namespace Overlay.Firewall;

/// <summary>
/// Which rule of FORWARD would drop or reject the overlay's packets whatever they are: Docker's, ufw's, firewalld's
/// last rule. Flannel's jump has to stand before it.
/// </summary>
/// <remarks>
/// A rule that names addresses, ports, protocols or states of connections is somebody's policy and is not passed by,
/// and neither are chains that are made for policies: Docker's DOCKER-USER, kube-proxy's, the network policies of
/// Kubernetes.
/// </remarks>
public static class ForwardPlacement
{
    private static readonly string[] s_policyChains =
        ["DOCKER-USER", "KUBE-", "cali-", "CILIUM_", "WEAVE-", "ANTREA-"];

    /// <summary>Finds the first rule of FORWARD that the jump has to stand before.</summary>
    /// <param name="chains">Of the table filter.</param>
    /// <param name="tunnels">The interfaces that pods' packets come and go by.</param>
    /// <param name="isJump">Whether a rule is the jump itself.</param>
    /// <returns>Counted from 0 among the rules that are not the jump; null when there is none.</returns>
    public static int? FindObstacle(
        IReadOnlyDictionary<string, IptablesChain> chains, IReadOnlyList<string> tunnels, Func<string, bool> isJump)
    {
        if (!chains.TryGetValue(IptablesRules.Forward, out IptablesChain? forward))
        {
            return null;
        }

        int index = forward.Rules.Where(rule => !isJump(rule)).ToList().FindIndex(
            rule => Stops(chains, rule, new Interfaces([], []), tunnels, []));
        return index < 0 ? null : index;
    }

    private static bool Stops(
        IReadOnlyDictionary<string, IptablesChain> chains,
        string rule,
        Interfaces soFar,
        IReadOnlyList<string> tunnels,
        IReadOnlyList<string> callers)
    {
        if (!TryRead(rule, out string target, out Interfaces own))
        {
            return false;
        }

        var all = new Interfaces([.. soFar.In, .. own.In], [.. soFar.Out, .. own.Out]);
        if (!all.CanMatch(tunnels))
        {
            return false;
        }

        if (target is "DROP" or "REJECT")
        {
            return true;
        }

        return !s_policyChains.Any(name => target.StartsWith(name, StringComparison.Ordinal))
            && !callers.Contains(target)
            && chains.TryGetValue(target, out IptablesChain? called)
            && called.Rules.Any(inner => Stops(chains, inner, all, tunnels, [.. callers, target]));
    }

    // False for a rule that looks at more of a packet than its interfaces.
    private static bool TryRead(string rule, out string target, out Interfaces interfaces)
    {
        List<InterfaceMatch> ins = [];
        List<InterfaceMatch> outs = [];
        interfaces = new Interfaces(ins, outs);
        target = string.Empty;
        bool isNegated = false;
        string[] words = IptablesReading.Split(rule);
        for (int index = 0; index < words.Length; index++)
        {
            string next = index + 1 < words.Length ? words[index + 1] : string.Empty;
            switch (words[index])
            {
                case "!":
                    isNegated = true;
                    continue;
                case "-i":
                    ins.Add(new InterfaceMatch(next, isNegated));
                    break;
                case "-o":
                    outs.Add(new InterfaceMatch(next, isNegated));
                    break;
                case "-m" when next == "comment":
                case "--comment":
                    break;
                case "-m" when next is "conntrack" or "state":
                    break;
                case "--ctstate" or "--state" when !isNegated && next.Split(',').Contains("NEW"):
                    break;
                case "-j" or "-g":
                    target = next;
                    return true;
                default:
                    return false;
            }

            isNegated = false;
            index++;
        }

        return false;
    }

    /// <summary>One <c>-i</c> or <c>-o</c>; a name that ends with + is a beginning.</summary>
    private sealed record InterfaceMatch(string Name, bool IsNegated)
    {
        public bool Matches(string name) => IsNegated != (Name.EndsWith('+')
            ? name.StartsWith(Name[..^1], StringComparison.Ordinal)
            : name == Name);
    }

    /// <summary>What a packet's interfaces have to be for a rule to be reached and to match.</summary>
    private sealed record Interfaces(IReadOnlyList<InterfaceMatch> In, IReadOnlyList<InterfaceMatch> Out)
    {
        // A name that no rule has.
        private const string Other = "\0";

        /// <summary>Whether a packet can match that comes by a tunnel or leaves by one.</summary>
        public bool CanMatch(IReadOnlyList<string> tunnels) => tunnels.Any(tunnel =>
            (In.All(match => match.Matches(tunnel)) && HasAny(Out))
            || (Out.All(match => match.Matches(tunnel)) && HasAny(In)));

        private static bool HasAny(IReadOnlyList<InterfaceMatch> matches) => matches
            .Select(match => match.Name.TrimEnd('+')).Append(Other)
            .Any(name => matches.All(match => match.Matches(name)));
    }
}
