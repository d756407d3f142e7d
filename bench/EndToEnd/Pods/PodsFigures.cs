using System;
using System.Linq;
using System.Text.Json.Serialization;
using Overlay.Bench.Results;

namespace Overlay.Bench.Pods;

/// <summary>What pods cost, in milliseconds from the start of a plugin to its end.</summary>
/// <param name="Add">ADD by flannel, which calls bridge.</param>
/// <param name="DelegateAdd">ADD by bridge with the same config.</param>
/// <param name="Delete">DEL by flannel.</param>
/// <param name="DelegateDelete">DEL by bridge.</param>
internal sealed record PodsFigures(Spread Add, Spread DelegateAdd, Spread Delete, Spread DelegateDelete)
{
    /// <summary>For people.</summary>
    internal string ToText() =>
        Line("ADD", Add, DelegateAdd) + Line("DEL", Delete, DelegateDelete);

    private static string Line(string verb, Spread by, Spread delegated)
    {
        double more = Spread.Of([.. by.Samples.Zip(delegated.Samples, (one, other) => one - other)]).Median;
        return FormattableString.Invariant(
            $"{verb}  flannel {by.Median:0.0} ms   bridge alone {delegated.Median:0.0} ms   more by {more:0.0} ms\n");
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PodsFigures))]
internal sealed partial class PodsJson : JsonSerializerContext;
