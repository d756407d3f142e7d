using System.Collections.Generic;
using System.Text.Json;

namespace Overlay.Lease.Kubernetes.Nodes;

/// <summary>Steps through JSON of which the whole value is in reach, in one piece or in several.</summary>
internal static class JsonSteps
{
    /// <summary>Goes from a property's name into its object.</summary>
    /// <returns>False when its value is no object; it is passed by then.</returns>
    internal static bool EnterObject(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            return true;
        }

        Pass(ref reader);
        return false;
    }

    /// <summary>Goes to an object's next property.</summary>
    /// <returns>False at its end.</returns>
    internal static bool NextProperty(ref Utf8JsonReader reader) =>
        reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    /// <summary>From a property's name: the text behind it; empty for null.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    internal static string ReadText(ref Utf8JsonReader reader)
    {
        string name = reader.GetString() ?? "";
        reader.Read();
        return reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString() ?? "",
            JsonTokenType.Null => "",
            _ => throw new JsonException($"{name} is no text"),
        };
    }

    /// <summary>From a property's name: the texts in the list behind it; none for null.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    internal static List<string> ReadTexts(ref Utf8JsonReader reader)
    {
        string name = reader.GetString() ?? "";
        List<string> texts = [];
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return texts;
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException($"{name} is no list");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.String)
        {
            texts.Add(reader.GetString() ?? "");
        }

        return reader.TokenType == JsonTokenType.EndArray
            ? texts
            : throw new JsonException($"{name} is no list of texts");
    }

    /// <summary>From a property's name to the end of its value.</summary>
    internal static void SkipValue(ref Utf8JsonReader reader)
    {
        reader.Read();
        Pass(ref reader);
    }

    private static void Pass(ref Utf8JsonReader reader)
    {
        if (!reader.TrySkip())
        {
            throw new JsonException("the value is cut off");
        }
    }
}
