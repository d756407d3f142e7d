using System.Collections.Generic;
using System.Text.Json;
using System.Text.Json.Serialization;
using Overlay.Lease;

namespace Overlay.Operator.Config;

/// <summary>A config with its defaults, in flannel's keys and order: it could be put into a store itself.</summary>
internal sealed record CompletedConfig
{
    /// <summary>Left out when true, its default.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonPropertyName("EnableIPv4")]
    public bool? EnableIPv4 { get; init; }

    /// <summary>Left out when false, its default.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonPropertyName("EnableIPv6")]
    public bool? EnableIPv6 { get; init; }

    /// <summary>Left out when false, its default.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonPropertyName("EnableNFTables")]
    public bool? EnableNFTables { get; init; }

    /// <summary>Left out without IPv4, as the next three are.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonPropertyName("Network")]
    public string? Network { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonPropertyName("SubnetLen")]
    public int? SubnetLen { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonPropertyName("SubnetMin")]
    public string? SubnetMin { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonPropertyName("SubnetMax")]
    public string? SubnetMax { get; init; }

    /// <summary>Left out without IPv6, as the next three are.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonPropertyName("IPv6Network")]
    public string? IPv6Network { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonPropertyName("IPv6SubnetLen")]
    public int? IPv6SubnetLen { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonPropertyName("IPv6SubnetMin")]
    public string? IPv6SubnetMin { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonPropertyName("IPv6SubnetMax")]
    public string? IPv6SubnetMax { get; init; }

    /// <summary>Type and options: as given where the backend is not ours.</summary>
    [JsonPropertyName("Backend")]
    public required JsonElement Backend { get; init; }

    /// <summary>The Backend in words.</summary>
    [JsonIgnore]
    public string BackendText { get; init; } = "";

    internal static CompletedConfig Of(NetworkConfig config, CompletedBackend backend)
    {
        CompletedConfig completed = new()
        {
            EnableIPv4 = config.EnableIPv4 ? null : false,
            EnableIPv6 = config.EnableIPv6 ? true : null,
            EnableNFTables = config.EnableNFTables ? true : null,
            Backend = JsonElement.Parse(backend.Json),
            BackendText = backend.Text,
        };
        if (config.EnableIPv4)
        {
            completed = completed with
            {
                Network = config.Network.ToString(),
                SubnetLen = config.SubnetLength,
                SubnetMin = config.SubnetMin.ToString(),
                SubnetMax = config.SubnetMax.ToString(),
            };
        }

        return config.EnableIPv6
            ? completed with
            {
                IPv6Network = config.IPv6Network.ToString(),
                IPv6SubnetLen = config.IPv6SubnetLength,
                IPv6SubnetMin = config.IPv6SubnetMin.ToString(),
                IPv6SubnetMax = config.IPv6SubnetMax.ToString(),
            }
            : completed;
    }

    /// <summary>What is there, in order.</summary>
    internal IEnumerable<(string Key, string Value)> Values()
    {
        (string Key, string? Value)[] all =
        [
            (nameof(EnableIPv4), EnableIPv4 is null ? null : "false"),
            (nameof(EnableIPv6), EnableIPv6 is null ? null : "true"),
            (nameof(EnableNFTables), EnableNFTables is null ? null : "true"),
            (nameof(Network), Network),
            (nameof(SubnetLen), SubnetLen?.ToString()),
            (nameof(SubnetMin), SubnetMin),
            (nameof(SubnetMax), SubnetMax),
            (nameof(IPv6Network), IPv6Network),
            (nameof(IPv6SubnetLen), IPv6SubnetLen?.ToString()),
            (nameof(IPv6SubnetMin), IPv6SubnetMin),
            (nameof(IPv6SubnetMax), IPv6SubnetMax),
            (nameof(Backend), BackendText),
        ];
        foreach ((string key, string? value) in all)
        {
            if (value is not null)
            {
                yield return (key, value);
            }
        }
    }
}
