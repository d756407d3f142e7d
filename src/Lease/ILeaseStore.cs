using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Net;

namespace Overlay.Lease;

/// <summary>Where the hosts of an overlay agree who owns which subnet.</summary>
/// <remarks>
/// Safe for several callers at once: a watch runs while the lease is renewed. Every failure is a
/// <see cref="LeaseStoreException"/> whose message is one line; cancellation is an
/// <see cref="OperationCanceledException"/>.
/// </remarks>
public interface ILeaseStore : IAsyncDisposable
{
    /// <summary>For messages: the kind of store and where it is, for example <c>file:/var/lib/overlay</c>.</summary>
    string Description { get; }

    /// <summary>What it was asked over the network; null where there is none between.</summary>
    StoreCounts? Counts => null;

    /// <summary>Whether a host may hold a subnet here: in most stores what the config gives out, in one where subnets
    /// come from elsewhere any in its Network.</summary>
    bool MayHold(NetworkConfig config, Ipv4Prefix subnet)
    {
        ArgumentNullException.ThrowIfNull(config);
        return config.Allows(subnet);
    }

    /// <summary>The public address that the store says this host has; it goes before any other.</summary>
    /// <returns>Null when it says none.</returns>
    /// <exception cref="LeaseStoreNotReadyException">The store cannot be reached.</exception>
    /// <exception cref="LeaseStoreException">It is no address, or the store fails.</exception>
    Task<Ipv4Address?> FindPublicIpAsync(CancellationToken cancellation) => Task.FromResult<Ipv4Address?>(null);

    /// <summary>Tells whoever waits for it that this host's part of the overlay works now.</summary>
    /// <exception cref="LeaseStoreException">The store fails; trying again later may help.</exception>
    Task AnnounceReadyAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Reads and checks the network config.</summary>
    /// <exception cref="LeaseStoreNotReadyException">The store cannot be reached, or has no config yet.</exception>
    /// <exception cref="LeaseStoreException">It is unreadable or breaks a rule.</exception>
    Task<NetworkConfig> ReadConfigAsync(CancellationToken cancellation);

    /// <summary>
    /// Takes a subnet: the one already held by this public address if the config allows it, else the previous one if it
    /// is free and allowed, else a free one. No two hosts get the same, however they race.
    /// </summary>
    /// <exception cref="LeaseStoreException">No subnet is free, the public address cannot be used, or the store
    /// fails.</exception>
    Task<AcquiredLease> AcquireAsync(NetworkConfig config, LeaseRequest request, CancellationToken cancellation);

    /// <summary>The lease that <see cref="AcquireAsync"/> would take again, as it is now. Nothing is changed.</summary>
    /// <returns>Null when this public address has none that the config allows.</returns>
    /// <exception cref="LeaseStoreException">The store fails.</exception>
    Task<SubnetLease?> FindOwnAsync(NetworkConfig config, LeaseRequest request, CancellationToken cancellation);

    /// <summary>Gives a lease back. One that is gone already, or that another owner holds, is left as it is.</summary>
    /// <exception cref="LeaseStoreException">The store fails; the lease then ends with its time to live.</exception>
    Task ReleaseAsync(SubnetLease own, CancellationToken cancellation);

    /// <summary>Extends our lease by its full time to live. A lease that vanished is made again.</summary>
    /// <returns>The lease with its new expiry.</returns>
    /// <exception cref="LeaseLostException">Another owner holds the subnet; its lease is left alone.</exception>
    /// <exception cref="LeaseStoreException">The store fails; trying again later may help.</exception>
    Task<SubnetLease> RenewAsync(SubnetLease own, CancellationToken cancellation);

    /// <summary>Reports all leases, our own among them, until cancelled.</summary>
    /// <returns>First a snapshot, or a gap while the store cannot be read; then changes, gaps and further snapshots. A
    /// gap is always followed by a snapshot once the store can be read again. Failures of the store are gaps, not
    /// exceptions.</returns>
    IAsyncEnumerable<LeaseUpdate> WatchAsync(NetworkConfig config, CancellationToken cancellation);
}

/// <summary>What a host asks for when it takes a subnet.</summary>
/// <param name="Attributes">What its lease is to publish, the backend's data included. The public address in it is
/// the host's identity in the store.</param>
/// <param name="PreviousSubnet">The subnet held before, for example from subnet.env; null when there is none.</param>
/// <param name="LostSubnet">
/// A subnet that another host with the same public address holds, so that it is neither taken nor removed; null when
/// none was lost.
/// </param>
public sealed record LeaseRequest(
    LeaseAttributes Attributes, Ipv4Prefix? PreviousSubnet, Ipv4Prefix? LostSubnet = null)
{
    /// <summary>The address peers send to.</summary>
    public Ipv4Address PublicIp => Attributes.PublicIp;
}

/// <summary>What was taken.</summary>
/// <param name="Lease">The lease, with its expiry.</param>
/// <param name="IsNew">False when this public address held it before: a start that fails then leaves it.</param>
public sealed record AcquiredLease(SubnetLease Lease, bool IsNew);
