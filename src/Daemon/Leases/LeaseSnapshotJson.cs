using System;
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Overlay.Lease;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Daemon.Leases;

/// <summary>A <see cref="LeaseSnapshot"/> as JSON. Only a whole one can be read.</summary>
internal static class LeaseSnapshotJson
{
    // Of this form. Another one is not guessed at.
    private const int Schema = 1;

    private static readonly JsonWriterOptions s_writing =
        new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>UTF-8, a line for each thing.</summary>
    internal static byte[] Write(LeaseSnapshot snapshot)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, s_writing))
        {
            writer.WriteStartObject();
            writer.WriteNumber("schema", Schema);
            writer.WriteString("written", Format(snapshot.Written));
            writer.WriteString("store", snapshot.Store);
            writer.WriteString("config", snapshot.Config.Json);
            writer.WritePropertyName("own");
            Write(writer, snapshot.Own, withExpiry: true);
            writer.WriteStartArray("peers");
            foreach (SubnetLease peer in snapshot.Peers)
            {
                Write(writer, peer, withExpiry: false);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads what <see cref="Write(LeaseSnapshot)"/> wrote.</summary>
    /// <exception cref="FormatException">It is something else, or not all of it; the message says what is
    /// wrong.</exception>
    internal static LeaseSnapshot Read(byte[] json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            int schema = root.GetProperty("schema").GetInt32();
            if (schema != Schema)
            {
                throw new FormatException($"its schema is {schema}, where this version reads {Schema}");
            }

            SubnetLease[] peers = [.. root.GetProperty("peers").EnumerateArray().Select(
                peer => ReadLease(peer, withExpiry: false))];
            return new LeaseSnapshot(
                ReadTime(root, "written"),
                ReadText(root, "store"),
                NetworkConfig.Parse(ReadText(root, "config")),
                ReadLease(root.GetProperty("own"), withExpiry: true),
                peers);
        }
        catch (Exception problem) when (
            problem is JsonException or KeyNotFoundException or InvalidOperationException or NetworkConfigException)
        {
            throw new FormatException($"it is not whole: {problem.Message.Split('\n')[0].TrimEnd('.', '\r')}", problem);
        }
    }

    private static void Write(Utf8JsonWriter writer, SubnetLease lease, bool withExpiry)
    {
        writer.WriteStartObject();
        writer.WriteString("subnet", lease.Subnet.ToString());
        if (withExpiry)
        {
            writer.WriteString("expires", lease.Expires == DateTimeOffset.MaxValue ? null : Format(lease.Expires));
        }

        writer.WritePropertyName("attributes");
        writer.WriteRawValue(lease.Attributes.ToJson());
        writer.WriteEndObject();
    }

    private static SubnetLease ReadLease(JsonElement lease, bool withExpiry)
    {
        string text = ReadText(lease, "subnet");
        if (!Ipv4Prefix.TryParse(text, out Ipv4Prefix subnet))
        {
            throw new FormatException($"'{TerminalText.Mask(text)}' in it is not a subnet");
        }

        DateTimeOffset expires = withExpiry && lease.GetProperty("expires").ValueKind != JsonValueKind.Null
            ? ReadTime(lease, "expires")
            : DateTimeOffset.MaxValue;
        byte[] attributes = Encoding.UTF8.GetBytes(lease.GetProperty("attributes").GetRawText());
        return new SubnetLease(subnet, LeaseAttributes.Parse(attributes), expires);
    }

    private static string ReadText(JsonElement element, string name) =>
        element.GetProperty(name).GetString() ?? throw new FormatException($"'{name}' in it is null");

    private static DateTimeOffset ReadTime(JsonElement element, string name) => DateTimeOffset.TryParseExact(
        ReadText(element, name), "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time)
        ? time
        : throw new FormatException($"'{name}' in it is not a time");

    private static string Format(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture);
}
