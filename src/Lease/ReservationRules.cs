using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Net;

namespace Overlay.Lease;

/// <summary>When a subnet may be reserved for a host: the same for every store. Pure.</summary>
public static class ReservationRules
{
    /// <summary>Whether the config lets any host have the subnet, and the host any subnet.</summary>
    /// <exception cref="LeaseStoreException">It does not; the line says why.</exception>
    public static void Check(NetworkConfig config, Ipv4Prefix subnet, Ipv4Address publicIp)
    {
        ArgumentNullException.ThrowIfNull(config);
        string? reason =
            !config.EnableIPv4 ? "the network config has EnableIPv4 false"
            : !subnet.IsMasked ? $"it has host bits; the subnet is {subnet.Masked()}"
            : !config.Allows(subnet) ? $"the network config allows /{config.SubnetLength} from "
            + $"{config.SubnetMin} to "
                + $"{config.SubnetMax}; choose one of them"
            : LeaseJudge.FaultOfPublicIp(publicIp, config);
        if (reason is not null)
        {
            throw new LeaseStoreException($"{subnet} cannot be reserved: {reason}");
        }
    }

    /// <summary>Whether nobody but the host itself holds the subnet or a part of it.</summary>
    /// <param name="subnet">The subnet.</param>
    /// <param name="publicIp">The host.</param>
    /// <param name="held">The subnet's own entry while it has not expired, whether it counts or not; null for
    /// none.</param>
    /// <param name="leases">The leases that count.</param>
    /// <exception cref="LeaseStoreException">Somebody does; the line says who.</exception>
    public static void RequireFree(
        Ipv4Prefix subnet, Ipv4Address publicIp, SubnetLease? held, IReadOnlyList<SubnetLease> leases)
    {
        ArgumentNullException.ThrowIfNull(leases);
        SubnetLease? rival = held is not null && held.PublicIp != publicIp
            ? held
            : leases.FirstOrDefault(
                lease => lease.Subnet.Overlaps(subnet) && (lease.Subnet != subnet || lease.PublicIp != publicIp));
        if (rival is not null)
        {
            throw new LeaseStoreException($"{subnet} cannot be reserved for {publicIp}: "
                + $"{(rival.Subnet == subnet ? "it" : $"{rival.Subnet}, which overlaps it,")} is leased to "
                + $"{rival.PublicIp}; "
                + $"choose another, or stop that host and remove its lease: overlay lease remove {rival.Subnet}");
        }
    }
}
