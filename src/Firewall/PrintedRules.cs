using System;
using System.Collections.Generic;
using System.Linq;

namespace Overlay.Firewall;

/// <summary>
/// How the host's tool prints the rules that it was given, where its version has other words for one than are known
/// here. Without that a rule would count as missing for ever.
/// </summary>
public sealed class PrintedRules
{
    private readonly Dictionary<string, string> _printed = new(StringComparer.Ordinal);

    /// <summary>Notes what became of a chain's rules.</summary>
    /// <param name="given">All of the chain's rules.</param>
    /// <param name="found">The chain's rules right afterwards.</param>
    public void Learn(IReadOnlyList<string> given, IReadOnlyList<string> found)
    {
        if (given.Count == found.Count)
        {
            foreach ((string rule, string printed) in given.Zip(found).Where(pair => pair.First != pair.Second))
            {
                _printed[rule] = printed;
            }
        }
    }

    /// <summary>The rules as the tool prints them.</summary>
    public IReadOnlyList<string> Of(IReadOnlyList<string> rules) =>
        [.. rules.Select(rule => _printed.GetValueOrDefault(rule, rule))];
}
