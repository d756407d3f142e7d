using System;
using System.Collections.Generic;

namespace Overlay.Firewall;

/// <summary>The tables that iptables-save(8) prints.</summary>
public sealed class IptablesListing
{
    private static readonly IReadOnlyDictionary<string, IptablesChain> s_nothing =
        new Dictionary<string, IptablesChain>();

    private readonly Dictionary<string, Dictionary<string, IptablesChain>> _tables = new(StringComparer.Ordinal);

    private IptablesListing()
    {
    }

    /// <summary>The names of the tables that there are.</summary>
    public IReadOnlyCollection<string> Tables => _tables.Keys;

    /// <summary>The chains of a table; none of one that there is not.</summary>
    public IReadOnlyDictionary<string, IptablesChain> ChainsOf(string table) =>
        _tables.TryGetValue(table, out Dictionary<string, IptablesChain>? chains) ? chains : s_nothing;

    /// <summary>The rules of a chain; none of one that there is not.</summary>
    public IReadOnlyList<string> RulesOf(string table, string chain) =>
        ChainsOf(table).TryGetValue(chain, out IptablesChain? found) ? found.Rules : [];

    /// <summary>Reads what iptables-save has printed; lines of any other kind are passed over.</summary>
    public static IptablesListing Parse(string text)
    {
        var listing = new IptablesListing();
        Dictionary<string, IptablesChain> table = new(StringComparer.Ordinal);
        Dictionary<string, List<string>> rules = new(StringComparer.Ordinal);
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = line.Split(' ', 3);
            if (line[0] == '*')
            {
                listing._tables[line[1..]] = table = new(StringComparer.Ordinal);
                rules.Clear();
            }
            else if (line[0] == ':' && words.Length > 1)
            {
                List<string> ofChain = rules[words[0][1..]] = [];
                table[words[0][1..]] = new IptablesChain(words[1], ofChain);
            }
            else if (words is ["-A", var chain, var rule] && rules.TryGetValue(chain, out List<string>? known))
            {
                known.Add(rule);
            }
        }

        return listing;
    }
}
