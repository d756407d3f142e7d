using System;
using System.Collections.Generic;
using System.Linq;

namespace Overlay.Firewall;

/// <summary>
/// A chain of flannel's in which several daemons of one host have rules, each those of its own network, in an order of
/// its own.
/// </summary>
/// <remarks>
/// A rule that names the network is this daemon's, also one that is of no use any longer. A rule that is wanted and
/// names no network is everybody's and stands first. A rule of flannel's form that names another network is another
/// daemon's and is left alone. All others are nobody's: they can drop the packets of every daemon, and go.
/// </remarks>
/// <param name="Wanted">The rules in their order; none when there are to be none.</param>
/// <param name="IsOwn">Whether a rule is about this daemon's network.</param>
/// <param name="IsFlannels">Whether a rule has the form of one that a daemon makes for its network.</param>
public sealed record SharedChain(
    IReadOnlyList<string> Wanted, Func<string, bool> IsOwn, Func<string, bool> IsFlannels)
{
    /// <summary>
    /// Whether there is exactly what is wanted, each rule once and in order, beside the rules of other daemons.
    /// </summary>
    /// <param name="found">The chain's rules.</param>
    public bool IsKept(IReadOnlyList<string> found) => Wanted.Count == 0
        ? Merge(found).Count == found.Count
        : found.Where(rule => !IsOthers(rule)).SequenceEqual(Wanted);

    /// <summary>The rules that the chain is to have, those of other daemons in their place among them.</summary>
    /// <param name="found">The chain's rules.</param>
    public IReadOnlyList<string> Merge(IReadOnlyList<string> found)
    {
        if (Wanted.Count == 0)
        {
            // What names no network is for the other daemons to judge; where there are none, nothing is left.
            return HasOthers(found) ? [.. found.Where(rule => !IsOwn(rule))] : [];
        }

        return [.. Wanted.Where(rule => !IsOwn(rule)), .. found.Where(IsOthers), .. Wanted.Where(IsOwn)];
    }

    /// <summary>Whether another daemon has rules in the chain.</summary>
    /// <param name="found">The chain's rules.</param>
    public bool HasOthers(IReadOnlyList<string> found) => found.Any(IsOthers);

    private bool IsOthers(string rule) => !IsOwn(rule) && IsFlannels(rule);
}
