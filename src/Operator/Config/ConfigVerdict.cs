using System.Collections.Generic;
using System.Text.Json;
using Overlay.Lease;

namespace Overlay.Operator.Config;

/// <summary>Everything there is to say about the text of a network config, its Backend's options included.</summary>
/// <param name="Config">As it is understood; null when it is not valid.</param>
/// <param name="Backend">The Backend of a valid config, with its defaults where the backend is one of ours.</param>
/// <param name="Problems">Every rule it breaks, one line each.</param>
/// <param name="Oddities">What is valid and still hardly meant, one line each.</param>
internal sealed record ConfigVerdict(
    NetworkConfig? Config, CompletedBackend Backend, IReadOnlyList<string> Problems, IReadOnlyList<string> Oddities)
{
    /// <summary>Checks a config. Never throws for what is in it.</summary>
    /// <param name="json">The whole text, as stored.</param>
    /// <param name="rules">What the backends say.</param>
    internal static ConfigVerdict On(string json, IBackendRules rules)
    {
        var check = NetworkConfigCheck.Of(json);
        try
        {
            CompletedBackend? completed = rules.Complete(check.Backend);
            IReadOnlyList<string> oddities = completed is null
                ? check.Oddities
                : [.. check.Oddities, .. check.Backend.FindOddities(completed.KnownOptions)];
            return new ConfigVerdict(
                check.Config, completed ?? AsGiven(check.Backend), check.Problems, oddities);
        }
        catch (NetworkConfigException problem)
        {
            return new ConfigVerdict(
                null, AsGiven(check.Backend), [.. check.Problems, problem.Message], check.Oddities);
        }
    }

    // Of a backend that is not ours nothing is known but what stands there.
    private static CompletedBackend AsGiven(BackendConfig backend)
    {
        using var document = JsonDocument.Parse(backend.Json);
        string json = JsonSerializer.Serialize(document.RootElement, ConfigJson.Readable.JsonElement);
        return new CompletedBackend(json, document.RootElement.GetPropertyCount() > 1 ? json : backend.Type, []);
    }
}
