using System;
using System.Buffers;
using System.Text;
using System.Text.Json;
using Overlay.Net;

namespace Overlay.Lease;

/// <summary>
/// What a lease publishes about its owner: the JSON value beside the key (flannel pkg/subnet/subnet.go LeaseAttrs).
/// </summary>
/// <param name="PublicIp">The address peers send to; 0.0.0.0 when the value has none.</param>
public sealed record LeaseAttributes(Ipv4Address PublicIp)
{
    private const string TypeField = "BackendType", DataField = "BackendData", V6DataField = "BackendV6Data";

    /// <summary>Null when the owner has no public IPv6 address.</summary>
    public Ipv6Address? PublicIpv6 { get; init; }

    /// <summary>What its backend publishes, unread.</summary>
    public BackendLeaseData Backend { get; init; } = BackendLeaseData.None;

    /// <summary>Reads the value. Keys without regard to case, unknown ones ignored, PublicIP may be missing.</summary>
    /// <param name="json">UTF-8, exactly one JSON object.</param>
    /// <exception cref="FormatException">Wrong JSON, a value of the wrong kind, or an address that does not parse; the
    /// message names it in one line.</exception>
    public static LeaseAttributes Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            LeaseAttributes attributes = ReadObject(ref reader);
            // Makes the reader look at what follows the object: anything but blanks is an error.
            reader.Read();
            return attributes;
        }
        catch (Exception problem) when (
            problem is JsonException or InvalidOperationException or ArgumentException)
        {
            // InvalidOperationException is how the reader refuses bytes that are not UTF-8; ArgumentException, how
            // BackendLeaseData refuses half a surrogate pair.
            throw new FormatException($"not valid JSON: {OneLine.Shorten(Encoding.UTF8.GetString(json))}", problem);
        }
    }

    /// <summary>Writes the value compactly, in flannel's field order; empty backend fields are left out.</summary>
    /// <returns>UTF-8, for example <c>{"PublicIP":"1.2.3.4","PublicIPv6":null}</c>.</returns>
    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (Utf8JsonWriter writer = new(buffer, BackendLeaseData.Compact))
        {
            writer.WriteStartObject();
            writer.WriteString("PublicIP", PublicIp.ToString());
            writer.WriteString("PublicIPv6", PublicIpv6?.ToString());
            if (Backend.Type.Length > 0)
            {
                writer.WriteString(TypeField, Backend.Type);
            }

            WriteRaw(writer, DataField, Backend.Data);
            WriteRaw(writer, V6DataField, Backend.V6Data);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static LeaseAttributes ReadObject(ref Utf8JsonReader reader)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new FormatException("the value is not a JSON object");
        }

        Ipv4Address publicIp = default;
        Ipv6Address? publicIpv6 = null;
        string type = "";
        string? data = null;
        string? dataV6 = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString() ?? "";
            reader.Read();
            if (name.Equals("PublicIP", StringComparison.OrdinalIgnoreCase))
            {
                publicIp = ReadAddress(ref reader);
            }
            else if (name.Equals("PublicIPv6", StringComparison.OrdinalIgnoreCase))
            {
                publicIpv6 = ReadIpv6Address(ref reader);
            }
            else if (name.Equals(TypeField, StringComparison.OrdinalIgnoreCase))
            {
                type = ReadText(ref reader, TypeField) ?? "";
            }
            else if (name.Equals(DataField, StringComparison.OrdinalIgnoreCase))
            {
                data = ReadRaw(ref reader);
            }
            else if (name.Equals(V6DataField, StringComparison.OrdinalIgnoreCase))
            {
                dataV6 = ReadRaw(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return new LeaseAttributes(publicIp)
        {
            PublicIpv6 = publicIpv6,
            Backend = type.Length == 0 && data is null && dataV6 is null
                ? BackendLeaseData.None
                : new BackendLeaseData(type, data, dataV6),
        };
    }

    private static Ipv4Address ReadAddress(ref Utf8JsonReader reader)
    {
        if (ReadText(ref reader, "PublicIP") is not { } text)
        {
            return default;
        }

        return Ipv4Address.TryParse(text, out Ipv4Address address)
            ? address
            : throw new FormatException($"PublicIP '{OneLine.Shorten(text)}' is not an IPv4 address");
    }

    private static Ipv6Address? ReadIpv6Address(ref Utf8JsonReader reader)
    {
        if (ReadText(ref reader, "PublicIPv6") is not { } text)
        {
            return null;
        }

        return Ipv6Address.TryParse(text, out Ipv6Address address)
            ? address
            : throw new FormatException($"PublicIPv6 '{OneLine.Shorten(text)}' is not an IPv6 address");
    }

    private static string? ReadText(ref Utf8JsonReader reader, string field) => reader.TokenType switch
    {
        JsonTokenType.Null => null,
        JsonTokenType.String => reader.GetString(),
        _ => throw new FormatException($"{field} is not a string"),
    };

    private static string ReadRaw(ref Utf8JsonReader reader)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return document.RootElement.GetRawText();
    }

    private static void WriteRaw(Utf8JsonWriter writer, string field, string? json)
    {
        if (json is not null)
        {
            writer.WritePropertyName(field);
            writer.WriteRawValue(json);
        }
    }
}
