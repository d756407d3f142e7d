using System;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Overlay.Cni.Protocol;

/// <summary>
/// Reads JSON that others have written, whole: nodes find out about a name given twice or half of a surrogate pair
/// (RFC 8259, sections 4 and 8.2) only when somebody asks them, and then not by a <see cref="JsonException"/>.
/// </summary>
internal static class SafeJson
{
    private static readonly JsonDocumentOptions s_options = new() { AllowDuplicateProperties = false };

    /// <summary>Reads it.</summary>
    /// <param name="text">What claims to be JSON.</param>
    /// <returns>Null for JSON's null.</returns>
    /// <exception cref="JsonException">It is none, or says something that has no one meaning.</exception>
    internal static JsonNode? Parse(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        RequireWholeCharacters(bytes);
        return JsonNode.Parse(bytes, documentOptions: s_options);
    }

    private static void RequireWholeCharacters(byte[] bytes)
    {
        var reader = new Utf8JsonReader(bytes);
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String && reader.ValueIsEscaped)
                {
                    _ = reader.GetString();
                }
            }
        }
        catch (InvalidOperationException)
        {
            throw new JsonException(
                $"a string that ends at byte {reader.BytesConsumed} has half of a surrogate pair (\\ud800 to \\udfff)");
        }
    }
}
