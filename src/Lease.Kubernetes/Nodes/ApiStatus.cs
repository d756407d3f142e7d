using System;
using System.Text.Json;

namespace Overlay.Lease.Kubernetes.Nodes;

/// <summary>What the API server says when it does not do something: an object of kind Status.</summary>
/// <param name="Code">As of HTTP; 0 when it is not said.</param>
/// <param name="Message">In words; empty when there are none.</param>
/// <param name="RetryAfter">When to ask again; null when it is not said.</param>
internal sealed record ApiStatus(int Code, string Message, TimeSpan? RetryAfter)
{
    /// <summary>Reads one.</summary>
    /// <param name="reader">At its beginning, with the whole of it in reach.</param>
    /// <exception cref="JsonException">It is none.</exception>
    internal static ApiStatus Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("a status is no JSON object");
        }

        ApiStatus found = new(0, "", null);
        while (JsonSteps.NextProperty(ref reader))
        {
            if (reader.ValueTextEquals("message"u8))
            {
                found = found with { Message = JsonSteps.ReadText(ref reader) };
            }
            else if (reader.ValueTextEquals("code"u8))
            {
                found = found with { Code = ReadNumber(ref reader) };
            }
            else if (reader.ValueTextEquals("details"u8) && JsonSteps.EnterObject(ref reader))
            {
                found = found with { RetryAfter = ReadRetryAfter(ref reader) };
            }
            else if (reader.TokenType == JsonTokenType.PropertyName)
            {
                JsonSteps.SkipValue(ref reader);
            }
        }

        return found;
    }

    private static TimeSpan? ReadRetryAfter(ref Utf8JsonReader reader)
    {
        TimeSpan? after = null;
        while (JsonSteps.NextProperty(ref reader))
        {
            if (reader.ValueTextEquals("retryAfterSeconds"u8))
            {
                after = TimeSpan.FromSeconds(ReadNumber(ref reader));
            }
            else
            {
                JsonSteps.SkipValue(ref reader);
            }
        }

        return after;
    }

    private static int ReadNumber(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int number) ? number : 0;
    }
}
