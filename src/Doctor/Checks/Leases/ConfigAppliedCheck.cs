using System.Collections.Generic;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;
using Overlay.Lease;

namespace Overlay.Doctor.Checks.Leases;

/// <summary>L20: whether the network config is the one that this host's daemon works with; it is read at the start.
/// </summary>
internal sealed class ConfigAppliedCheck : ICheck
{
    private const int DefaultPort = 8285;

    private static readonly Row s_row = new(
        "L20", HealthCodes.ConfigChanged.Name, HealthSeverity.Warning,
        "the network config has been changed, and this host works with an older one",
        "flannel's Documentation/configuration.md");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_row];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        string[] differences = host.Store?.Config is { } config ? [.. Differences(host, config)] : [];
        return differences.Length > 0
            ?
            [
                new Finding(
                    s_row, "", string.Join("; ", differences),
                    host.Daemon is null
                        ? "restart the daemon of this host (systemctl restart flanneld)"
                        : "have the daemon read it: systemctl reload overlay, or kill -HUP"),
            ]
            : DaemonWarnings.Of(host, HealthCodes.ConfigChanged, s_row);
    }

    private static IEnumerable<string> Differences(HostFacts host, NetworkConfig config)
    {
        if (config.EnableIPv4 && host.Overlay.Network is { } network && network.Masked() != config.Network)
        {
            yield return $"Network is {config.Network} in the store, and {network} on this host";
        }

        if (host.Daemon is not { } daemon)
        {
            yield break;
        }

        if (!config.Backend.Is(daemon.Backend))
        {
            yield return $"Backend is {config.Backend.Type} in the store, and {daemon.Backend} on this host";
        }
        else if (config.Backend.Is(StoredLeases.Udp) && host.Overlay.Port is { } used && PortOf(config) is { } port
            && port != used)
        {
            yield return $"Port is {port} in the store, and {used} on this host";
        }
    }

    // Null for one that the backend refuses.
    private static int? PortOf(NetworkConfig config)
    {
        try
        {
            return config.Backend.ReadInteger("Port", 1, ushort.MaxValue) ?? DefaultPort;
        }
        catch (NetworkConfigException)
        {
            return null;
        }
    }
}
