using System;

namespace Overlay.Lease.Judging;

/// <summary>When a host may take a subnet at all: the same for every store. Pure.</summary>
public static class AcquireRules
{
    /// <summary>Whether the config lets hosts have subnets, and the host any.</summary>
    /// <param name="config">The network config.</param>
    /// <param name="request">Who asks.</param>
    /// <param name="configPlace">Where the config is, for a message.</param>
    /// <exception cref="LeaseStoreException">It does not; the line says why.</exception>
    public static void Check(NetworkConfig config, LeaseRequest request, string configPlace)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(request);
        if (!config.EnableIPv4)
        {
            throw new LeaseStoreException($"{configPlace} has EnableIPv4 false; leases here are for IPv4: remove it");
        }

        if (LeaseJudge.FaultOfPublicIp(request.PublicIp) is { } fault)
        {
            throw new LeaseStoreException($"no lease can be taken: {fault}");
        }
    }

    /// <summary>What to throw when <see cref="AcquireChoice.Subnet"/> is null.</summary>
    /// <param name="config">The network config.</param>
    /// <param name="leases">Where the leases are, with its preposition: <c>in /srv/overlay/subnets</c>.</param>
    /// <param name="configPlace">Where the config is.</param>
    public static LeaseStoreException OutOfSubnets(NetworkConfig config, string leases, string configPlace)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new LeaseStoreException(config.SubnetMin > config.SubnetMax
            ? $"out of subnets: SubnetMin {config.SubnetMin} is above SubnetMax {config.SubnetMax}, so there is none; "
                + $"correct {configPlace}"
            : $"out of subnets: every /{config.SubnetLength} from {config.SubnetMin} to {config.SubnetMax} {leases} is "
                + $"leased; enlarge Network or SubnetMax in {configPlace}, or remove leases of hosts that are gone");
    }
}
