using System.Text.Json;
using System.Text.Json.Serialization;

namespace Overlay.Operator.Logging;

/// <summary>What <c>overlay log-level --json</c> prints.</summary>
/// <param name="Level">The level now: <c>debug</c>, <c>info</c>, <c>warn</c> or <c>error</c>.</param>
internal sealed record LogLevelReport(string Level)
{
    /// <summary>One JSON object.</summary>
    internal string ToJson() => JsonSerializer.Serialize(this, LogLevelJson.Default.LogLevelReport);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LogLevelReport))]
internal sealed partial class LogLevelJson : JsonSerializerContext;
