using System.Text.Json.Nodes;
using Overlay.Cni.Protocol;
using Overlay.Lease;

namespace Overlay.Cni.Delegates;

/// <summary>
/// The config of the plugin that does the work (flannel-io/cni-plugin flannel_linux.go, doCmdAdd, and flannel.go,
/// getDelegateIPAM): what the user has given, and what he left open by what the daemon says of the host.
/// </summary>
internal static class DelegateConfig
{
    private const string DefaultType = "bridge", DefaultIpamType = "host-local";

    /// <summary>Makes it.</summary>
    /// <param name="config">The plugin's own.</param>
    /// <param name="subnet">What the daemon says.</param>
    /// <exception cref="CniException">The user has given what is not his to give, or a field has another type.
    /// </exception>
    internal static JsonObject Make(PluginConfig config, SubnetEnv subnet)
    {
        JsonObject made = config.Delegate is null ? [] : Copy(config.Delegate);
        Refuse(made);
        made["name"] = config.Name;
        made.TryAdd("type", DefaultType);
        made.TryAdd("ipMasq", !subnet.Masquerade);
        made.TryAdd("mtu", subnet.Mtu);
        if (made["type"]!.GetValue<string>() == DefaultType)
        {
            made.TryAdd("isGateway", true);
        }

        if (config.HasVersion)
        {
            made["cniVersion"] = config.Version;
        }

        if (config.RuntimeConfig is { } runtime)
        {
            made["runtimeConfig"] = Copy(runtime);
        }

        made["ipam"] = MakeIpam(config, subnet);
        return made;
    }

    /// <summary>The subnets that addresses of pods are taken from, IPv4 first.</summary>
    internal static JsonArray Ranges(SubnetEnv subnet)
    {
        JsonArray ranges = [];
        if (subnet.Subnet is { } subnet4)
        {
            ranges.Add((JsonNode)Range(subnet4.ToString()));
        }

        if (subnet.Ipv6Subnet is { } subnet6)
        {
            ranges.Add((JsonNode)Range(subnet6.ToString()));
        }

        return ranges;

        static JsonArray Range(string text) => new(new JsonObject { ["subnet"] = text });
    }

    private static JsonObject MakeIpam(PluginConfig config, SubnetEnv subnet)
    {
        JsonObject ipam = config.Ipam is null ? [] : Copy(config.Ipam);
        ipam.TryAdd("type", DefaultIpamType);
        ipam["ranges"] = Ranges(subnet);
        JsonArray routes = ipam["routes"] switch
        {
            null => [],
            JsonArray own => (JsonArray)own.DeepClone(),
            _ => throw Bad("'routes' of 'ipam' is no list"),
        };
        foreach (Net.Ipv4Prefix network in subnet.Networks)
        {
            routes.Add((JsonNode)new JsonObject { ["dst"] = network.ToString() });
        }

        foreach (Net.Ipv6Prefix network in subnet.Ipv6Networks)
        {
            routes.Add((JsonNode)new JsonObject { ["dst"] = network.ToString() });
        }

        ipam["routes"] = routes;
        return ipam;
    }

    private static void Refuse(JsonObject given)
    {
        if (given.ContainsKey("type") && (given["type"] is not JsonValue type || !type.TryGetValue(out string? _)))
        {
            throw Bad("'delegate' dictionary, if present, must have (string) 'type' field");
        }

        foreach (string name in (string[])["name", "ipam"])
        {
            if (given.ContainsKey(name))
            {
                throw Bad($"'delegate' dictionary must not have '{name}' field, it'll be set by flannel");
            }
        }
    }

    private static JsonObject Copy(JsonObject given) => (JsonObject)given.DeepClone();

    private static CniException Bad(string why) => new(CniError.InvalidConfig, why);
}
