using System;
using System.Linq;
using System.Text.Json;
using Overlay.Capture.Packets;
using Overlay.Capture.Text;
using Overlay.Terminal;

namespace Overlay.Diagnosis.Trace;

/// <summary>A trace as one JSON object.</summary>
internal static class TraceJson
{
    /// <summary>All of it.</summary>
    internal static string Of(TraceReport report) => JsonText.Write(json =>
    {
        json.WriteString("source", report.Source);
        json.WriteString("from", report.From?.ToString());
        json.WriteString("to", $"{report.To}");
        json.WriteString("host", report.Host);
        json.WriteString("otherHost", report.OtherHost?.ToString());
        json.WriteBoolean("otherHostSeen", report.IsOtherSeen);
        json.WriteBoolean("answered", report.Conclusion.IsAnswered);
        if (report.Tour.RoundTripNanoseconds is { } time)
        {
            json.WriteNumber("roundTripMicroseconds", time / 1000.0);
        }

        json.WriteStartArray("stops");
        foreach (TraceStop stop in report.Tour.Stops)
        {
            WriteStop(json, stop);
        }

        json.WriteEndArray();
        json.WriteStartArray("unseen");
        foreach ((TraceWay way, TracePoint point) in Enum.GetValues<TraceWay>()
            .SelectMany(way => report.Tour.Unseen(way).Select(point => (way, point))))
        {
            json.WriteStartObject();
            json.WriteString("packet", TraceText.Word(way));
            WritePoint(json, point);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("meaning", report.Conclusion.Meaning);
        WriteLines(json, "commands", report.Conclusion.Commands);
        WriteLines(json, "notes", report.Notes);
    });

    private static void WriteStop(Utf8JsonWriter json, TraceStop stop)
    {
        json.WriteStartObject();
        json.WriteNumber("number", stop.Number);
        json.WriteString("packet", TraceText.Word(stop.Seen.Way));
        WritePoint(json, stop.Seen.Point);
        json.WriteNumber("microseconds", stop.Microseconds);
        json.WriteNumber("length", stop.Seen.WireLength);
        if (TraceText.TimeToLive(stop) is { } ttl)
        {
            json.WriteNumber("ttl", ttl);
        }

        if (stop.Packet.Link.IsEthernet)
        {
            json.WriteString("sourceMac", $"{stop.Packet.Link.Source}");
            json.WriteString("destinationMac", $"{stop.Packet.Link.Destination}");
        }

        json.WriteString("drop", stop.Seen.Drop);
        WriteLines(json, "notes", stop.Notes);
        json.WritePropertyName("frame");
        PacketJson.Write(json, stop.Packet, ContextOf(stop));
        json.WriteEndObject();
    }

    /// <summary>What is known of a frame beside its bytes.</summary>
    internal static PacketContext ContextOf(TraceStop stop) => new(stop.Number, stop.Seen.Nanoseconds)
    {
        Interface = stop.Seen.Point.Device,
        Direction = stop.Seen.IsOutgoing ? CaptureDirection.Outbound : CaptureDirection.Inbound,
        Note = stop.Seen.Drop is { } reason ? $"dropped: {reason}" : null,
        Peer = stop.Seen.Peer,
    };

    private static void WritePoint(Utf8JsonWriter json, TracePoint point)
    {
        json.WriteString("host", point.Host);
        json.WriteBoolean("ownHost", point.IsOwnHost);
        json.WriteString("stop", TraceText.Word(point.Kind));
        json.WriteString("device", point.Device);
    }

    private static void WriteLines(
        Utf8JsonWriter json, string name, System.Collections.Generic.IEnumerable<string> lines)
    {
        json.WriteStartArray(name);
        foreach (string line in lines)
        {
            json.WriteStringValue(line);
        }

        json.WriteEndArray();
    }
}
