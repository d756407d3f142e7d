using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Net;

namespace Overlay.Lease.Judging;

/// <summary>When a subnet may be reserved for a host, and what that comes to: the same for every store. Pure.</summary>
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
            : !config.Allows(subnet) ? $"the network config allows /{config.SubnetLength} from {config.SubnetMin} to "
                + $"{config.SubnetMax}; choose one of them"
            : LeaseJudge.FaultOfPublicIp(publicIp);
        if (reason is not null)
        {
            throw new LeaseStoreException($"{subnet} cannot be reserved: {reason}");
        }
    }

    /// <summary>What reserving comes to, given everything in the store.</summary>
    /// <param name="survey">Of the whole store.</param>
    /// <param name="subnet">One that <see cref="Check"/> allows.</param>
    /// <param name="publicIp">The host.</param>
    /// <param name="entry">The subnet's own entry, whether it counts or not; null for none.</param>
    /// <param name="place">Where that entry is, for a message.</param>
    /// <returns>What is to be written: nothing for <see cref="ReservationKind.Unchanged"/>.</returns>
    /// <exception cref="LeaseStoreException">The entry is no lease, or somebody else holds the subnet or a part of it;
    /// the line says who.</exception>
    public static LeaseReservation Decide(
        LeaseSurvey survey, Ipv4Prefix subnet, Ipv4Address publicIp, StoredLease? entry, string place)
    {
        ArgumentNullException.ThrowIfNull(survey);
        StoredLease? live = entry?.Expires > survey.Now ? entry : null;
        if (live is { IsReadable: false })
        {
            throw new LeaseStoreException($"{subnet} cannot be reserved: {place} is there and is no lease "
                + $"({live.Defect}); remove it first: overlay lease remove {subnet}");
        }

        RequireFree(subnet, publicIp, live?.Lease, survey.Leases);
        ReservationKind kind =
            live is null ? ReservationKind.Made
            : live.IsReservation ? ReservationKind.Unchanged
            : ReservationKind.FromLease;
        return new LeaseReservation(
            kind,
            survey.Leases.FirstOrDefault(lease => lease.PublicIp == publicIp && lease.Subnet != subnet)?.Subnet);
    }

    private static void RequireFree(
        Ipv4Prefix subnet, Ipv4Address publicIp, SubnetLease? held, IReadOnlyList<SubnetLease> leases)
    {
        SubnetLease? rival = held is not null && held.PublicIp != publicIp
            ? held
            : leases.FirstOrDefault(
                lease => lease.Subnet.Overlaps(subnet) && (lease.Subnet != subnet || lease.PublicIp != publicIp));
        if (rival is not null)
        {
            string what = rival.Subnet == subnet ? "it" : $"{rival.Subnet}, which overlaps it,";
            throw new LeaseStoreException(
                $"{subnet} cannot be reserved for {publicIp}: {what} is leased to {rival.PublicIp}; choose another, or "
                    + $"stop that host and remove its lease: overlay lease remove {rival.Subnet}");
        }
    }
}
