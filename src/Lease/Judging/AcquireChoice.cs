using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Net;

namespace Overlay.Lease.Judging;

/// <summary>Which subnet a host takes, given everything in the store. Pure.</summary>
/// <param name="Subnet">Null when none is free.</param>
/// <param name="Own">The entry by which the host has it already; null when it does not.</param>
/// <param name="Obsolete">The host's own leases that cannot be used any longer, to be removed.</param>
public sealed record AcquireChoice(Ipv4Prefix? Subnet, StoredLease? Own, IReadOnlyList<StoredLease> Obsolete)
{
    /// <summary>Chooses.</summary>
    /// <param name="survey">Of the whole store.</param>
    /// <param name="config">With IPv4 enabled.</param>
    /// <param name="request">Who asks.</param>
    /// <param name="random">Decides among free subnets.</param>
    /// <param name="warn">Gets one line for each thing that the host had and does not get.</param>
    public static AcquireChoice Make(
        LeaseSurvey survey, NetworkConfig config, LeaseRequest request, Random random, Action<string> warn)
    {
        (StoredLease? own, List<StoredLease> obsolete) = FindOwn(survey, config, request, warn);
        Ipv4Prefix? subnet = own?.Lease?.Subnet;
        if (subnet is null)
        {
            List<Ipv4Prefix> taken = Taken(survey, config, request, obsolete);
            subnet = Previous(request.PreviousSubnet, config, taken, warn) ?? Allocate(survey, config, taken, random);
        }

        return new AcquireChoice(subnet, own, obsolete);
    }

    /// <summary>The entry by which a host would have its subnet again; null when there is none.</summary>
    /// <inheritdoc cref="Make"/>
    public static StoredLease? FindHeld(LeaseSurvey survey, NetworkConfig config, LeaseRequest request) =>
        FindOwn(survey, config, request, _ => { }).Own;

    // The host is known by its public address. Of several leases of its own it takes one that is reserved for it; else
    // the one it held before, because its pods have addresses of it. An expired lease that nobody has taken over will
    // do, after those that have not expired. A reservation is never removed here: that is for whoever made it.
    private static (StoredLease? Own, List<StoredLease> Obsolete) FindOwn(
        LeaseSurvey survey, NetworkConfig config, LeaseRequest request, Action<string> warn)
    {
        StoredLease? own = null;
        List<StoredLease> obsolete = [];
        IEnumerable<StoredLease> ours = survey.Stored
            .Where(entry => IsOurs(entry, request))
            .OrderBy(entry => !entry.IsReservation)
            .ThenBy(entry => entry.Lease?.Subnet != request.PreviousSubnet)
            .ThenBy(entry => entry.Expires <= survey.Now)
            .ThenBy(entry => entry.Name, StringComparer.Ordinal);
        foreach (StoredLease entry in ours)
        {
            Ipv4Prefix subnet = entry.Key?.Subnet ?? default;
            bool isUsable = entry.Key?.Ipv6Subnet is null
                && subnet.IsMasked
                && config.Allows(subnet)
                && !(request.LostSubnet is { } lost && lost.Overlaps(subnet))
                && !survey.Leases.Any(lease => lease.PublicIp != request.PublicIp && lease.Subnet.Overlaps(subnet));
            if (!isUsable && entry.IsReservation)
            {
                warn($"{entry.Name} is reserved for {request.PublicIp} and cannot be used: the "
                    + "network config does "
                    + "not allow it, or another host's lease, or the subnet just lost to one, overlaps it; it stays "
                    + "until it is removed: overlay lease remove");
            }
            else if (!isUsable)
            {
                obsolete.Add(entry);
            }
            else
            {
                own ??= entry;
            }
        }

        return (own, obsolete);
    }

    // Another host uses a lost subnet with our public address, so the address does not make it ours.
    private static bool IsOurs(StoredLease entry, LeaseRequest request) =>
        entry.IsOf(request.PublicIp) && !(request.LostSubnet is { } lost && entry.Key?.Subnet == lost);

    // Called when none of our own leases can be used. Besides the leases of others, an entry whose content cannot be
    // used keeps its name taken: it is not ours to overwrite. And where hosts have their addresses inside the network,
    // no pod gets one of those.
    private static List<Ipv4Prefix> Taken(
        LeaseSurvey survey, NetworkConfig config, LeaseRequest request, List<StoredLease> obsolete)
    {
        List<Ipv4Prefix> taken =
            [.. survey.Leases.Where(lease => lease.PublicIp != request.PublicIp).Select(lease => lease.Subnet)];
        taken.AddRange(survey.Faults
            .Where(
                fault => fault.Stored.Key is { } key && config.Allows(key.Subnet) && !obsolete.Contains(fault.Stored))
            .Select(fault => fault.Stored.Key.GetValueOrDefault().Subnet));
        taken.AddRange(survey.Stored
            .Where(entry => entry is { IsReservation: true, Key: not null } && IsOurs(entry, request))
            .Select(entry => entry.Key.GetValueOrDefault().Subnet)
            .Where(config.Allows));
        taken.AddRange(survey.Leases.Select(lease => lease.PublicIp).Append(request.PublicIp).Distinct()
            .Where(config.Network.Contains).Select(host => new Ipv4Prefix(host, 32)));
        if (request.LostSubnet is { } lost)
        {
            taken.Add(lost);
        }

        return taken;
    }

    private static Ipv4Prefix? Previous(
        Ipv4Prefix? previous, NetworkConfig config, List<Ipv4Prefix> taken, Action<string> warn)
    {
        if (previous is not { } subnet)
        {
            return null;
        }

        bool isAllowed = subnet.IsMasked && config.Allows(subnet);
        if (isAllowed && !taken.Exists(other => other.Overlaps(subnet)))
        {
            return subnet;
        }

        warn($"the previous subnet {subnet} is not taken again: "
            + (isAllowed ? "another host holds it, or has its address in it" : "the network config does not allow it")
            + "; another is chosen");
        return null;
    }

    // Subnets that were never leased come first: a host whose clock runs ahead takes every lease for expired, and does
    // no harm while there are others.
    private static Ipv4Prefix? Allocate(
        LeaseSurvey survey, NetworkConfig config, List<Ipv4Prefix> taken, Random random)
    {
        IEnumerable<Ipv4Prefix> expired = survey.Stored
            .Where(entry => entry.Expires <= survey.Now && entry.Key is { } key && config.Allows(key.Subnet))
            .Select(entry => entry.Key.GetValueOrDefault().Subnet);
        return SubnetAllocator.Pick(config, taken.Concat(expired), random)
            ?? SubnetAllocator.Pick(config, taken, random);
    }
}
