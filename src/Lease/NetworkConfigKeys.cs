using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

namespace Overlay.Lease;

/// <summary>
/// Finds keys of a network config that flannel passes over in silence (Go's encoding/json ignores what it does not
/// know, and takes the last of several).
/// </summary>
internal static class NetworkConfigKeys
{
    // flannel pkg/subnet/config.go type Config.
    private static readonly string[] s_config =
    [
        "EnableIPv4", "EnableIPv6", "EnableNFTables", "Network", "IPv6Network", "SubnetMin", "SubnetMax",
        "IPv6SubnetMin", "IPv6SubnetMax", "SubnetLen", "IPv6SubnetLen", "Backend",
    ];

    /// <summary>One line for each; none for text that is no JSON object.</summary>
    internal static IEnumerable<string> Oddities(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? [.. OfObject(document.RootElement, s_config, "")]
                : [];
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            return []; // NetworkConfigJson reports it
        }
    }

    /// <summary>One line for each key of an object that is not known, or is there twice.</summary>
    /// <param name="element">The object.</param>
    /// <param name="known">The keys that are read.</param>
    /// <param name="where">What follows a key in a line, such as <c> in Backend</c>.</param>
    internal static IEnumerable<string> OfObject(JsonElement element, IReadOnlyList<string> known, string where)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (JsonProperty property in element.EnumerateObject())
        {
            string shown = OneLine.Shorten(property.Name);
            if (!seen.Add(property.Name))
            {
                yield return $"the key '{shown}'{where} is given more than once; the last one counts";
            }
            else if (!known.Contains(property.Name, StringComparer.OrdinalIgnoreCase))
            {
                string? meant = Nearest(property.Name, known);
                yield return $"the key '{shown}'{where} is not known and is ignored"
                    + (meant is null ? $"; known are {string.Join(", ", known)}" : $"; did you mean {meant}?");
            }
        }
    }

    private static string? Nearest(string name, IReadOnlyList<string> known)
    {
        // Two letters changed places, or up to a third of them are wrong; more is another word.
        string nearest = known.MinBy(key => Distance(name, key)) ?? "";
        return Distance(name, nearest) <= Math.Max(2, nearest.Length / 3) ? nearest : null;
    }

    // Levenshtein's: how many letters to insert, remove or replace; without regard to case.
    private static int Distance(string left, string right)
    {
        int[] row = [.. Enumerable.Range(0, right.Length + 1)];
        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                bool isSame = char.ToUpperInvariant(left[i - 1]) == char.ToUpperInvariant(right[j - 1]);
                int replaced = diagonal + (isSame ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[right.Length];
    }
}
