using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Overlay.Lease;

namespace Overlay.Operator.Leases;

/// <summary>The one object of <c>overlay lease list --json</c>.</summary>
/// <param name="Schema">1; a change that could break a reader gives it another number.</param>
/// <param name="Store">Kind and place of the store.</param>
/// <param name="Network">The overlay's network; null when the config is missing or not valid.</param>
/// <param name="Leases">By ascending address.</param>
internal sealed record LeaseListReport(int Schema, string Store, string? Network, IReadOnlyList<LeaseReport> Leases)
{
    internal const int CurrentSchema = 1;

    /// <summary>Reports what was listed.</summary>
    internal static LeaseListReport Of(string store, NetworkConfig? config, IReadOnlyList<LeaseEntry> entries) =>
        new(CurrentSchema, store, config?.Network.ToString(), [.. entries.Select(LeaseReport.Of)]);

    internal string ToJson() => JsonSerializer.Serialize(this, LeaseJson.Readable.LeaseListReport);
}

/// <summary>One entry of the store.</summary>
/// <param name="Subnet">Null when the entry's name is not a subnet.</param>
/// <param name="PublicIp">Null when the entry cannot be read.</param>
/// <param name="Expires">RFC 3339, UTC; null for a reservation, and when it is not known.</param>
/// <param name="Reserved">Without end.</param>
internal sealed record LeaseReport(string? Subnet, string? PublicIp, string? Expires, bool Reserved)
{
    /// <summary>The entry's name, where that is not a plain subnet.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    /// <summary>Where the owner has one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PublicIpv6 { get; init; }

    /// <summary>Left out for udp.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? BackendType { get; init; }

    /// <summary>The backend's own JSON.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? BackendData { get; init; }

    /// <summary>The same for IPv6.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? BackendV6Data { get; init; }

    /// <summary>Why the entry does not count.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Fault { get; init; }

    internal static LeaseReport Of(LeaseEntry entry)
    {
        string? subnet = entry.Key?.Subnet.ToString();
        bool hasEnd = entry.Expires is not null && !entry.IsReservation;
        return new LeaseReport(
            subnet,
            entry.Attributes is { } attributes ? attributes.PublicIp.ToString() : null,
            hasEnd ? Time(entry.Expires.GetValueOrDefault()) : null,
            entry.IsReservation)
        {
            Name = entry.Key is null or { Ipv6Subnet: not null } ? entry.Name : null,
            PublicIpv6 = entry.Attributes?.PublicIpv6 is { } ipv6 ? ipv6.ToString() : null,
            BackendType = entry.Attributes?.Backend.Type is { Length: > 0 } type ? type : null,
            BackendData = entry.Attributes?.Backend.Data is { } data ? JsonElement.Parse(data) : null,
            BackendV6Data = entry.Attributes?.Backend.V6Data is { } v6Data ? JsonElement.Parse(v6Data) : null,
            Fault = entry.Fault,
        };
    }

    internal static LeaseReport Of(SubnetLease lease) => Of(new LeaseEntry(
        new SubnetKey(lease.Subnet).Format(), new SubnetKey(lease.Subnet), lease.Attributes, lease.IsEndedByStore
            ? null
            : lease.Expires, null));

    /// <summary>RFC 3339, in whole seconds.</summary>
    internal static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}

[JsonSerializable(typeof(LeaseListReport))]
[JsonSerializable(typeof(LeaseEventReport))]
internal sealed partial class LeaseJson : JsonSerializerContext
{
    // For terminals and jq, never for a web page.
    internal static LeaseJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
