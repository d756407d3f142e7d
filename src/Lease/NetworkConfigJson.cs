using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.Json;
using Overlay.Net;

namespace Overlay.Lease;

/// <summary>
/// Reads the keys of the network config by the rules of Go's encoding/json: names without regard to case, the last of
/// several wins, null changes nothing, an integer is a run of digits and nothing else.
/// </summary>
internal static class NetworkConfigJson
{
    /// <summary>Reads what can be read; 0 and null stand for "not given".</summary>
    /// <param name="json">The whole config.</param>
    /// <param name="broken">Gets what cannot, in the order of the text.</param>
    internal static NetworkConfig Read(string json, List<NetworkConfigException> broken)
    {
        var config = new NetworkConfig();
        try
        {
            using JsonDocument document = ParseDocument(json);
            JsonElement root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Null)
            {
                return config;
            }

            if (root.ValueKind != JsonValueKind.Object)
            {
                throw new NetworkConfigException($"the config must be a JSON object, found {Shown(root)}");
            }

            foreach (JsonProperty property in root.EnumerateObject())
            {
                try
                {
                    config = WithProperty(config, property.Name, property.Value);
                }
                catch (NetworkConfigException problem)
                {
                    broken.Add(problem);
                }
            }
        }
        catch (NetworkConfigException problem)
        {
            broken.Add(problem);
        }
        catch (InvalidOperationException problem)
        {
            // How JsonElement refuses half a surrogate pair.
            broken.Add(new NetworkConfigException("the config holds text that is not Unicode", problem));
        }

        return config;
    }

    private static JsonDocument ParseDocument(string json)
    {
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException problem)
        {
            throw new NetworkConfigException(
                $"the config is not valid JSON (line {problem.LineNumber + 1}, byte {problem.BytePositionInLine + 1})",
                problem);
        }
    }

    private static NetworkConfig WithProperty(NetworkConfig config, string name, JsonElement value)
    {
        // For a Backend, and only there, null is a value: it is present and has no Type.
        if (value.ValueKind == JsonValueKind.Null && !name.Equals("Backend", StringComparison.OrdinalIgnoreCase))
        {
            return config;
        }

        return name.ToUpperInvariant() switch
        {
            "ENABLEIPV4" => config with { EnableIPv4 = ReadBoolean("EnableIPv4", value) },
            "ENABLEIPV6" => config with { EnableIPv6 = ReadBoolean("EnableIPv6", value) },
            "ENABLENFTABLES" => config with { EnableNFTables = ReadBoolean("EnableNFTables", value) },
            "NETWORK" => config with { Network = ReadNetwork(value) },
            "IPV6NETWORK" => config with { IPv6Network = ReadIPv6Network(value) },
            "SUBNETLEN" => config with { SubnetLength = ReadLength("SubnetLen", value) },
            "SUBNETMIN" => config with { SubnetMin = ReadAddress("SubnetMin", value) },
            "SUBNETMAX" => config with { SubnetMax = ReadAddress("SubnetMax", value) },
            "IPV6SUBNETLEN" => config with { IPv6SubnetLength = ReadLength("IPv6SubnetLen", value) },
            "IPV6SUBNETMIN" => config with { IPv6SubnetMin = ReadIPv6Address("IPv6SubnetMin", value) },
            "IPV6SUBNETMAX" => config with { IPv6SubnetMax = ReadIPv6Address("IPv6SubnetMax", value) },
            "BACKEND" => config with { Backend = ReadBackend(value) },
            _ => config,
        };
    }

    // The options are the backend's to read: for vxlan, Port 0 is the kernel's default; for udp, it is wrong.
    private static BackendConfig ReadBackend(JsonElement backend)
    {
        if (backend.ValueKind == JsonValueKind.Null)
        {
            return new BackendConfig("", "{}");
        }

        if (backend.ValueKind != JsonValueKind.Object)
        {
            throw BadBackend($"it must be an object, found {Shown(backend)}");
        }

        string type = "";
        foreach (JsonProperty property in backend.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.Null
                && property.Name.Equals("Type", StringComparison.OrdinalIgnoreCase))
            {
                type = property.Value.ValueKind == JsonValueKind.String
                    ? property.Value.GetString() ?? ""
                    : throw BadBackend($"Type must be a string, found {Shown(property.Value)}");
            }
        }

        return new BackendConfig(type, backend.GetRawText());
    }

    private static bool ReadBoolean(string key, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new NetworkConfigException($"{key} must be true or false, found {Shown(value)}"),
    };

    // Every length above 128 breaks the same range rule, so what an int cannot hold needs no meaning of its own.
    private static int ReadLength(string key, JsonElement value) =>
        TryReadDigits(value, out ulong length)
            ? (int)Math.Min(length, int.MaxValue)
            : throw new NetworkConfigException($"{key} must be an unsigned integer, found {Shown(value)}");

    /// <summary>
    /// Reads a run of digits: a JSON number may carry a sign, a fraction or an exponent, and Go accepts none of them
    /// for an unsigned field.
    /// </summary>
    internal static bool TryReadDigits(JsonElement value, out ulong number)
    {
        number = 0;
        return value.ValueKind == JsonValueKind.Number
            && ulong.TryParse(value.GetRawText(), NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    private static Ipv4Prefix ReadNetwork(JsonElement value)
    {
        string text = ReadText(value);
        if (Ipv4Prefix.TryParse(text, out Ipv4Prefix network))
        {
            return network.Masked();
        }

        throw new NetworkConfigException(
            Ipv6Prefix.TryParse(text, out _) ? "invalid IPv4 CIDR format" : $"invalid CIDR address: {text}");
    }

    private static Ipv6Prefix ReadIPv6Network(JsonElement value)
    {
        string text = ReadText(value);
        if (Ipv6Prefix.TryParse(text, out Ipv6Prefix network))
        {
            return network.Masked();
        }

        throw new NetworkConfigException(
            Ipv4Prefix.TryParse(text, out _) ? "invalid IPv6 CIDR format" : $"invalid CIDR address: {text}");
    }

    private static Ipv4Address ReadAddress(string key, JsonElement value) =>
        Ipv4Address.TryParse(ReadText(value), out Ipv4Address address)
            ? address
            : throw new NetworkConfigException($"{key} must be an IPv4 address, found {Shown(value)}");

    private static Ipv6Address ReadIPv6Address(string key, JsonElement value) =>
        Ipv6Address.TryParse(ReadText(value), out Ipv6Address address)
            ? address
            : throw new NetworkConfigException($"{key} must be an IPv6 address, found {Shown(value)}");

    private static string ReadText(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : Shown(value);

    private static NetworkConfigException BadBackend(string detail) =>
        new($"error decoding Backend property of config: {detail}");

    private static string Shown(JsonElement value) => OneLine.Shorten(value.GetRawText());
}
