using System;
using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Logging;

/// <summary>What a line looks like in each format.</summary>
internal static class LineForms
{
    private static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly int s_process = Environment.ProcessId;

    /// <summary>A line in a format, without its end.</summary>
    internal static string Write(LogFormat format, LogLine line) => format switch
    {
        LogFormat.Json => Json(line),
        LogFormat.Klog => Klog(line),
        _ => Text(line),
    };

    /// <summary><c>2026-01-31T12:00:00.000Z info  text</c>.</summary>
    internal static string Text(LogLine line) => $"{Time(line)} {LogLevels.Name(line.Level),-5} {line.Text}";

    /// <summary>One JSON object: ts, level, event, id, msg, then the line's own fields.</summary>
    internal static string Json(LogLine line)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, s_json))
        {
            json.WriteStartObject();
            json.WriteString("ts", Time(line));
            json.WriteString("level", LogLevels.Name(line.Level));
            json.WriteString("event", line.Event);
            json.WriteNumber("id", line.Id);
            json.WriteString("msg", line.Text);
            if (line.Repeated > 0)
            {
                json.WriteNumber("repeated", line.Repeated);
            }

            foreach ((string name, string value) in line.Fields)
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>
    /// The header of klog (k8s.io/klog, formatHeader), with the event and its number where the file and its line are.
    /// </summary>
    internal static string Klog(LogLine line)
    {
        char level = line.Level switch
        {
            LogLevel.Warning => 'W',
            LogLevel.Error or LogLevel.Critical => 'E',
            _ => 'I',
        };
        string time = line.Time.ToLocalTime().ToString("MMdd HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
        return string.Create(
            CultureInfo.InvariantCulture, $"{level}{time} {s_process,7} {line.Event}:{line.Id}] {line.Text}");
    }

    /// <summary>The priority that the journal of systemd takes off a line (sd-daemon(3)).</summary>
    internal static string Priority(LogLevel level) => level switch
    {
        LogLevel.Error or LogLevel.Critical => "<3>",
        LogLevel.Warning => "<4>",
        LogLevel.Information => "<6>",
        _ => "<7>",
    };

    private static string Time(LogLine line) =>
        line.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
