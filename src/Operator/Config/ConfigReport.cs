using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Overlay.Lease;

namespace Overlay.Operator.Config;

/// <summary>
/// What is to be said of one network config; the one object of <c>overlay config check|show --json</c>.
/// </summary>
/// <param name="Schema">1; a change that could break a reader gives it another number.</param>
/// <param name="Source">The file or the store it is from.</param>
/// <param name="Valid">Whether flannel and we take it.</param>
/// <param name="Config">As it is understood, in flannel's own keys, defaults filled in; null when it is not
/// valid.</param>
/// <param name="Subnets">How many hosts it has room for; null when it is not valid.</param>
/// <param name="Problems">The rules it breaks.</param>
/// <param name="Warnings">What is valid and will not work as meant.</param>
internal sealed record ConfigReport(
    int Schema, string Source, bool Valid, CompletedConfig? Config, long? Subnets,
    IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings)
{
    private const int CurrentSchema = 1;

    /// <summary>The text as stored; only for a store's own.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Stored { get; init; }

    /// <summary>Reports on a text.</summary>
    /// <param name="source">For the reader.</param>
    /// <param name="verdict">On the text.</param>
    /// <param name="entries">What is in the store; empty when no store is asked.</param>
    /// <param name="now">Decides which entries still matter.</param>
    /// <param name="rules">What <c>overlay run</c> makes of a valid config.</param>
    internal static ConfigReport Of(
        string source,
        ConfigVerdict verdict,
        IReadOnlyList<LeaseEntry> entries,
        DateTimeOffset now,
        IBackendRules rules)
    {
        if (verdict.Config is not { } config)
        {
            return new ConfigReport(
                CurrentSchema, source, Valid: false, null, null, verdict.Problems, [.. verdict.Oddities]);
        }

        string[] warnings =
        [
            .. verdict.Oddities,
            .. Unworkable(config, rules.RefusalOf(config, source)),
            .. ConfigConflicts.Of(config, entries, now),
        ];
        return new ConfigReport(
            CurrentSchema,
            source,
            Valid: true,
            CompletedConfig.Of(config, verdict.Backend),
            SubnetsOf(config),
            verdict.Problems,
            warnings);
    }

    internal string ToJson() => JsonSerializer.Serialize(this, ConfigJson.Readable.ConfigReport);

    /// <summary>The completed config, a line for each value.</summary>
    internal IEnumerable<string> Lines() => Config is null
        ? []
        : Config.Values().Append(("Subnets", $"{Subnets}")).Select(value => $"{value.Item1,-14} {value.Item2}");

    // Rules of this daemon, not of flannel's config: other hosts may well work by it.
    private static IEnumerable<string> Unworkable(NetworkConfig config, string? refusal)
    {
        if (refusal is not null)
        {
            yield return $"overlay run will refuse it: {refusal}";
        }

        if (config.EnableIPv6)
        {
            yield return "EnableIPv6 is true; overlay run carries IPv4 only";
        }

        if (config.EnableIPv4 && SubnetsOf(config) == 0)
        {
            yield return $"SubnetMin {config.SubnetMin} is above SubnetMax {config.SubnetMax}, "
                + "so no host gets a subnet";
        }
    }

    private static long SubnetsOf(NetworkConfig config) => config.EnableIPv4 && config.SubnetMin <= config.SubnetMax
        ? ((long)(config.SubnetMax.Value - config.SubnetMin.Value) >> (32 - config.SubnetLength)) + 1
        : 0;
}

[JsonSerializable(typeof(ConfigReport))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class ConfigJson : JsonSerializerContext
{
    // For terminals and jq, never for a web page.
    internal static ConfigJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
