using System;
using System.Collections.Generic;
using Overlay.Lease;
using Overlay.Net;

namespace Overlay.Operator.Config;

/// <summary>Leases that a config does not allow: their hosts lose them when they next start.</summary>
internal static class ConfigConflicts
{
    /// <summary>One line for each entry that has not expired and names a subnet.</summary>
    internal static IEnumerable<string> Of(NetworkConfig config, IReadOnlyList<LeaseEntry> entries, DateTimeOffset now)
    {
        foreach (LeaseEntry entry in entries)
        {
            if (entry.Key is { } key && entry.Attributes is { } attributes && !(entry.Expires <= now))
            {
                string? reason = ReasonOf(config, key.Subnet);
                if (reason is not null)
                {
                    yield return $"the lease {key.Subnet} of {attributes.PublicIp} is not allowed by it: {reason}";
                }
            }
        }
    }

    private static string? ReasonOf(NetworkConfig config, Ipv4Prefix subnet) =>
        !config.EnableIPv4 ? "EnableIPv4 is false"
        : !config.Network.Contains(subnet) ? $"outside the Network {config.Network}"
        : subnet.Length != config.SubnetLength ? $"SubnetLen is {config.SubnetLength}"
        : !config.Allows(subnet) ? $"outside SubnetMin {config.SubnetMin} to SubnetMax {config.SubnetMax}"
        : null;
}
