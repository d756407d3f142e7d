using System;
using System.Collections.Generic;
using System.Text.Json;

namespace Overlay.Lease;

/// <summary>
/// The Backend of a network config: which one, and its options. The options are the backend's own: it reads them by
/// the methods here, which follow the rules of Go's encoding/json as the rest of the config does.
/// </summary>
/// <param name="Type">
/// <c>udp</c> when the config has no Backend, empty when Backend has no Type, otherwise the text as given.
/// </param>
/// <param name="Json">The object as it was given, Type and options; <c>{}</c> when there is none.</param>
public sealed record BackendConfig(string Type, string Json)
{
    /// <summary>What a config without a Backend asks for.</summary>
    public static BackendConfig Default { get; } = new("udp", "{}");

    /// <summary>Whether it is the backend of a type; without regard to case, as flannel compares.</summary>
    public bool Is(string type) => Type.Equals(type, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads an option that is an integer.</summary>
    /// <param name="option">Its name, without regard to case.</param>
    /// <param name="min">The least value allowed, 0 or more.</param>
    /// <param name="max">The highest value allowed.</param>
    /// <returns>Null when it is not given, or given as null.</returns>
    /// <exception cref="NetworkConfigException">It is something else; the line says what was found.</exception>
    public int? ReadInteger(string option, int min, int max)
    {
        using var document = JsonDocument.Parse(Json);
        return Find(document, option) switch
        {
            null => null,
            { } value when NetworkConfigJson.TryReadDigits(value, out ulong number)
                && number >= (ulong)min && number <= (ulong)max => (int)number,
            { } value => throw Refusal(option, $"an integer from {min} to {max}", value),
        };
    }

    /// <summary>Reads an option that is a switch.</summary>
    /// <param name="option">Its name, without regard to case.</param>
    /// <returns>False when it is not given, or given as null.</returns>
    /// <exception cref="NetworkConfigException">It is something else; the line says what was found.</exception>
    public bool ReadSwitch(string option)
    {
        using var document = JsonDocument.Parse(Json);
        return Find(document, option) switch
        {
            null or { ValueKind: JsonValueKind.False } => false,
            { ValueKind: JsonValueKind.True } => true,
            { } value => throw Refusal(option, "true or false", value),
        };
    }

    /// <summary>Finds what nobody reads: options that are not known, and options given twice. One line each.</summary>
    /// <param name="known">The options the backend reads, Type among them.</param>
    public IReadOnlyList<string> FindOddities(IReadOnlyList<string> known)
    {
        using var document = JsonDocument.Parse(Json);
        return [.. NetworkConfigKeys.OfObject(document.RootElement, known, " in Backend")];
    }

    // Valid as long as the document.
    private static JsonElement? Find(JsonDocument document, string option)
    {
        JsonElement? found = null;
        foreach (JsonProperty property in document.RootElement.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.Null
                && property.Name.Equals(option, StringComparison.OrdinalIgnoreCase))
            {
                found = property.Value; // the last of several counts
            }
        }

        return found;
    }

    private NetworkConfigException Refusal(string option, string wanted, JsonElement found) => new(
        $"error decoding {Type.ToUpperInvariant()} backend config: {option} must be {wanted}, found "
            + OneLine.Shorten(found.GetRawText()));
}
