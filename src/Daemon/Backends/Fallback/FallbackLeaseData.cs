using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using Overlay.Lease;
using Overlay.Net;

namespace Overlay.Daemon.Backends.Fallback;

/// <summary>
/// One key more in the BackendData of a vxlan lease, <c>"Fallback":{"Type":"udp","Port":8285}</c>: its host takes, and
/// answers, packets by udp as well. Stock ignores keys that it does not know (pkg/backend/vxlan, Go's encoding/json).
/// </summary>
internal static class FallbackLeaseData
{
    /// <summary>The backend that there is to fall back to.</summary>
    internal const string Type = "udp";

    private const string Key = "Fallback", TypeKey = "Type", PortKey = "Port";

    /// <summary>What the vxlan backend publishes, and the key.</summary>
    /// <param name="vxlan">Its BackendData is an object with keys.</param>
    /// <param name="port">Of the udp backend.</param>
    internal static BackendLeaseData With(BackendLeaseData vxlan, ushort port)
    {
        string own = vxlan.Data?[..^1] ?? throw new ArgumentException("no BackendData", nameof(vxlan));
        return new BackendLeaseData(
            vxlan.Type,
            $"{own},{string.Create(
                CultureInfo.InvariantCulture, $$$"""
                "{{{Key}}}":{"{{{TypeKey}}}":"{{{Type}}}","{{{PortKey}}}":{{{port}}}}}
                """)}",
            vxlan.V6Data);
    }

    /// <summary>The UDP port of a host that has the fall-back; null when it has none, as with stock.</summary>
    internal static ushort? PortOf(BackendLeaseData lease)
    {
        if (lease.Data is not { } json)
        {
            return null;
        }

        using var document = JsonDocument.Parse(json);
        JsonElement? fallback = Find(document.RootElement, Key);
        return Find(fallback, TypeKey) is { ValueKind: JsonValueKind.String } type && type.ValueEquals(Type)
            && Find(fallback, PortKey) is { ValueKind: JsonValueKind.Number } port
            && port.TryGetUInt16(out ushort number) && number > 0
            ? number
            : null;
    }

    /// <summary>The hosts that can be sent to by udp, by their public IPs.</summary>
    /// <param name="leases">The other hosts'; one with the key says it of its host.</param>
    /// <param name="port">This host's: datagrams go from port to the same port.</param>
    /// <param name="otherPorts">Hosts that have another one.</param>
    internal static IReadOnlySet<Ipv4Address> HostsOf(
        IReadOnlyCollection<SubnetLease> leases, ushort port, out IReadOnlyList<string> otherPorts)
    {
        HashSet<Ipv4Address> hosts = [];
        SortedSet<string> others = new(StringComparer.Ordinal);
        foreach (SubnetLease lease in leases)
        {
            if (PortOf(lease.Attributes.Backend) is not { } theirs)
            {
                continue;
            }

            if (theirs == port)
            {
                _ = hosts.Add(lease.PublicIp);
            }
            else
            {
                _ = others.Add(string.Create(CultureInfo.InvariantCulture, $"{lease.PublicIp} (port {theirs})"));
            }
        }

        otherPorts = [.. others];
        return hosts;
    }

    private static JsonElement? Find(JsonElement? element, string key) =>
        element is { ValueKind: JsonValueKind.Object } found
            ? found.EnumerateObject()
                .Where(property => property.Name.Equals(key, StringComparison.OrdinalIgnoreCase))
                .Select(property => (JsonElement?)property.Value).LastOrDefault()
            : null;
}
