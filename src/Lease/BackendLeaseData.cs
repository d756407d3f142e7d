using System;
using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Overlay.Lease;

/// <summary>
/// What a host's backend publishes in the host's lease, for the same backend of its peers: BackendType, BackendData and
/// BackendV6Data (flannel pkg/lease/lease.go LeaseAttrs). Only backends look into it; everything else carries it.
/// </summary>
public sealed record BackendLeaseData
{
    // The readers of this JSON take any escaping; a MAC or a key must stay readable to people.
    internal static readonly JsonWriterOptions Compact =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Names what is published.</summary>
    /// <param name="type">The backend, as flannel spells it; empty for udp and alloc, which publish nothing.</param>
    /// <param name="data">The backend's own JSON, any value; null for none.</param>
    /// <param name="v6Data">The same for IPv6; null for none.</param>
    /// <exception cref="ArgumentException">Not JSON.</exception>
    public BackendLeaseData(string type, string? data = null, string? v6Data = null)
    {
        ArgumentNullException.ThrowIfNull(type);
        Type = type;
        Data = Compacted(data, nameof(data));
        V6Data = Compacted(v6Data, nameof(v6Data));
    }

    /// <summary>What the udp backend publishes: nothing, not even its name.</summary>
    public static BackendLeaseData None { get; } = new("");

    /// <summary>Empty for the udp backend.</summary>
    public string Type { get; }

    /// <summary>The backend in words.</summary>
    public string Name => Type.Length == 0 ? "udp" : Type;

    /// <summary>The backend's own JSON without blanks, so that equal values are equal text; null for none.</summary>
    public string? Data { get; }

    /// <summary>The same for IPv6.</summary>
    public string? V6Data { get; }

    // JSON null is how a writer says that there is none.
    private static string? Compacted(string? json, string parameter)
    {
        if (json is null)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind == JsonValueKind.Null)
            {
                return null;
            }

            var buffer = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(buffer, Compact))
            {
                document.RootElement.WriteTo(writer);
            }

            return Encoding.UTF8.GetString(buffer.WrittenSpan);
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            // InvalidOperationException is how JsonElement refuses half a surrogate pair.
            throw new ArgumentException("not JSON", parameter, problem);
        }
    }
}
