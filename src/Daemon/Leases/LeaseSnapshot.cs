using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Lease;
using Overlay.Lease.Judging;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Daemon.Leases;

/// <summary>What a daemon knew of a store at one moment: enough to start again while the store is away.</summary>
/// <param name="Written">When.</param>
/// <param name="Store">The store's description.</param>
/// <param name="Config">The network config.</param>
/// <param name="Own">The lease held.</param>
/// <param name="Peers">The other hosts' leases, and those beside <paramref name="Own"/> that name this host. When they
/// end is not kept: the store that knows it says so when it is back.</param>
internal sealed record LeaseSnapshot(
    DateTimeOffset Written, string Store, NetworkConfig Config, SubnetLease Own, IReadOnlyList<SubnetLease> Peers)
{
    /// <summary>Why a start cannot use it.</summary>
    /// <param name="store">The store of this start.</param>
    /// <param name="publicIp">This host's.</param>
    /// <param name="config">The network config, where the store has answered that much; otherwise null.</param>
    /// <param name="now">The time of this start.</param>
    /// <param name="mayHold">Whether a host may hold a subnet; null for what the config gives out.</param>
    /// <returns>What follows <c>the snapshot …</c>; null when it can be used.</returns>
    internal string? FaultFor(
        string store, Ipv4Address publicIp, NetworkConfig? config, DateTimeOffset now,
        Func<NetworkConfig, Ipv4Prefix, bool>? mayHold = null)
    {
        if (!StoreIdentity.IsSame(Store, store))
        {
            return $"is of another store, {TerminalText.Mask(Store)}";
        }

        if (Own.PublicIp != publicIp)
        {
            return $"is of another public IP, {Own.PublicIp}";
        }

        if (Own.Expires <= now)
        {
            return $"holds the lease {Own.Subnet}, which has ended at {Own.Expires:u}";
        }

        if (config is not null && config.Json != Config.Json)
        {
            return "is of another network config";
        }

        return FaultOfSubnets(mayHold ?? ((known, subnet) => known.Allows(subnet)));
    }

    private string? FaultOfSubnets(Func<NetworkConfig, Ipv4Prefix, bool> mayHold)
    {
        if (!Own.Subnet.IsMasked || !mayHold(Config, Own.Subnet))
        {
            return $"holds the lease {Own.Subnet}, which its network config does not allow";
        }

        if (Peers.Prepend(Own)
            .FirstOrDefault(lease => LeaseJudge.FaultOf(lease, Config, "lease") is not null) is { } stray)
        {
            return $"holds the lease {stray.Subnet} of {stray.PublicIp}, which cannot be";
        }

        // Whose subnet it is then, only the store can say.
        return LeaseJudge.FindOverlap([Own, .. Peers]) is (var first, var second)
            ? $"holds the leases {first.Subnet} of {first.PublicIp} and {second.Subnet} of "
                + $"{second.PublicIp}, which overlap"
            : null;
    }
}
