using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Bench.Results;

namespace Overlay.Bench;

/// <summary>One variant's figures as the rounds bring them, by name.</summary>
internal sealed class SampleBook
{
    private readonly SortedDictionary<string, List<double>> _samples = new(StringComparer.Ordinal);

    /// <summary>Adds the figure of one more round.</summary>
    internal void Add(string name, double value)
    {
        if (!_samples.TryGetValue(name, out List<double>? samples))
        {
            _samples[name] = samples = [];
        }

        samples.Add(value);
    }

    /// <summary>The latest figure.</summary>
    internal double Last(string name) => _samples[name][^1];

    /// <summary>All rounds' figures.</summary>
    /// <exception cref="BenchException">There are none, or too few.</exception>
    internal Spread Spread(string name) => Results.Spread.Of(_samples.GetValueOrDefault(name) ?? []);

    /// <summary>Whether there is one.</summary>
    internal bool Has(string name) => _samples.ContainsKey(name);

    /// <summary>All whose names begin so, by the rest of their names.</summary>
    internal IReadOnlyDictionary<string, Spread> Under(string prefix) => _samples.Keys
        .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
        .ToDictionary(name => name[prefix.Length..], Spread, StringComparer.Ordinal);
}
