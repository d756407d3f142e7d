using System;
using System.Collections.Generic;
using System.Linq;

namespace Overlay.Lease;

/// <summary>Which subnet a host takes, given everything in the folder. Made under the store's lock. Pure.</summary>
/// <param name="Subnet">Null when none is free.</param>
/// <param name="Obsolete">The host's own leases that the config no longer allows, to be removed.</param>
internal sealed record AcquireChoice(Ipv4Prefix? Subnet, IReadOnlyList<LeaseFile> Obsolete)
{
    internal static AcquireChoice Make(
        FolderSurvey survey, NetworkConfig config, LeaseRequest request, Random random, Action<string> warn)
    {
        (LeaseFile? own, List<LeaseFile> obsolete) = FindOwn(survey, config, request.PublicIp);
        Ipv4Prefix? subnet = own?.Lease?.Subnet;
        if (subnet is null)
        {
            List<Ipv4Prefix> taken = Taken(survey, config, request.PublicIp, obsolete);
            subnet = Previous(request.PreviousSubnet, config, taken, warn) ?? Allocate(survey, config, taken, random);
        }

        return new AcquireChoice(subnet, obsolete);
    }

    // The host is known by its public address. An expired lease of ours that nobody has taken over is as good as any,
    // but one that still runs goes first.
    private static (LeaseFile? Own, List<LeaseFile> Obsolete) FindOwn(
        FolderSurvey survey, NetworkConfig config, uint publicIp)
    {
        LeaseFile? own = null;
        List<LeaseFile> obsolete = [];
        IEnumerable<LeaseFile> ours = survey.Files
            .Where(file => file.Lease?.PublicIp == publicIp)
            .OrderBy(file => file.Expires <= survey.Now)
            .ThenBy(file => file.Name, StringComparer.Ordinal);
        foreach (LeaseFile file in ours)
        {
            Ipv4Prefix subnet = file.Key?.Subnet ?? default;
            bool isUsable = file.Key?.Ipv6Subnet is null
                && subnet.IsMasked
                && config.Allows(subnet)
                && !survey.Leases.Any(lease => lease.PublicIp != publicIp && lease.Subnet.Overlaps(subnet));
            if (!isUsable)
            {
                obsolete.Add(file);
            }
            else
            {
                own ??= file;
            }
        }

        return (own, obsolete);
    }

    // Whatever is ours here is obsolete. Besides the leases of others, a file whose content cannot be used holds its
    // own name, for it is not ours to overwrite.
    private static List<Ipv4Prefix> Taken(
        FolderSurvey survey, NetworkConfig config, uint publicIp, List<LeaseFile> obsolete)
    {
        List<Ipv4Prefix> taken =
            [.. survey.Leases.Where(lease => lease.PublicIp != publicIp).Select(lease => lease.Subnet)];
        taken.AddRange(survey.Faults
            .Where(fault => fault.File.Key is { } key && config.Allows(key.Subnet) && !obsolete.Contains(fault.File))
            .Select(fault => fault.File.Key.GetValueOrDefault().Subnet));
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
            + (isAllowed ? "another host holds it" : "the network config does not allow it") + "; another is chosen");
        return null;
    }

    // Subnets that were never leased come first. A host whose clock runs ahead takes every lease for expired: it then
    // still does no harm while there is room.
    private static Ipv4Prefix? Allocate(
        FolderSurvey survey, NetworkConfig config, List<Ipv4Prefix> taken, Random random)
    {
        IEnumerable<Ipv4Prefix> expired = survey.Files
            .Where(file => file.Expires <= survey.Now && file.Key is { } key && config.Allows(key.Subnet))
            .Select(file => file.Key.GetValueOrDefault().Subnet);
        return SubnetAllocator.Pick(config, taken.Concat(expired), random)
            ?? SubnetAllocator.Pick(config, taken, random);
    }
}
