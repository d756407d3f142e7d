using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;
using Overlay.Lease;

namespace Overlay.Doctor.Checks.Leases;

/// <summary>
/// L1, L2, L3, L21: whether the store has a network config, and one that is understood as it was meant.
/// </summary>
internal sealed class ConfigCheck : ICheck
{
    private const string Documentation = "flannel's Documentation/configuration.md";

    private static readonly Row s_missing = new(
        "L1", "config-missing", HealthSeverity.Error,
        "no daemon can start: the lease store has no network config", Documentation);

    private static readonly Row s_broken = new(
        "L2", "config-invalid", HealthSeverity.Error,
        "no daemon can start: the network config is not valid", Documentation);

    private static readonly Row s_noBackend = new(
        "L3", "config-without-backend", HealthSeverity.Info,
        "the network config names no backend, which means udp although flannel's documentation says vxlan",
        "flannel pkg/subnet/config.go, parseBackendType");

    private static readonly Row s_ipv6 = new(
        "L21", "config-ipv6", HealthSeverity.Info,
        "the network config asks for IPv6, which the udp backend does not carry", Documentation);

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_missing, s_broken, s_noBackend, s_ipv6];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        if (host.Store is not { Problem: null } store)
        {
            yield break;
        }

        if (store.ConfigText is not { } text)
        {
            string network = host.Overlay.Network?.ToString() ?? "10.244.0.0/16";
            yield return new Finding(
                s_missing, store.Description, $"{store.Description} has no config",
                $"printf '%s' '{{\"Network\":\"{network}\",\"Backend\":{{\"Type\":\"udp\"}}}}' | overlay config put - "
                    + StoredLeases.Words(store))
            {
                IsCommand = StoredLeases.IsFile(store) && host.Overlay.Network is not null,
            };
            yield break;
        }

        if (store.ConfigProblem is not null)
        {
            yield return new Finding(
                s_broken, store.Description, string.Join("; ", NetworkConfigCheck.Of(text).Problems.Take(3)),
                $"correct it, and look at it before: overlay config check FILE, then overlay config put FILE "
                    + StoredLeases.Words(store));
        }

        if (store.Config is not { } config)
        {
            yield break;
        }

        if (!NamesBackend(text))
        {
            yield return new Finding(
                s_noBackend, store.Description, $"{text.ReplaceLineEndings(" ").Trim()} has no Backend",
                "say which: \"Backend\":{\"Type\":\"udp\"}, or another that all hosts can have");
        }

        if (config.EnableIPv6 && (StoredLeases.OwnBackend(host) ?? StoredLeases.Udp).Equals(
            StoredLeases.Udp, StringComparison.OrdinalIgnoreCase))
        {
            yield return new Finding(
                s_ipv6, store.Description, "EnableIPv6 is true and the backend is udp",
                "leave EnableIPv6 out, or choose a backend that carries IPv6 (vxlan)");
        }
    }

    private static bool NamesBackend(string text)
    {
        using var document = JsonDocument.Parse(text); // it has been parsed as a config before
        return document.RootElement.EnumerateObject().Any(property =>
            property.Name.Equals("Backend", StringComparison.OrdinalIgnoreCase)
            && property.Value.ValueKind == JsonValueKind.Object);
    }
}
