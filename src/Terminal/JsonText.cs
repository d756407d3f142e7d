using System;
using System.IO;
using System.Text;
using System.Text.Json;

namespace Overlay.Terminal;

/// <summary>JSON that a command prints.</summary>
public static class JsonText
{
    /// <summary>One JSON object.</summary>
    /// <param name="write">Writes its members.</param>
    /// <param name="isIndented">Whether each has a line; otherwise all are in one.</param>
    public static string Write(Action<Utf8JsonWriter> write, bool isIndented = true)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = isIndented }))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
