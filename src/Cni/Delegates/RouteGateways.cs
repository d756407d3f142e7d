using System.Linq;
using System.Text.Json.Nodes;

namespace Overlay.Cni.Delegates;

/// <summary>
/// Routes without a gateway in a result: they go by the gateway of their family's address (CNI specification 1.1.0,
/// section 5, "routes"). The bridge plugin makes them so at ADD, and at CHECK looks for ones without (version 1.1.1).
/// </summary>
internal static class RouteGateways
{
    /// <summary>Writes the gateway into each route that has none.</summary>
    /// <param name="result">Of ADD; changed.</param>
    internal static void Fill(JsonNode? result)
    {
        if (result is not JsonObject json || json["routes"] is not JsonArray routes
            || json["ips"] is not JsonArray addresses)
        {
            return;
        }

        foreach (JsonObject route in routes.OfType<JsonObject>().Where(route => route["gw"] is null))
        {
            bool isIpv6 = IsIpv6(route["dst"]);
            if (addresses.OfType<JsonObject>().Select(address => address["gateway"])
                .FirstOrDefault(gateway => gateway is not null && IsIpv6(gateway) == isIpv6) is { } found)
            {
                route["gw"] = found.DeepClone();
            }
        }
    }

    private static bool IsIpv6(JsonNode? address) =>
        address is JsonValue value && value.TryGetValue(out string? text) && text.Contains(':');
}
